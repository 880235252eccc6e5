"""`playcall accounts|members|contacts|signals import FILE.csv`."""

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from bot.commands.environment import load_library, load_settings, open_database
from bot.commands.groups import new_group
from bot.commands.privacy import erase, export
from bot.commands.progress import with_progress
from bot.commands.segmenting import segment

if TYPE_CHECKING:
    from bot.imports.importing import Entity, Options, StartPhase
    from bot.imports.plan import Plan
    from bot.imports.signals import SignalImport

T = TypeVar("T")

SHOWN_PROBLEMS = 20
SHOWN_EXAMPLES = 5

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="A CSV file with a header row.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")]
SkipBadRows = Annotated[bool, typer.Option("--skip-bad-rows", help="Import the good rows, and list the others.")]
DateFormat = Annotated[str | None, typer.Option(help="How to read 03/04/2026: us (month first) or eu (day first).")]
KeepUnknown = Annotated[bool, typer.Option("--keep-unknown", help="Keep unknown columns as attributes.")]


def add_to(app: typer.Typer) -> None:
    for name, help_text, command in (
        ("accounts", "Accounts and who looks after them.", import_accounts),
        ("members", "The people on our side.", import_members),
        ("contacts", "The people at the customers.", import_contacts),
        ("signals", "What was measured.", import_signals),
    ):
        group = new_group(help_text)
        group.command("import")(command)
        if name == "accounts":
            group.command("segment")(segment)
        if name == "contacts":
            group.command("export")(export)
            group.command("erase")(erase)
        app.add_typer(group, name=name)


def import_accounts(
    file: File,
    dry_run: DryRun = False,
    skip_bad_rows: SkipBadRows = False,
    date_format: DateFormat = None,
    keep_unknown: KeepUnknown = False,
) -> None:
    """Import accounts from a CSV file, as HubSpot and Salesforce export them. Doing it twice changes nothing."""
    from bot.imports.accounts import Accounts

    _import(Accounts(load_library()), file, _options(file, dry_run, skip_bad_rows, date_format, keep_unknown))


def import_members(
    file: File, dry_run: DryRun = False, skip_bad_rows: SkipBadRows = False, date_format: DateFormat = None
) -> None:
    """Import members: email, name, role, time zone, country, deputy. Doing it twice changes nothing."""
    from bot.imports.members import Members

    _import(Members(), file, _options(file, dry_run, skip_bad_rows, date_format))


def import_contacts(
    file: File, dry_run: DryRun = False, skip_bad_rows: SkipBadRows = False, date_format: DateFormat = None
) -> None:
    """Import contacts of accounts that are there already. Doing it twice changes nothing."""
    from bot.imports.contacts import Contacts

    _import(Contacts(load_library()), file, _options(file, dry_run, skip_bad_rows, date_format))


def import_signals(
    file: File, dry_run: DryRun = False, skip_bad_rows: SkipBadRows = False, date_format: DateFormat = None
) -> None:
    """Import what was measured: account, metric, value, date. Doing it twice changes nothing."""
    from bot.clock import SystemClock
    from bot.imports import signals

    library, options, content = load_library(), _options(file, dry_run, skip_bad_rows, date_format), file.read_bytes()

    async def run(phase: "StartPhase") -> "SignalImport":
        async with open_database(load_settings()) as database:
            return await signals.import_signals(database, library, content, options, SystemClock().now(), phase)

    done = _with_progress(run)
    _print_problems([str(problem) for problem in done.problems])
    would = "would be " if dry_run else ""
    mistakes = len({problem.number for problem in done.problems})
    bad = f", {mistakes:,} with mistakes{', left out' if skip_bad_rows else ''}" if mistakes else ""
    typer.echo(f"Signals: {done.accepted:,} {would}taken in, {done.known:,} there already{bad}.")
    if done.left_out:
        typer.echo(f"Columns left out, as nothing here is called that: {', '.join(done.left_out)}.")
    if mistakes and not skip_bad_rows:
        raise typer.Exit(1)


def _options(
    file: Path, dry_run: bool, skip_bad_rows: bool, date_format: str | None, keep_unknown: bool = False
) -> "Options":
    from bot.imports.dates import DateOrder
    from bot.imports.importing import Options

    try:
        order = DateOrder(date_format.lower()) if date_format else None
    except ValueError:
        raise typer.BadParameter(f'"{date_format}" is not us or eu.', param_hint="--date-format") from None
    return Options(file.name, dry_run, skip_bad_rows, keep_unknown, order)


def _import(entity: "Entity", file: Path, options: "Options") -> None:
    from bot.clock import SystemClock
    from bot.imports.importing import import_file

    async def run(phase: "StartPhase") -> "Plan":
        async with open_database(load_settings()) as database:
            return await import_file(database, entity, content, options, SystemClock().now(), phase)

    content = file.read_bytes()
    plan = _with_progress(run)
    _print_problems([str(problem) for problem in plan.problems])
    _print_plan(plan, entity.noun, options)
    if plan.problems and not options.skip_bad_rows:
        raise typer.Exit(1)


def _with_progress(run: "Callable[[StartPhase], Coroutine[Any, Any, T]]") -> T:
    """Do it with a bar for each phase. The mistakes of what was refused are printed."""
    from bot.imports.importing import ImportRefused

    try:
        return with_progress(run)
    except ImportRefused as error:
        _print_problems([str(problem) for problem in error.problems])
        raise


def _print_problems(problems: list[str]) -> None:
    for problem in problems[:SHOWN_PROBLEMS]:
        typer.echo(problem, err=True)
    if len(problems) > SHOWN_PROBLEMS:
        typer.echo(f"... and {len(problems) - SHOWN_PROBLEMS:,} more", err=True)


def _print_plan(plan: "Plan", noun: str, options: "Options") -> None:
    would = "would be " if options.dry_run else ""
    skipped = len({problem.number for problem in plan.problems})
    counts = [
        f"{len(plan.created):,} {would}created",
        f"{len(plan.changed):,} {would}changed",
        f"{plan.unchanged:,} unchanged",
        *([f"{skipped:,} with mistakes{', left out' if options.skip_bad_rows else ''}"] if skipped else []),
    ]
    typer.echo(f"{noun.capitalize()}s: {', '.join(counts)}.")
    if options.dry_run:
        for row in plan.created[:SHOWN_EXAMPLES]:
            typer.echo(f"  new: {row.label}")
        for change in plan.changed[:SHOWN_EXAMPLES]:
            typer.echo(f"  changed: {change}")
    if plan.left_out:
        keep = " (--keep-unknown keeps them as attributes)" if noun == "account" and not options.keep_unknown else ""
        typer.echo(f"Columns left out, as nothing here is called that: {', '.join(plan.left_out)}{keep}.")
