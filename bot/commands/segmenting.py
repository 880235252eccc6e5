"""`playcall accounts segment`: serve the whole book as the segment table says."""

from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands.environment import load_library, load_settings, open_database, run_async

if TYPE_CHECKING:
    from bot.engine.journeys.book import Difference

SHOWN = 200


def segment(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")] = False,
) -> None:
    """Serve every account as segments.yaml says, also where somebody set it otherwise by hand."""

    async def run() -> "list[Difference]":
        from bot.clock import SystemClock
        from bot.engine.journeys.book import read_differences, serve_book

        library, now = load_library(), SystemClock().now()
        async with open_database(load_settings()) as database:
            async with database.reading() as connection:
                found = await read_differences(connection, library, now)
            if not dry_run:
                await serve_book(database, library, found, now)
            return found

    found = run_async(run())
    for one in found[:SHOWN]:
        typer.echo(f"{one.key}: {one.served.words}")
    if len(found) > SHOWN:
        typer.echo(f"... and {len(found) - SHOWN:,} more")
    number = "1 account" if len(found) == 1 else f"{len(found):,} accounts"
    typer.echo(f"{number} {'would be' if dry_run else 'are'} served differently.")
    typer.echo("Playbooks under way stay as they are; in Slack, `/playbook move KEY ACCOUNT` takes one over.")
