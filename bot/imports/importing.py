"""One import from beginning to end: read, check, plan, and, when nothing is wrong, write it all in one transaction.

Playbooks that what was imported starts are started after that, in short transactions: nobody else has to wait for them.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from sqlmodel.ext.asyncio.session import AsyncSession

from bot.db import Database
from bot.errors import PlaycallError
from bot.imports.columns import Column, Matching, match_columns
from bot.imports.dates import DateOrder
from bot.imports.plan import Plan
from bot.imports.reading import read_table
from bot.imports.rows import Checked, RowProblem, Values, read_rows, without_repeats

Advance = Callable[[int], None]
StartPhase = Callable[[str, int], Advance]  # a description and how much there is; returns what reports progress


class Entity(Protocol):
    """What can be imported: accounts, members, contacts."""

    @property
    def noun(self) -> str: ...

    @property
    def columns(self) -> Sequence[Column]: ...

    @property
    def required(self) -> Sequence[Sequence[str]]:
        """Columns a file must have; names in one item can stand for one another."""

    def unknown_column(self, header: str) -> Column | None:
        """The column that keeps a header nothing else understands; None when this entity has no place for it."""

    def label(self, values: Values) -> str:
        """What a row is called in messages."""

    def complete(self, values: Values) -> list[str]:
        """Add the values that follow from others; return what is wrong with the row as a whole."""

    def key(self, values: Values) -> Hashable:
        """What makes two rows the same thing."""

    async def plan(self, session: AsyncSession, checked: Checked) -> Plan:
        """Compare with what is stored."""

    async def apply(self, session: AsyncSession, plan: Plan, now: datetime, source: str, advance: Advance) -> None:
        """Write it, with timeline entries."""

    async def follow_up(self, database: Database, plan: Plan, now: datetime, phase: StartPhase) -> None:
        """Do, in transactions of its own, what follows from an import that is written."""


@dataclass(frozen=True, slots=True)
class Options:
    source: str  # the file's name, for the timeline
    dry_run: bool = False
    skip_bad_rows: bool = False
    keep_unknown: bool = False
    date_order: DateOrder | None = None


class ImportRefused(PlaycallError):
    """Nothing was imported: there are rows with mistakes."""

    def __init__(self, problems: Sequence[RowProblem], good: int) -> None:
        rows = len({problem.number for problem in problems})
        bad = "1 row has a mistake" if rows == 1 else f"{rows:,} rows have mistakes"
        super().__init__(
            f"Nothing was imported: {bad}. Mend the file, or use --skip-bad-rows to import the other {good:,}."
        )
        self.problems = problems


async def import_file(
    database: Database, entity: Entity, content: bytes, options: Options, now: datetime, phase: StartPhase
) -> Plan:
    """Import a CSV file and return what was done, or with `dry_run` what would be.

    Raises InvalidInput for a file that cannot be read as one, and ImportRefused when rows have mistakes and
    `skip_bad_rows` is not set (a dry run returns those in the plan). Then nothing is written.
    """
    table = read_table(content)
    matching = match_columns(table.headers, entity.columns, entity.required)
    if options.keep_unknown:
        matching = _with_unknown(matching, entity)
    advance = phase("Reading", len(table.rows))
    checked = read_rows(table, matching, entity.label, options.date_order, entity.complete, advance)
    checked = without_repeats(checked, entity.key)
    async with database.long_transaction() as session:
        plan = await entity.plan(session, checked)
        plan.left_out = [header for header, _ in matching.unknown]
        plan.problems.sort(key=lambda problem: problem.number)
        if options.dry_run:
            return plan
        if plan.problems and not options.skip_bad_rows:
            raise ImportRefused(plan.problems, len(plan.created) + len(plan.changed) + plan.unchanged)
        advance = phase("Writing", len(plan.created) + len(plan.changed))
        await entity.apply(session, plan, now, options.source, advance)
    await entity.follow_up(database, plan, now, phase)
    return plan


def _with_unknown(matching: Matching, entity: Entity) -> Matching:
    kept = [(column, at) for header, at in matching.unknown if (column := entity.unknown_column(header))]
    places = {at for _, at in kept}
    left_out = [(header, at) for header, at in matching.unknown if at not in places]
    return replace(matching, positions=matching.positions + kept, unknown=left_out)
