"""Small wordings that use cases share."""

from datetime import datetime, timedelta

from bot.engine.state import RunState
from bot.library.schema import EscalationCall


def ago(then: datetime, now: datetime) -> str:
    """How long since, for a sentence: “just now”, “5 minutes ago”, “on 3 Mar”."""
    passed = now - then
    if passed < timedelta(minutes=1):
        return "just now"
    if passed < timedelta(hours=1):
        return _count(passed // timedelta(minutes=1), "minute")
    if passed < timedelta(days=1):
        return _count(passed // timedelta(hours=1), "hour")
    return f"on {then.day} {then:%b}"


def _count(number: int, unit: str) -> str:
    return f"{number} {unit}{'' if number == 1 else 's'} ago"


def escalation_words(call: EscalationCall, state: RunState) -> str:
    return call.ask
