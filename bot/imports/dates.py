"""Dates as people and systems write them. 03/04/2026 is read only when the file or the caller says which way."""

import re
from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum

from bot.errors import InvalidInput


class DateOrder(StrEnum):
    """How to read 03/04/2026."""

    US = "us"  # March 4
    EU = "eu"  # 3 April


_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ].*)?$")
_PARTS = re.compile(r"(\d{1,2})([/.-])(\d{1,2})[/.-](\d{4}|\d{2})(?:[T ,].*)?$")
_WORDS = ("%b %d, %Y", "%B %d, %Y", "%d %b %Y", "%d %B %Y", "%b %d %Y", "%d-%b-%Y", "%d-%b-%y")


def decide_order(texts: Iterable[str], given: DateOrder | None) -> DateOrder | None:
    """Which way the dates of a file are written. None: nothing in it depends on that.

    Raises InvalidInput when the file could mean either and the caller did not say.
    """
    if given:
        return given
    orders: set[DateOrder] = set()
    ambiguous: str | None = None
    for text in texts:
        parts = _PARTS.match(text)
        if parts is None or parts[2] == ".":  # with dots the day comes first everywhere
            continue
        first, second = int(parts[1]), int(parts[3])
        if first > 12:
            orders.add(DateOrder.EU)
        elif second > 12:
            orders.add(DateOrder.US)
        elif first != second:
            ambiguous = ambiguous or text
    if ambiguous and len(orders) != 1:
        raise InvalidInput(
            f'Dates such as "{ambiguous}" can be read two ways: say --date-format us (month first) or eu (day first).'
        )
    return next(iter(orders)) if len(orders) == 1 else None


def parse_date(text: str, order: DateOrder | None) -> date:
    """Raises ValueError for what is no date of the calendar."""
    if parts := _ISO.match(text):
        return date(int(parts[1]), int(parts[2]), int(parts[3]))
    if parts := _PARTS.match(text):
        return _from_parts(int(parts[1]), int(parts[3]), int(parts[4]), order, dotted=parts[2] == ".")
    for pattern in _WORDS:
        try:
            return datetime.strptime(text, pattern).date()  # noqa: DTZ007  # a calendar date has no zone
        except ValueError:
            continue
    raise ValueError(text)


def _from_parts(first: int, second: int, year: int, order: DateOrder | None, *, dotted: bool) -> date:
    if year < 100:
        year += 2000
    day_first = dotted or order is DateOrder.EU or (order is None and first > 12)
    return date(year, second, first) if day_first else date(year, first, second)
