"""What moved in an account's health between two days, and why. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.library.health_config import ComponentKey

Measure = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Movement:
    """A component whose points changed. None stands for no data then, or no data now."""

    key: ComponentKey
    label: str
    before: int | None
    after: int | None
    why: str

    @property
    def change(self) -> int:
        return (self.after or 0) - (self.before or 0)


def compare(
    key: ComponentKey, label: str, score: int | None, measure: Measure, past: Mapping[str, Any] | None
) -> Movement | None:
    """How a component changed since its remembered state `past`; None when it did not."""
    before: int | None = past["score"] if past else None
    if score == before:
        return None
    if past is None or before is None:
        return Movement(key, label, None, score, "there was no data before")
    if score is None:
        return Movement(key, label, before, None, "there is no data any more")
    why = _WHY[key](past["measure"], measure) or "the rules changed"
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


_WHY = {
    ComponentKey.OVERDUE_STEPS: _overdue,
    ComponentKey.SENTIMENT: _sentiment,
    ComponentKey.MILESTONES: _milestones,
    ComponentKey.LAST_CONTACT: _contact,
}
