"""From cells to checked values, with what is wrong by row."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Any

from bot.imports.columns import Matching
from bot.imports.dates import DateOrder, decide_order, parse_date
from bot.imports.reading import RawRow, Table
from bot.imports.values import Parser

Values = dict[str, Any]
Report = Callable[[int], None]  # told how many more rows are through

EVERY = 500  # rows between two reports of progress


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a file, understood. An empty cell has no value: it leaves what is stored as it is."""

    number: int
    label: str
    values: Values


@dataclass(frozen=True, slots=True)
class RowProblem:
    number: int
    label: str
    message: str

    def __str__(self) -> str:
        where = f"row {self.number} ({self.label})" if self.label else f"row {self.number}"
        return f"{where}: {self.message}"


@dataclass(slots=True)
class Checked:
    rows: list[Row] = field(default_factory=list)
    problems: list[RowProblem] = field(default_factory=list)


def read_rows(
    table: Table,
    matching: Matching,
    label: Callable[[Values], str],
    order: DateOrder | None,
    complete: Callable[[Values], Iterable[str]],
    report: Report,
) -> Checked:
    """Read every row.

    `label` is what a row is called in messages. `complete` may add values that follow from others, and
    returns what is still wrong with the row as a whole. Of rows with a mistake only the problems are kept.
    """
    parsers = _parsers(table, matching, order)
    checked = Checked()
    for done, raw in enumerate(table.rows, 1):
        values, mistakes = _parse(raw, parsers)
        mistakes += _surplus(raw, len(table.headers))
        if not mistakes:
            mistakes += complete(values)
        name = label(values)
        if mistakes:
            checked.problems += [RowProblem(raw.number, name, mistake) for mistake in mistakes]
        else:
            checked.rows.append(Row(raw.number, name, values))
        if done % EVERY == 0:
            report(EVERY)
    report(len(table.rows) % EVERY)
    return checked


def without_repeats(checked: Checked, key: Callable[[Values], Hashable]) -> Checked:
    """The first row of every key; each later one is a problem that names the first."""
    first: dict[Hashable, Row] = {}
    problems = list(checked.problems)
    for row in checked.rows:
        earlier = first.setdefault(key(row.values), row)
        if earlier is not row:
            problems.append(RowProblem(row.number, row.label, f"the same as row {earlier.number}: keep one of them"))
    return Checked(list(first.values()), problems)


def _parsers(table: Table, matching: Matching, order: DateOrder | None) -> list[tuple[str, int, Parser]]:
    dates = [at for column, at in matching.positions if column.parse is None]
    cells = (row.cells[at] for row in table.rows for at in dates if at < len(row.cells))
    read_date = date_parser(decide_order(cells, order))
    return [(column.name, at, column.parse or read_date) for column, at in matching.positions]


def date_parser(order: DateOrder | None) -> Parser:
    read = lru_cache(maxsize=4096)(partial(parse_date, order=order))

    def parse(text: str) -> Any:
        try:
            return read(text)
        except ValueError:
            raise ValueError(f'"{text}" is not a date') from None

    return parse


def _parse(raw: RawRow, parsers: Sequence[tuple[str, int, Parser]]) -> tuple[Values, list[str]]:
    values: Values = {}
    mistakes: list[str] = []
    for name, at, parse in parsers:
        text = raw.cells[at] if at < len(raw.cells) else ""
        if not text:
            continue
        try:
            values[name] = parse(text)
        except ValueError as error:
            mistakes.append(f"{name}: {error}")
    return values, mistakes


def _surplus(raw: RawRow, columns: int) -> list[str]:
    if not any(raw.cells[columns:]):
        return []
    return [f"has {len(raw.cells)} cells where the header has {columns}: a separator inside a text needs quotes"]
