"""Importing signals: what was measured, one row each, as a warehouse or a spreadsheet has it.

What is wrong with a row is what the HTTP API would say of it. A row without an external id gets one made of what it
says, so that a file that is imported twice is kept once.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from functools import partial

from bot.db import Database
from bot.imports import values as cells
from bot.imports.bulk import chunks
from bot.imports.columns import Column, Matching, match_columns
from bot.imports.dates import DateOrder, decide_order, parse_date
from bot.imports.importing import ImportRefused, Options, StartPhase
from bot.imports.reading import Table, read_table
from bot.imports.rows import Row, RowProblem, Values, read_rows
from bot.library.library import Library
from bot.signals.ingesting import Sender, Taken, count_outcomes, take_in
from bot.signals.keeping import known_keys
from bot.signals.sent import Checked, SentSignal, check_signal, read_sent
from bot.signals.whose import find_accounts

SOURCE = "import"
MOMENT = "observed_at"
REQUIRED = (("account",), ("kind",), (MOMENT,))
_WITH_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}")


def signal_columns(order: DateOrder | None = None) -> Sequence[Column]:
    """The columns a file may have. `order` is how its dates are written."""
    return (
        Column("account", str, ("Account key", "Company", "Company name", "Domain", "Account ID")),
        Column("kind", str, ("Metric", "Metric name", "Signal", "Event")),
        Column("number", cells.parse_number, ("Value", "Metric value", "Count")),
        Column("label", cells.text_up_to(200), ("Feature", "Severity", "Dimension")),
        Column("comment", cells.text_up_to(3000), ("Note", "Answer")),
        Column("contact", cells.text_up_to(320), ("Contact email", "Email", "User email")),
        Column(MOMENT, partial(_parse_moment, order=order), ("Date", "Day", "Timestamp", "Time", "Measured at")),
        Column("source", cells.text_up_to(80), ("System",)),
        Column("external_id", cells.text_up_to(200), ("ID", "Event ID", "Record ID")),
    )


@dataclass(slots=True)
class SignalImport:
    """What an import did, or with a dry run would do."""

    accepted: int = 0
    known: int = 0  # they were there already
    problems: list[RowProblem] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)  # headers of columns that are not understood


async def import_signals(
    database: Database, library: Library, content: bytes, options: Options, now: datetime, phase: StartPhase
) -> SignalImport:
    """Import a CSV file. A few thousand rows are one transaction, so what is cut short is finished by doing it again.

    Raises InvalidInput for a file that cannot be read as one, and ImportRefused when rows have mistakes and
    `skip_bad_rows` is not set (a dry run returns those). Then nothing is written.
    """
    table = read_table(content)
    matching = _match(table, options.date_order)
    advance = phase("Reading", len(table.rows))
    rows = read_rows(table, matching, _label, options.date_order, _missing, advance)
    done = SignalImport(problems=rows.problems, left_out=[header for header, _ in matching.unknown])
    good = [checked for row in rows.rows if (checked := _check(row, library, now, done))]
    good = await _with_account(database, good, done)
    done.problems.sort(key=lambda problem: problem.number)
    if options.dry_run:
        async with database.transaction() as session:
            done.known = len(await known_keys(session, {one.key for _, one in good}))
        done.accepted = len({one.key for _, one in good}) - done.known
        return done
    if done.problems and not options.skip_bad_rows:
        raise ImportRefused(done.problems, len(good))
    advance = phase("Writing", len(good))
    sender = Sender(SOURCE, f"importing {options.source}")
    for part in chunks(one.sent for _, one in good):
        counts = count_outcomes(await take_in(database, library, part, sender, now, advance))
        done.accepted += counts[Taken.ACCEPTED]
        done.known += counts[Taken.DUPLICATE]
    return done


def _match(table: Table, given: DateOrder | None) -> Matching:
    """Find the columns, and how the dates in them are written."""
    matching = match_columns(table.headers, signal_columns(), REQUIRED)
    at = next(at for column, at in matching.positions if column.name == MOMENT)
    order = decide_order((row.cells[at] for row in table.rows if at < len(row.cells)), given)
    return match_columns(table.headers, signal_columns(order), REQUIRED)


def _label(values: Values) -> str:
    return " ".join(str(values[name]) for name in ("account", "kind") if name in values)


def _missing(values: Values) -> list[str]:
    """Without its time a row could not be told from one that is imported a second time."""
    return [f"{name}: is empty" for (name,) in REQUIRED if name not in values]


def _parse_moment(text: str, order: DateOrder | None) -> datetime:
    """A time, in UTC where it names no zone; a day is its beginning."""
    try:
        if _WITH_TIME.match(text):
            moment = datetime.fromisoformat(text)
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        day: date = parse_date(text, order)
    except ValueError:
        raise ValueError(f'"{text}" is not a time or a date') from None
    return datetime.combine(day, time(), UTC)


def _check(row: Row, library: Library, now: datetime, done: SignalImport) -> tuple[Row, Checked] | None:
    """The row as a signal that can be taken in; None, and a problem, when it is none."""
    read = read_sent(row.values)
    found = check_signal(read, library.metrics.known, now, SOURCE) if isinstance(read, SentSignal) else read
    if isinstance(found, Checked):
        return row, found
    done.problems.append(RowProblem(row.number, row.label, found.rstrip(".")))
    return None


async def _with_account(
    database: Database, rows: Sequence[tuple[Row, Checked]], done: SignalImport
) -> list[tuple[Row, Checked]]:
    """Those whose account is there: somebody is at hand who can mend the others, so they do not go into quarantine."""
    async with database.transaction() as session:
        known = await find_accounts(session, {one.reference for _, one in rows})
    for row, one in rows:
        if one.reference not in known:
            words = f'account: there is no one account "{one.sent.account}": import accounts first, or use the key'
            done.problems.append(RowProblem(row.number, row.label, words))
    return [(row, one) for row, one in rows if one.reference in known]
