"""A picture of an account's touchpoints over time, in text: months as columns, playbooks as rows. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from bot.slack.text import shorten

MONTHS_BACK, MONTHS_AHEAD = 4, 5  # beside the present one
ROWS = 14
NAME, COLUMN = 17, 5  # columns: 67 together
YEAR_MONTHS = 12


class Mark(StrEnum):
    """How one event looks. In a cell they stand in this order."""

    OVERDUE = "!"
    DONE = "●"
    LEFT_OUT = "–"
    PLANNED = "○"
    REACHED = "◆"
    AHEAD = "◇"
    MISSED = "✗"
    DATE = "▲"


LEGEND = (
    "steps       ● done   ○ planned   ! overdue   – left out",
    "milestones  ◆ reached   ◇ planned   ✗ missed       ▲ a date",
)
ORDER = {mark: place for place, mark in enumerate(Mark)}


@dataclass(frozen=True, slots=True)
class Event:
    """Something on a day: a step in the row of its playbook, a milestone, a date of the contract."""

    row: str
    on: date
    mark: Mark


def build_picture(events: Iterable[Event], today: date) -> list[str]:
    """Lines of at most 67 columns for a code block; [] when nothing falls into the months shown.

    Rows come in the order of their first event. A cell has each mark with its number: `●3○2`.
    """
    months = [_month(today, offset) for offset in range(-MONTHS_BACK, MONTHS_AHEAD + 1)]
    shown = [event for event in events if (event.on.year, event.on.month) in set(months)]
    if not shown:
        return []
    rows = list(dict.fromkeys(event.row for event in sorted(shown, key=lambda event: event.on)))
    lines = _head(months, today)
    lines += [_row(name, [event for event in shown if event.row == name], months) for name in rows[:ROWS]]
    if len(rows) > ROWS:
        lines.append(f"and {len(rows) - ROWS} more playbooks")
    return [*lines, "", *LEGEND]


def _month(today: date, offset: int) -> tuple[int, int]:
    number = today.year * YEAR_MONTHS + today.month - 1 + offset
    return number // YEAR_MONTHS, number % YEAR_MONTHS + 1


def _head(months: Sequence[tuple[int, int]], today: date) -> list[str]:
    """The years, the names of the months, and where today is."""
    years = [f"{year}" if place == 0 or month == 1 else "" for place, (year, month) in enumerate(months)]
    names = [f"{date(year, month, 1):%b}" for year, month in months]
    now = ["▼" if month == (today.year, today.month) else "" for month in months]
    return [_line("", years), _line("", names), _line("today", now)]


def _row(name: str, events: Sequence[Event], months: Sequence[tuple[int, int]]) -> str:
    return _line(name, [_cell([e.mark for e in events if (e.on.year, e.on.month) == month]) for month in months])


def _cell(marks: Sequence[Mark]) -> str:
    """What fits into a column: the marks with their numbers, else one number for all of them after the first mark."""
    counted = sorted(Counter(marks).items(), key=lambda item: ORDER[item[0]])
    text = "".join(f"{mark}{number if number > 1 else ''}" for mark, number in counted)
    return text if len(text) < COLUMN else f"{counted[0][0]}{min(len(marks), 99)}"


def _line(name: str, cells: Sequence[str]) -> str:
    head = shorten(" ".join(name.split()), NAME - 1).ljust(NAME)
    return (head + "".join(cell.ljust(COLUMN) for cell in cells)).rstrip()
