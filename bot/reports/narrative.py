"""An account's health as one would tell it: what works, where the friction is, what to do next. Pure.

Rules choose the sentences: nothing is said that no row, number or date stands behind.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bot.engine.actors import Actor
from bot.engine.calendars import local_date
from bot.library.health_config import ComponentKey, HealthConfig
from bot.models import EscalationStatus, MemberRole, MilestoneKind, MilestoneStatus, ObjectiveStatus, StepStatus
from bot.reports.health import HealthPage, OpenStep
from bot.signals.components import Component, counted
from bot.signals.health import Band, Disagreement, band_of
from bot.slack.dates import day_words

STRENGTHS, FRICTIONS = 3, 3  # sentences
LATELY = timedelta(days=45)  # what was reached so long ago is still worth a sentence
BAD = frozenset({Band.RED, Band.YELLOW})


@dataclass(frozen=True, slots=True)
class Narrative:
    works: str
    friction: str
    next_action: str


def tell(page: HealthPage, config: HealthConfig, reader: Actor, now: datetime) -> Narrative:
    today = local_date(now, reader.timezone)
    works = list(_strengths(page, config, today))[:STRENGTHS]
    friction = list(_frictions(page, config, today))[:FRICTIONS]
    return Narrative(
        works=" ".join(works) or "Nothing that is known speaks for it yet.",
        friction=" ".join(friction) or "None that shows in the data.",
        next_action=next(_actions(page, reader, now)),
    )


# --- what works -------------------------------------------------------------------------------------------------------


def _strengths(page: HealthPage, config: HealthConfig, today: date) -> Iterator[str]:
    yield from _objectives_met(page, today)
    yield from _milestone_reached(page, today)
    good = [part for part in page.health.components if band_of(part.score, config) is Band.GREEN and not part.stale]
    for part in sorted(good, key=lambda part: (part.measure is None, -part.weight)):
        if part.key not in {ComponentKey.MILESTONES, ComponentKey.SENTIMENT}:
            yield part.why
    yield from (part.why for part in good if part.key == ComponentKey.SENTIMENT)


def _objectives_met(page: HealthPage, today: date) -> Iterator[str]:
    met = [one for one in page.objectives if one.status is ObjectiveStatus.MET]
    if met:
        latest = max(met, key=lambda one: one.closed_at.timestamp() if one.closed_at else 0.0)
        when = f" on {day_words(latest.closed_at.date(), today)}" if latest.closed_at else ""
        yield f"{len(met)} of {counted(len(page.objectives), 'objective')} met, last “{latest.title}”{when}."


def _milestone_reached(page: HealthPage, today: date) -> Iterator[str]:
    reached = [
        (one.reached_on, one.title)
        for one in page.milestones
        if one.status is MilestoneStatus.REACHED and one.kind is not MilestoneKind.RISK and one.reached_on
    ]
    if reached and today - (latest := max(reached))[0] <= LATELY:
        yield f"“{latest[1]}” was reached on {day_words(latest[0], today)}."


# --- where the friction is --------------------------------------------------------------------------------------------


def _frictions(page: HealthPage, config: HealthConfig, today: date) -> Iterator[str]:
    for escalation in page.escalations:
        state = "nobody has taken it yet" if _is_untaken(escalation.status) else f"{escalation.owner.name} is on it"
        yield f"Escalated: “{_bare(escalation.ask)}”; {state}."
    for alert in page.alerts:
        yield f"{_bare(alert.title)}: {_bare(alert.why.splitlines()[0])}." if alert.why else f"{_bare(alert.title)}."
    yield from _costs(page, config)
    late = [one for one in page.objectives if one.status is ObjectiveStatus.OPEN and one.due_on and one.due_on < today]
    for objective in late[:1]:
        yield f"The objective “{objective.title}” was due {day_words(objective.due_on or today, today)}."
    blocked = [step for step in page.steps if step.status is StepStatus.BLOCKED]
    for step in blocked[:1]:
        yield f"“{step.title}” is blocked."


def _costs(page: HealthPage, config: HealthConfig) -> Iterator[str]:
    """The components that take most from the score; that of overdue steps with the step that is latest."""
    bad = [part for part in page.health.components if band_of(part.score, config) in BAD]
    for part in sorted(bad, key=cost):
        if part.key == ComponentKey.OVERDUE_STEPS and (step := _latest(page)):
            others = f", and {page.overdue - 1} more" if page.overdue > 1 else ""
            yield f"“{step.title}” is {counted(step.late, 'day')} overdue with {step.assignee.name}{others}."
        else:
            yield part.why


def cost(part: Component) -> float:
    """What a component takes from the score, negative."""
    return 0 if part.score is None else -part.weight * (100 - part.score)


def _latest(page: HealthPage) -> OpenStep | None:
    late = [step for step in page.steps if step.late]
    return max(late, key=lambda step: step.late) if late else None


def _bare(sentence: str) -> str:
    return sentence.strip().rstrip(".")


def _is_untaken(status: EscalationStatus) -> bool:
    return status is EscalationStatus.OPEN


# --- what to do next --------------------------------------------------------------------------------------------------


def _actions(page: HealthPage, reader: Actor, now: datetime) -> Iterator[str]:
    """The most pressing first; there is always one."""
    today = local_date(now, reader.timezone)
    for escalation in page.escalations:
        if _is_untaken(escalation.status):
            yield f"{escalation.owner.name} takes the escalation “{_bare(escalation.ask)}”."
    for alert in page.alerts:
        starts = f" The playbook {alert.playbook_key} is made for it." if alert.playbook_key else ""
        yield f"Decide about the alert “{_bare(alert.title)}”.{starts}"
    if (step := _latest(page)) is not None:
        yield f"{step.assignee.name} finishes “{step.title}” ({step.run_title})."
    if page.health.disagreement:
        yield disagreement_words(page, page.health.disagreement, reader, today)
    if step := next((step for step in page.steps if step.due_on), None):
        yield f"{step.assignee.name} does “{step.title}” by {day_words(step.due_on or today, today)}."
    yield from _gaps(page)
    if page.health.band in BAD:
        yield "Nothing is under way against it: /playbook list shows what could be started."
    yield "Nothing is due."


def _gaps(page: HealthPage) -> Iterator[str]:
    for part in page.health.components:
        if part.key == ComponentKey.SENTIMENT and (part.score is None or part.stale):
            csm = page.account.team.get(MemberRole.CSM)
            who = csm.name if csm else "Somebody"
            yield f"{who} logs how it feels: /account sentiment {page.account.key} green|yellow|red why."


def disagreement_words(page: HealthPage, found: Disagreement, reader: Actor, today: date) -> str:
    """`The numbers say red (31), Maya says green since Tue 3 Mar: ask Maya why.`"""
    at, who = page.account.sentiment_at, page.felt_by
    since = f" since {day_words(local_date(at, reader.timezone), today)}" if at else ""
    numbers = f"The numbers say {found.numbers} ({found.score})"
    if who is None:
        return f"{numbers}, the sentiment is {found.sentiment}{since}: find out why."
    if who == reader.name:
        return f"{numbers}, you say {found.sentiment}{since}: what do you know that they do not?"
    return f"{numbers}, {who} says {found.sentiment}{since}: ask {who.split()[0]} why."
