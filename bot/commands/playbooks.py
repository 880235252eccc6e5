"""`playcall playbooks lint | list | rehearse`."""

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.commands.environment import load_settings, open_database, run_async

if TYPE_CHECKING:
    from bot.engine.rehearsing import Rehearsal

Directory = Annotated[
    Path | None, typer.Argument(exists=True, file_okay=False, help="A directory of playbooks; PLAYBOOKS_DIR if absent.")
]


def add_to(app: typer.Typer) -> None:
    group = typer.Typer(help="Check, list and rehearse playbooks.", rich_markup_mode=None, no_args_is_help=True)
    group.command("lint")(lint)
    group.command("list")(list_playbooks)
    group.command("rehearse")(rehearse)
    app.add_typer(group, name="playbooks")


def lint(directory: Directory = None) -> None:
    """Check every playbook file; a mistake is printed as FILE:LINE PATH: WHAT."""
    from bot.library.loading import load_catalog

    where = directory or load_settings().playbooks_dir
    catalog = load_catalog(where)
    for problem in catalog.problems:
        typer.echo(str(problem), err=True)
    if not catalog.playbooks and not catalog.problems:
        typer.echo(f"No playbooks in {where}: they lie in lifecycle/, at-risk/ and expansion/.", err=True)
    else:
        typer.echo(f"{len(catalog.playbooks)} playbooks can be used, {len(catalog.problems)} mistakes.")
    if catalog.problems or not catalog.playbooks:
        raise typer.Exit(1)


def list_playbooks() -> None:
    """List the playbooks that can be started."""
    from bot.library.loading import load_catalog

    rows = [
        (playbook.key, playbook.category.value, f"{len(playbook.steps)} steps", playbook.title)
        for playbook in load_catalog(load_settings().playbooks_dir).playbooks.values()
    ]
    _print_columns(rows)


def rehearse(
    key: Annotated[str, typer.Argument(help="The playbook's key.")],
    account: Annotated[str, typer.Option(help="The account's key, name or domain.")],
    from_: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="Day zero; today when absent.")
    ] = None,
) -> None:
    """Print what a playbook would ask of whom and when. Nothing is started or stored."""

    async def run() -> "Rehearsal":
        from bot.clock import SystemClock
        from bot.engine.rehearsing import rehearse_playbook
        from bot.library.library import Library

        settings = load_settings()
        library = Library(settings.playbooks_dir)
        library.load()
        async with open_database(settings) as database, database.transaction() as session:
            account_id = await _account_id(session, account)
            day = from_.date() if from_ else None
            return await rehearse_playbook(session, library.playbook(key), account_id, SystemClock().now(), day)

    rehearsal = run_async(run())
    typer.echo(f"{rehearsal.playbook} on {rehearsal.account}, from {_day(rehearsal.started_on)}:")
    _print_columns(
        [(_day(s.due_on), s.role if s.assignee is None else s.assignee, s.title, s.remark) for s in rehearsal.steps]
    )


def _print_columns(rows: list[tuple[Any, ...]]) -> None:
    widths = [max(len(str(cell)) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        typer.echo("  ".join(str(cell).ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _day(day: date | None) -> str:
    return f"{day:%a} {day.isoformat()}" if day else "no date"
