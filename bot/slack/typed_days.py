"""Dates as people type them into a command."""

import re
from datetime import date, datetime, timedelta

from bot.errors import InvalidInput
from bot.slack.text import shorten, unformatted

FORMATS = ("%d %b %Y", "%d %B %Y", "%b %d %Y", "%B %d %Y", "%d.%m.%Y")
WORDS = {"yesterday": -1, "today": 0, "tomorrow": 1}
FURTHEST = timedelta(days=3650)

_DISTANCE = re.compile(r"(?:in )?(\d{1,4}) ?(d|days?|w|weeks?)")


def parse_day(text: str, today: date) -> date:
    """`2026-05-01`, `1 May 2026`, `tomorrow`, `in 3 days`. Raises InvalidInput with these examples."""
    written = " ".join(text.replace(",", " ").lower().split())
    day = _relative(written, today) or _absolute(written)
    if day is None:
        example = f"{today + timedelta(days=30)}"
        raise InvalidInput(
            f"“{unformatted(shorten(text, 40))}” is not a date I know. "
            f"Write it like `{example}`, `1 Dec {today.year}`, `tomorrow` or `in 3 days`."
        )
    if abs(day - today) > FURTHEST:
        raise InvalidInput("That date is more than ten years away. Check the year.")
    return day


def _relative(written: str, today: date) -> date | None:
    if written in WORDS:
        return today + timedelta(days=WORDS[written])
    match = _DISTANCE.fullmatch(written)
    if match is None:
        return None
    weeks = match[2].startswith("w")
    return today + timedelta(days=int(match[1]) * (7 if weeks else 1))


def _absolute(written: str) -> date | None:
    for form in ("%Y-%m-%d", *FORMATS):
        try:
            return datetime.strptime(written, form).date()  # noqa: DTZ007  # a calendar day has no zone
        except ValueError:
            continue
    return None
