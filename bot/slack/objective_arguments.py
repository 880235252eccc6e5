"""An objective in one line: `/account plan acme add Close faster; days to close; 3; 2027-03-31`."""

from dataclasses import dataclass
from datetime import date

from bot.errors import InvalidInput
from bot.slack.account_help import usage
from bot.slack.typed_days import parse_day

PARTS = 4


@dataclass(frozen=True, slots=True)
class ObjectiveArguments:
    title: str
    measure: str | None
    target: str | None
    due_on: date | None


def parse_objective(text: str, today: date) -> ObjectiveArguments:
    """Title, measure, target and date, in this order, parted by semicolons. Only the title is needed."""
    parts = [part.strip() for part in text.split(";")]
    if not parts[0] or len(parts) > PARTS:
        raise InvalidInput(f"Give a title, then if you like a measure, a target and a date. {usage('plan')}")
    title, measure, target, day = [*parts, *[""] * (PARTS - len(parts))]
    return ObjectiveArguments(title, measure or None, target or None, parse_day(day, today) if day else None)
