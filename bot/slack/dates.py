"""Dates and times in words, in the calendar of the person who reads them."""

from datetime import date, datetime
from functools import lru_cache


@lru_cache(maxsize=1024)
def day_words(day: date, today: date) -> str:
    """`Mon 2 Mar`, with the year when it is not this one."""
    words = f"{day:%a} {day.day} {day:%b}"
    return words if day.year == today.year else f"{words} {day.year}"


def due_words(due_on: date | None, today: date) -> str:
    if due_on is None:
        return "no date yet"
    days = (due_on - today).days
    when = day_words(due_on, today)
    if days < -1:
        return f"{-days} days overdue (was due {when})"
    if days == -1:
        return f"1 day overdue (was due {when})"
    if days <= 1:
        return f"due {'today' if days == 0 else 'tomorrow'} ({when})"
    return f"due in {days} days ({when})" if days <= 14 else f"due {when}"


def moment_words(moment: datetime, today: date) -> str:
    """`10:42` today, `Mon 2 Mar, 10:42` before. `moment` is in the reader's zone."""
    clock = f"{moment:%H:%M}"
    return clock if moment.date() == today else f"{day_words(moment.date(), today)}, {clock}"
