"""The components of health that are made of what Playcall knows by itself. Pure: facts, rules and `now` in."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from bot.library.health_config import ComponentKey, HealthConfig
from bot.library.measures import Measure
from bot.models import MilestoneKind, MilestoneStatus, Sentiment, Touch
from bot.signals.windows import Measured

LABELS: Mapping[ComponentKey, str] = {
    ComponentKey.OVERDUE_STEPS: "Overdue steps",
    ComponentKey.SENTIMENT: "Sentiment",
    ComponentKey.MILESTONES: "Milestones",
    ComponentKey.LAST_CONTACT: "Last contact",
}
DEFINITIONS: Mapping[ComponentKey, str] = {
    ComponentKey.OVERDUE_STEPS: "Open steps of running playbooks past their day; a snoozed one by its first day.",
    ComponentKey.SENTIMENT: "What the CSM logged last with /account sentiment.",
    ComponentKey.MILESTONES: "Milestones whose day has come: reached, late, missed, or a risk that came true.",
    ComponentKey.LAST_CONTACT: "Days since anybody was in touch with the customer.",
}


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
    measured: Mapping[Measure, Measured] = field(default_factory=dict)
    past: PastHealth | None = None


@dataclass(frozen=True, slots=True)
class Component:
    """One part of the score. `score` is None without data; `measure` is what a later comparison needs (JSON).

    `trust` is how far its data is gone by: 1 until it is stale, then less and less.
    """

    key: str
    label: str
    weight: float
    score: int | None
    why: str
    definition: str
    as_of: datetime | None = None
    trust: float = 1.0
    source: str | None = None
    measure: Mapping[str, Any] | None = None

    @property
    def stale(self) -> bool:
        return self.trust < 1


def own_components(facts: HealthFacts, config: HealthConfig, now: datetime) -> tuple[Component, ...]:
    return (
        _overdue_steps(facts, config, now),
        _sentiment(facts, config, now),
        _milestones(facts, config, now),
        _last_contact(facts, config, now),
    )


def trust_of(as_of: datetime | None, stale_after_days: int, config: HealthConfig, now: datetime) -> float:
    """1 until the data is stale, then halved every so many days."""
    if as_of is None:
        return 1.0
    over = (now - as_of) - timedelta(days=stale_after_days)
    if over <= timedelta():
        return 1.0
    return float(0.5 ** (over / timedelta(days=config.confidence.halves_every_days)))


def _component(facts: HealthFacts, config: HealthConfig, key: ComponentKey, **fields: Any) -> Component:
    weight = config.weight(key, facts.segment)
    return Component(key=key, label=LABELS[key], weight=weight, definition=DEFINITIONS[key], **fields)


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
    return _component(
        facts,
        config,
        key,
        score=rule.points[facts.sentiment],
        why=f"The team feels {facts.sentiment} about it.",
        as_of=since,
        trust=trust_of(since, rule.stale_after_days, config, now),
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
    as_of = datetime.combine(latest, datetime.min.time(), now.tzinfo) if latest else None
    titles: dict[str, list[str]] = {}
    for standing, _, title in judged:
        titles.setdefault(standing, []).append(title)
    return _component(
        facts,
        config,
        key,
        score=round(sum(points) / len(points)),
        why=_milestones_why(titles, len(judged)),
        as_of=as_of,
        trust=trust_of(as_of, rule.stale_after_days + 1, config, now),  # a day ends in the evening
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
        return replace(
            _component(facts, config, key, score=None, why="Contact is not counted here."),
            weight=0,
        )
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
