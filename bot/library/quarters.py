"""The quarters of the calendar year."""

from datetime import date


def quarter_end(day: date) -> date:
    """The last day of the calendar quarter that `day` is in."""
    month = (day.month - 1) // 3 * 3 + 3
    return date(day.year, month, 30 if month in {6, 9} else 31)
