"""`playcall report` and `playcall steps export`: what leaders look at, as files."""

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from bot.commands.environment import load_library, load_settings, open_database, run_async
from bot.commands.groups import new_group
from bot.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.slack.leading.report import By, Report
    from bot.slack.leading.review import Review
    from bot.slack.tables import Cell, Table

RISKY = (
    "=",
    "+",
    "-",
    "@",
    "\t",
    "\r",
    "\n",
    "＝",
    "＋",
    "－",
    "＠",
)  # what a spreadsheet would take for the beginning of a formula


def add_to(app: typer.Typer) -> None:
    app.command("report")(report)
    group = new_group("Steps as a list.")
    group.command("export")(export_steps)
    app.add_typer(group, name="steps")


def report(
    by: Annotated[str, typer.Option(help="What a row is: csm, segment or stage.")] = "csm",
    days: Annotated[int, typer.Option(min=1, max=1100, help="How many days to look back.")] = 90,
    csv: Annotated[Path | None, typer.Option(dir_okay=False, help="Write it to this CSV file.")] = None,
    review: Annotated[bool, typer.Option("--review", help="The pack for the quarterly review, as Markdown.")] = False,
    quarter: Annotated[str | None, typer.Option(help="For --review: 2026-Q3; without, the one under way.")] = None,
    outcomes: Annotated[bool, typer.Option("--outcomes", help="Retention, expansion, adoption, support.")] = False,
    renewals: Annotated[bool, typer.Option("--renewals", help="The renewals ahead, each with its chance.")] = False,
) -> None:
    """Print the leaders' report, what became of customers, or the pack for the quarterly review."""
    from bot.slack.leading.report import By, report_table
    from bot.slack.leading.review import review_markdown

    if review:
        typer.echo(review_markdown(run_async(_review(quarter))), nl=False)
        return
    if by not in set(By):
        raise typer.BadParameter(f'"{by}" is not csm, segment or stage.', param_hint="--by")
    if renewals:
        print_table(run_async(_renewals()), csv)
    elif outcomes:
        print_table(run_async(_outcomes(By(by))), csv)
        _explain_outcomes()
    else:
        print_table(report_table(run_async(_report(By(by), days))), csv)


def _explain_outcomes() -> None:
    from bot.slack.leading.outcomes import DEFINITIONS

    typer.echo("")
    for key, definition in DEFINITIONS.items():
        typer.echo(f"{key}: {definition.words}")


async def _outcomes(by: "By") -> "Table":
    from bot.clock import SystemClock
    from bot.reports.leading.outcomes import load_outcomes
    from bot.slack.leading.outcomes import outcomes_table

    settings, library = load_settings(), load_library()
    async with open_database(settings) as database, database.reading() as reader:
        return outcomes_table(await load_outcomes(reader, library, SystemClock().now(), by=by))


async def _renewals() -> "Table":
    from bot.clock import SystemClock
    from bot.reports.leading.renewals import load_coming_renewals
    from bot.slack.leading.renewals import renewals_table

    settings, library = load_settings(), load_library()
    async with open_database(settings) as database, database.reading() as reader:
        return renewals_table(await load_coming_renewals(reader, library, SystemClock().now()))


async def _report(by: "By", days: int) -> "Report":
    from bot.clock import SystemClock
    from bot.reports.leading.report import load_report

    settings, library = load_settings(), load_library()
    async with open_database(settings) as database, database.long_transaction() as session:
        return await load_report(session, library, settings, SystemClock().now(), by=by, days=days)


async def _review(quarter: str | None) -> "Review":
    from bot.clock import SystemClock
    from bot.reports.leading.review import Quarter, load_review

    now = SystemClock().now()
    wanted = Quarter.named(quarter) if quarter else Quarter.of(now.date())
    library = load_library()
    async with open_database(load_settings()) as database, database.long_transaction() as session:
        return await load_review(session, library, wanted, now)


def export_steps(
    file: Annotated[Path, typer.Argument(dir_okay=False, help="The CSV file to write.")],
    member: Annotated[str | None, typer.Option(help="Only the steps of the member with this email.")] = None,
    account: Annotated[str | None, typer.Option(help="Only those of this account: key, name or domain.")] = None,
) -> None:
    """Write every step that is still to be done to a CSV file, by due date."""

    async def load() -> "Table":
        from bot.reports.finding import find_account, require_found
        from bot.reports.tasks import load_steps_table

        async with open_database(load_settings()) as database, database.reading() as reader:
            found = require_found(await find_account(reader, account)) if account else None
            return await load_steps_table(reader, email=member, account_id=found.account_id if found else None)

    print_table(run_async(load()), file)


def print_table(table: "Table", file: Path | None) -> None:
    """To the file as CSV when there is one; else to the terminal, in columns."""
    from bot.slack.tables import text_lines

    if file is None:
        for line in text_lines(table, first=40, width=160):
            typer.echo(line)
        return
    with _writing(file) as stream:
        write_csv(table, stream)
    typer.echo(f"{len(table.rows):,} rows written to {file}.")


@contextmanager
def _writing(file: Path) -> "Iterator[TextIO]":
    """Raises ConfigurationError with the reason when the file cannot be written."""
    try:
        with file.open("w", encoding="utf-8-sig", newline="") as stream:  # so that spreadsheets know it is UTF-8
            yield stream
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be written: {error.strerror}.") from None


def write_csv(table: "Table", stream: TextIO) -> None:
    import csv

    writer = csv.writer(stream)
    writer.writerow(table.headings)
    writer.writerows([_safe(cell) for cell in row] for row in table.rows)


def _safe(cell: "Cell") -> "Cell":
    """A text that a spreadsheet would compute is kept from that; names come from customers."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(RISKY) else cell
