"""`playcall playbooks lint | list | rehearse`, and with variants.py `show | diff`."""

import json
from dataclasses import asdict
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from bot.commands import covering, variants
from bot.commands.environment import load_library, load_settings, open_database, run_async
from bot.commands.groups import new_group
from bot.commands.starting import start

if TYPE_CHECKING:
    from bot.engine.rehearsing import Rehearsal

Directory = Annotated[
    Path | None, typer.Argument(exists=True, file_okay=False, help="A directory of playbooks; PLAYBOOKS_DIR if absent.")
]


class Format(StrEnum):
    TEXT = "text"
    JSON = "json"


def add_to(app: typer.Typer) -> None:
    group = new_group("Check, list, show, compare and rehearse playbooks.")
    group.command("lint")(lint)
    group.command("list")(list_playbooks)
    group.command("rehearse")(rehearse)
    group.command("start")(start)
    variants.add_to(group)
    covering.add_to(group)
    app.add_typer(group, name="playbooks")


def lint(
    directory: Directory = None,
    strict: Annotated[bool, typer.Option("--strict", help="Fail on warnings too, not only on errors.")] = False,
    format_: Annotated[Format, typer.Option("--format", help="How to print what was found.")] = Format.TEXT,
) -> None:
    """Check every playbook file. What is found is printed as FILE:LINE LEVEL: PATH: WHAT.

    An error keeps a playbook from being used, a warning is something its author cannot mean, advice makes it better.
    """
    from bot.clock import SystemClock
    from bot.library.lint_rules import Level
    from bot.library.linting import lint as find
    from bot.library.linting import summary_of

    library = load_library(directory)
    today, stages = SystemClock().now().date(), library.stages.titles
    findings = find(library.catalog, library.overlay_files, library.emails, today, stages)
    if not library.catalog.playbooks and not findings:
        _no_playbooks(library.directory)
    elif format_ is Format.JSON:
        typer.echo(json.dumps([asdict(finding) for finding in findings], indent=2, ensure_ascii=False))
    else:
        for finding in findings:
            typer.echo(str(finding), err=finding.level is Level.ERROR)
        typer.echo(summary_of(library.catalog, library.overlay_files, findings))
    failing = {Level.ERROR, Level.WARNING} if strict else {Level.ERROR}
    if any(finding.level in failing for finding in findings):
        raise typer.Exit(1)


def _no_playbooks(directory: Path) -> NoReturn:
    folders = ", ".join(f"{category}/" for category in ("lifecycle", "at-risk", "expansion", "reviews"))
    typer.echo(f"No playbooks in {directory}: they lie in {folders}.", err=True)
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
