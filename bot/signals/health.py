"""Health: a score of 0 to 100 that can say why. Pure: facts, rules and `now` in, Health out.

A component without data does not count, and lowers the confidence; so does one whose data is stale.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from bot.library.health_config import ComponentKey, HealthConfig
from bot.models import MilestoneKind, MilestoneStatus, Sentiment, Touch
from bot.signals.movements import Movement, compare

LABELS: Mapping[ComponentKey, str] = {
    ComponentKey.OVERDUE_STEPS: "Overdue steps",
    ComponentKey.SENTIMENT: "Sentiment",
    ComponentKey.MILESTONES: "Milestones",
    ComponentKey.LAST_CONTACT: "Last contact",
}
STALE_CONFIDENCE = 0.5


class Band(StrEnum):
    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"
    UNKNOWN = "unknown"  # nothing to judge by


class Direction(StrEnum):
    UP = "up"
    DOWN = "down"
    STEADY = "steady"
    NEW = "new"  # nothing to compare with


@dataclass(frozen=True, slots=True)
class MilestoneFact:
    title: str
    kind: MilestoneKind
    status: MilestoneStatus
    target_date: date | None
    reached_on: date | None


@dataclass(frozen=True, slots=True)
class PastHealth:
    """An earlier snapshot: `components` as `Health.remembered` made them."""

    day: date
    score: int
    components: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class HealthFacts:
    """What is known of one account. Overdue is counted in each assignee's own calendar."""

    account_id: int
    segment: str
    touch: Touch
    sentiment: Sentiment | None = None
    sentiment_at: datetime | None = None
    last_contact_at: datetime | None = None
    steps_open: int = 0
    steps_overdue: int = 0
    longest_overdue_days: int = 0
    steps_finished: int = 0  # lately
    milestones: tuple[MilestoneFact, ...] = ()
    past: PastHealth | None = None


@dataclass(frozen=True, slots=True)
class Component:
    """One part of the score. `score` is None without data; `measure` is what a later comparison needs (JSON)."""

    key: ComponentKey
    label: str
    weight: float
    score: int | None
    why: str
    as_of: datetime | None = None
    stale: bool = False
    measure: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """`score` is None, and the band unknown, when no component has data. `confidence` is in percent."""

    score: int | None
    band: Band
    direction: Direction
    change: int  # since `compared_with`
    confidence: int
    components: tuple[Component, ...]
    moved: tuple[Movement, ...]  # what changed most comes first
    compared_with: date | None

    def remembered(self) -> dict[str, Any]:
        """The components as a snapshot keeps them."""
        return {
            part.key.value: {"score": part.score, "measure": dict(part.measure or {})}
            for part in self.components
            if part.score is not None
        }


def compute_health(facts: HealthFacts, config: HealthConfig, now: datetime) -> Health:
    components = tuple(
        part
        for part in (
            _overdue_steps(facts, config, now),
            _sentiment(facts, config, now),
            _milestones(facts, config, now),
            _last_contact(facts, config, now),
        )
        if part.weight
    )
    score = _score(components)
    change = score - facts.past.score if facts.past and score is not None else 0
    return Health(
        score=score,
        band=band_of(score, config),
        direction=_direction(score, change, facts.past, config),
        change=change,
        confidence=_confidence(components),
        components=components,
        moved=_moved(components, facts.past),
        compared_with=facts.past.day if facts.past else None,
    )


def band_of(score: int | None, config: HealthConfig) -> Band:
    if score is None:
        return Band.UNKNOWN
    if score >= config.bands.green:
        return Band.GREEN
    return Band.YELLOW if score >= config.bands.yellow else Band.RED


def _score(components: tuple[Component, ...]) -> int | None:
    counted = [(part.score, part.weight) for part in components if part.score is not None]
    total = sum(weight for _, weight in counted)
    return round(sum(score * weight for score, weight in counted) / total) if total else None


def _confidence(components: tuple[Component, ...]) -> int:
    total = sum(part.weight for part in components)
    known = sum(part.weight * (STALE_CONFIDENCE if part.stale else 1) for part in components if part.score is not None)
    return round(100 * known / total) if total else 0


def _direction(score: int | None, change: int, past: PastHealth | None, config: HealthConfig) -> Direction:
    if score is None or past is None:
        return Direction.NEW
    if abs(change) <= config.trend.steady_within:
        return Direction.STEADY
    return Direction.UP if change > 0 else Direction.DOWN


def _moved(components: tuple[Component, ...], past: PastHealth | None) -> tuple[Movement, ...]:
    if past is None:
        return ()
    pairs = [
        (part.weight, compare(part.key, part.label, part.score, part.measure or {}, past.components.get(part.key)))
        for part in components
    ]
    moved = [(weight * abs(movement.change), movement) for weight, movement in pairs if movement]
    return tuple(movement for _, movement in sorted(moved, key=lambda pair: -pair[0]))


# --- the components ---------------------------------------------------------------------------------------------------


def _component(facts: HealthFacts, config: HealthConfig, key: ComponentKey, **fields: Any) -> Component:
    return Component(key=key, label=LABELS[key], weight=config.weight(key, facts.segment), **fields)


