"""What the pages about accounts share: marks, and an account's facts in a line."""

from collections.abc import Sequence
from datetime import date

from bot.models import AdvocateStatus
from bot.slack.blocks import Block, context
from bot.slack.dates import day_words
from bot.slack.text import label

BAND_MARKS = {"green": "🟢", "yellow": "🟡", "red": "🔴", "unknown": "⚪"}
ADVOCATE_WORDS = {
    AdvocateStatus.ADVOCATE: "⭐ advocate",
    AdvocateStatus.CANDIDATE: "advocate candidate",
    AdvocateStatus.DECLINED: "no advocate, said no",
}
DOT = "  ·  "


def days_words(day: date, today: date) -> str:
    """`Tue 1 Sep (in 183 days)`."""
    days = (day - today).days
    if days == 0:
        distance = "today"
    else:
        number = f"{abs(days):,} day{'s' if abs(days) > 1 else ''}"
        distance = f"in {number}" if days > 0 else f"{number} ago"
    return f"{day_words(day, today)} ({distance})"


def facts_line(facts: Sequence[str]) -> Block:
    """Facts in plain text, side by side."""
    return context(DOT.join(label(fact, 120) for fact in facts))


def more_words(left_out: int) -> list[str]:
    return [f"_and {left_out:,} more_"] if left_out > 0 else []
