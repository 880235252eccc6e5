"""`playcall playbooks lint | list | rehearse`, and with variants.py `show | diff`."""

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands import variants
from bot.commands.environment import load_library, load_settings, open_database, run_async
from bot.commands.groups import new_group

if TYPE_CHECKING:
    from bot.engine.rehearsing import Rehearsal

Directory = Annotated[
    Path | None, typer.Argument(exists=True, file_okay=False, help="A directory of playbooks; PLAYBOOKS_DIR if absent.")
]


def add_to(app: typer.Typer) -> None:
    group = new_group("Check, list, show, compare and rehearse playbooks.")
    group.command("lint")(lint)
    group.command("list")(list_playbooks)
    group.command("rehearse")(rehearse)
    variants.add_to(group)
    app.add_typer(group, name="playbooks")


def lint(directory: Directory = None) -> None:
    """Check every playbook file; a mistake is printed as FILE:LINE PATH: WHAT."""
    library = load_library(directory)
    catalog = library.catalog
    for problem in catalog.problems:
        typer.echo(str(problem), err=True)
    for remark in library.overlay_files.remarks:
        typer.echo(f"{remark} (no mistake)")
    if not catalog.playbooks and not catalog.problems:
        typer.echo(f"No playbooks in {library.directory}: they lie in lifecycle/, at-risk/ and expansion/.", err=True)
    else:
        mistakes = {0: "no mistakes", 1: "1 mistake"}.get(len(catalog.problems), f"{len(catalog.problems)} mistakes")
        overlays = len(library.overlays())
        shaping = f" and {overlays} overlay{'s' if overlays > 1 else ''}" if overlays else ""
        typer.echo(f"{len(catalog.playbooks)} playbooks{shaping} can be used; {mistakes}.")
    if catalog.problems or not catalog.playbooks:
        raise typer.Exit(1)


def list_playbooks() -> None:
    """List the playbooks that can be started."""
    playbooks = load_library().catalog.playbooks.values()
    _print_columns([(p.key, p.category.value, f"{len(p.steps)} steps", p.title) for p in playbooks])


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
        from bot.reports.finding import find_account, require_found

        library = load_library()
        playbook = library.playbook(key)
        async with open_database(load_settings()) as database, database.long_transaction() as session:
            found = require_found(await find_account(await session.connection(), account))
            day = from_.date() if from_ else None
            return await rehearse_playbook(session, library, playbook, found.account_id, SystemClock().now(), day)

    plan = run_async(run())
    typer.echo(f"{plan.playbook} on {plan.account}, started on {_day(plan.started_on)}:")
    _print_columns([(_day(step.due_on), step.assignee, step.title, "; ".join(step.remarks)) for step in plan.steps])


def _print_columns(rows: list[tuple[str, ...]]) -> None:
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _day(day: date | None) -> str:
    return f"{day:%a} {day.isoformat()}" if day else "no date"
