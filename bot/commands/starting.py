"""`playcall playbooks start KEY --where 'CEL'`: one playbook on many accounts."""

from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands.environment import load_library, load_settings, open_database, run_async

if TYPE_CHECKING:
    from bot.engine.bulk import Matching


def start(
    key: Annotated[str, typer.Argument(help="The playbook's key.")],
    where: Annotated[str, typer.Option(help="Which accounts, in CEL: account.segment == 'smb'.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say how many, and start nothing.")] = False,
) -> None:
    """Start a playbook on every account that a condition names. Where it is under way it is left alone."""

    async def run() -> str:
        from bot.clock import SystemClock
        from bot.engine.bulk import ask_for_many, check_condition, count_matching, result_words
        from bot.schedule.bulk import finish_bulk

        library, now = load_library(), SystemClock().now()
        playbook, condition = library.playbook(key), check_condition(where)
        async with open_database(load_settings()) as database:
            if dry_run:
                async with database.reading() as reader:
                    return _would(playbook.title, await count_matching(reader, playbook, condition, now))
            async with database.transaction() as session:
                bulk = await ask_for_many(session, playbook, condition, None, now)
            return result_words(playbook, await finish_bulk(database, library, bulk.id, now))

    typer.echo(run_async(run()))


def _would(title: str, found: "Matching") -> str:
    new = found.accounts - found.running
    already = f" It is under way on {found.running:,} already." if found.running else ""
    named = f" Among them: {', '.join(found.keys)}." if found.keys else ""
    return f"{title} would start on {new:,} account{'' if new == 1 else 's'}.{already}{named}"
