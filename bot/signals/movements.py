"""What moved in an account's health between two days, and why. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from bot.library.health_config import ComponentKey
from bot.signals.numbers import change_words, number_words

Measure = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Movement:
    """A component whose points changed. None stands for no data then, or no data now."""

    key: str
    label: str
    before: int | None
    after: int | None
    why: str
    pull: float = 0  # how far it pulled the score, in weighted points; one without data before began at the old score
    since: date | None = None  # the day from which on it was more like now than like before, where that is known

    @property
    def change(self) -> int:
        return (self.after or 0) - (self.before or 0)


def compare(
    key: str, label: str, score: int | None, measure: Measure, past: Mapping[str, Any] | None
) -> Movement | None:
    """How a component changed since its remembered state `past`; None when it did not."""
    before: int | None = past["score"] if past else None
    if score == before:
        return None
    if past is None or before is None:
        return Movement(key, label, None, score, "there was no data before")
    if score is None:
        return Movement(key, label, before, None, "there is no data any more")
    why = _WHY.get(key, _measured)(past["measure"], measure) or "the rules changed"
    return Movement(key, label, before, score, why)


def _overdue(before: Measure, after: Measure) -> str:
    more = after.get("overdue", 0) - before.get("overdue", 0)
    steps = f"{abs(more)} step" if abs(more) == 1 else f"{abs(more)} steps"
    if more > 0:
        return f"{steps} became overdue"
    return f"{steps} fewer overdue" if more < 0 else ""


def _sentiment(before: Measure, after: Measure) -> str:
    then, now = before.get("sentiment"), after.get("sentiment")
    return f"it went from {then} to {now}" if then != now else ""


def _milestones(before: Measure, after: Measure) -> str:
    for standing, words in (
        ("risk", "happened"),
        ("missed", "was missed"),
        ("late", "is late"),
        ("reached", "was reached"),
        ("reached_late", "was reached, late"),
    ):
        news = [title for title in after.get(standing, []) if title not in before.get(standing, [])]
        if news:
            more = f" and {len(news) - 1} more" if len(news) > 1 else ""
            return f"“{news[0]}” {words}{more}"
    return "an older milestone no longer counts" if before != after else ""


def _contact(before: Measure, after: Measure) -> str:
    if before.get("on") != after.get("on"):
        return "someone was in touch"
    return f"nobody was in touch for {after.get('days')} days"


def _measured(before: Measure, after: Measure) -> str:
    """`active users 48 → 31 (-35 %)`."""
    what, then, now = after.get("what"), before.get("number"), after.get("number")
    if then is None or now is None:
        return ""
    if then != now:
        change = f" ({change_words(now, then)})" if then > 0 and now >= 0 else ""
        return f"{what} {number_words(then)} → {number_words(now)}{change}"
    if before.get("against") != after.get("against"):
        return f"{what} stayed at {number_words(now)}, and what that is compared with moved"
    return ""


_WHY: Mapping[str, Callable[[Measure, Measure], str]] = {
    ComponentKey.OVERDUE_STEPS: _overdue,
    ComponentKey.SENTIMENT: _sentiment,
    ComponentKey.MILESTONES: _milestones,
    ComponentKey.LAST_CONTACT: _contact,
}


def dated(moved: Sequence[Movement], kept: Sequence[tuple[date, Mapping[str, Any]]]) -> tuple[Movement, ...]:
    """The movements with the day since when. `kept` are the snapshots from the one compared with on, oldest first."""
    return tuple(replace(one, since=_since(one, kept)) for one in moved)


def _since(moved: Movement, kept: Sequence[tuple[date, Mapping[str, Any]]]) -> date | None:
    """The first of the last days that lie nearer to now. Not known when a day before it was not kept."""
    if moved.before is None or moved.after is None:
        return None
    since, last = None, None
    for day, components in reversed(kept):
        score = components.get(moved.key, {}).get("score")
        if score is None or abs(score - moved.after) > abs(score - moved.before):
            return since if last and (last - day).days == 1 else None
        since = last = day
    return None