def _overdue_steps(facts: HealthFacts, config: HealthConfig, now: datetime) -> Component:
    key, rule = ComponentKey.OVERDUE_STEPS, config.overdue_steps
    if not facts.steps_open and not facts.steps_finished:
        return _component(facts, config, key, score=None, why="No playbook is running.")
    score = max(0, 100 - rule.lost_for_each * facts.steps_overdue)
    return _component(
        facts, config, key, score=score, why=_overdue_why(facts), as_of=now, measure={"overdue": facts.steps_overdue}
    )


def _overdue_why(facts: HealthFacts) -> str:
    if not facts.steps_open:
        return f"Nothing is open; {counted(facts.steps_finished, 'step')} finished lately."
    if not facts.steps_overdue:
        return f"{counted(facts.steps_open, 'open step')}, none overdue."
    longest = counted(facts.longest_overdue_days, "day")
    by = f"by {longest}" if facts.steps_overdue == 1 else f"the oldest by {longest}"
    return f"{facts.steps_overdue} of {counted(facts.steps_open, 'open step')} overdue, {by}."


def _sentiment(facts: HealthFacts, config: HealthConfig, now: datetime) -> Component:
    key, rule = ComponentKey.SENTIMENT, config.sentiment
    if facts.sentiment is None:
        return _component(facts, config, key, score=None, why="Nobody has logged a sentiment yet.")
    since = facts.sentiment_at
    stale = since is not None and now - since > timedelta(days=rule.stale_after_days)
    return _component(
        facts,
        config,
        key,
        score=rule.points[facts.sentiment],
        why=f"The team feels {facts.sentiment} about it.",
        as_of=since,
        stale=stale,
        measure={"sentiment": facts.sentiment.value},
    )


def _milestones(facts: HealthFacts, config: HealthConfig, now: datetime) -> Component:
    key, rule = ComponentKey.MILESTONES, config.milestones
    today, horizon = now.date(), now.date() - timedelta(days=rule.counts_for_days)
    judged = [
        (standing, day, milestone.title)
        for milestone in facts.milestones
        for standing, day in [_standing(milestone, today)]
        if standing is not None and (day is None or day >= horizon)
    ]
    if not judged:
        return _component(facts, config, key, score=None, why="No milestone has come due yet.")
    points = [getattr(rule, standing) for standing, _, _ in judged]
    latest = max((day for _, day, _ in judged if day), default=None)
    titles: dict[str, list[str]] = {}
    for standing, _, title in judged:
        titles.setdefault(standing, []).append(title)
    return _component(
        facts,
        config,
        key,
        score=round(sum(points) / len(points)),
        why=_milestones_why(titles, len(judged)),
        as_of=datetime.combine(latest, datetime.min.time(), now.tzinfo) if latest else None,
        stale=latest is not None and today - latest > timedelta(days=rule.stale_after_days),
        measure=titles,
    )


def _standing(milestone: MilestoneFact, today: date) -> tuple[str | None, date | None]:
    """What a milestone counts as (a field of MilestonesRule), and since when; None when its day is still ahead."""
    target, reached = milestone.target_date, milestone.reached_on
    if milestone.kind is MilestoneKind.RISK:
        return ("risk" if milestone.status is MilestoneStatus.REACHED else None), reached
    if milestone.status is MilestoneStatus.REACHED:
        return ("reached_late" if target and reached and reached > target else "reached"), reached
    if milestone.status is MilestoneStatus.MISSED:
        return "missed", target
    return ("late" if target and target < today else None), target


def _milestones_why(titles: Mapping[str, list[str]], total: int) -> str:
    in_words = {"risk": "happened", "missed": "was missed", "late": "is late"}
    for standing, words in in_words.items():
        if named := titles.get(standing):
            more = f" and {len(named) - 1} more" if len(named) > 1 else ""
            return f"“{named[0]}” {words}{more}; {total} counted."
    late = len(titles.get("reached_late", []))
    return f"{counted(total, 'milestone')} reached" + (f", {late} of them late." if late else ", on time.")


def _last_contact(facts: HealthFacts, config: HealthConfig, now: datetime) -> Component:
    key, span = ComponentKey.LAST_CONTACT, config.last_contact.by_touch.get(facts.touch)
    if span is None:  # nobody is expected to be in touch
        return Component(key, LABELS[key], weight=0, score=None, why="Contact is not counted here.")
    if facts.last_contact_at is None:
        return _component(facts, config, key, score=None, why="No contact has been logged yet.")
    days = max(0, (now - facts.last_contact_at).days)
    left = (span.bad_days - days) / (span.bad_days - span.good_days)
    when = "today" if days == 0 else f"{counted(days, 'day')} ago"
    return _component(
        facts,
        config,
        key,
        score=round(100 * min(1.0, max(0.0, left))),
        why=f"The last contact was {when}.",
        as_of=facts.last_contact_at,
        measure={"on": facts.last_contact_at.date().isoformat(), "days": days},
    )


def counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
