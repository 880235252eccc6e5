"""An account's health in words, for the person who asked: in their time zone, and with what they may see."""

from collections.abc import Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from bot.engine.actors import Actor
from bot.engine.calendars import local_date
from bot.engine.permissions import may_see_arr
from bot.library.health_config import HealthConfig
from bot.models import MemberRole, TouchpointKind
from bot.reports.account_head import AccountHead
from bot.reports.health import HealthPage, NextTouchpoint, OpenEscalation, OpenStep
from bot.reports.narrative import cost, disagreement_words, tell
from bot.signals.components import Component, counted
from bot.signals.health import Band, Direction, Health, band_of
from bot.signals.movements import Movement
from bot.signals.numbers import in_sentence
from bot.slack.account_words import days_words
from bot.slack.dates import day_words, due_words, moment_words
from bot.slack.health_view import ComponentRow, EscalationRow, HealthView, MovedRow, StepRow
from bot.slack.sparkline import build_sparkline
from bot.slack.text import money_words

VERDICTS: Mapping[Band, str] = {
    Band.GREEN: "Healthy.",
    Band.YELLOW: "Needs attention.",
    Band.RED: "At risk.",
    Band.UNKNOWN: "Not known yet.",
}
TOUCHPOINT_WORDS: Mapping[TouchpointKind, str] = {
    TouchpointKind.DUE: "due",
    TouchpointKind.REMINDER: "reminder",
    TouchpointKind.OVERDUE: "overdue",
    TouchpointKind.CELEBRATION: "a milestone to celebrate",
    TouchpointKind.UNACKNOWLEDGED: "an escalation nobody has taken",
}


def health_view(page: HealthPage, config: HealthConfig, reader: Actor, now: datetime) -> HealthView:
    today, health = local_date(now, reader.timezone), page.health
    compared = health.compared_with
    return HealthView(
        account_id=page.account.id,
        name=shown_name(page.account),
        band=health.band,
        score=health.score,
        change=change_shown(health),
        verdict=VERDICTS[health.band],
        explanation=explain(page),
        story=story_rows(page, config, reader, now),
        disagreement=_disagreement(page, reader, today),
        facts=tuple(head_facts(page.account, reader, today)),
        curve=_curve(page),
        components=tuple(
            _component(part, config, now) for part in sorted(health.components, key=cost) if part.score is not None
        ),
        unknown=tuple(part.label for part in health.components if part.score is None),
        moved_since=day_words(compared, today) if compared else None,
        moved=tuple(_moved(one, today) for one in health.moved if is_told(one, config)),
        steps=tuple(_step(step, today) for step in page.steps),
        escalations=tuple(_escalation(one, today) for one in page.escalations),
        next_touchpoint=_next_words(page.next_touchpoint, reader, today),
        confidence=confidence_words(health),
    )


def story_rows(page: HealthPage, config: HealthConfig, reader: Actor, now: datetime) -> tuple[tuple[str, str], ...]:
    """The three parts of the story, each with its title; none while nothing is known."""
    if page.health.score is None:
        return ()
    told = tell(page, config, reader, now)
    return (("What works", told.works), ("Where the friction is", told.friction), ("Next", told.next_action))


def _disagreement(page: HealthPage, reader: Actor, today: date) -> str | None:
    found = page.health.disagreement
    return disagreement_words(page, found, reader, today) if found else None


def _curve(page: HealthPage) -> str | None:
    """`▆▆▅▃▂  11 weeks, 82 → 41`."""
    if not page.weeks or page.weeks[0] is None or page.weeks[-1] is None:
        return None
    weeks = len(page.weeks) - 1
    span = f"{weeks} weeks" if weeks > 1 else "1 week"
    return f"{build_sparkline(page.weeks)}  {span}, {page.weeks[0]} → {page.weeks[-1]}"


def is_told(one: Movement, config: HealthConfig) -> bool:
    """Points that come and go a little every day are not worth a line."""
    return one.before is None or one.after is None or abs(one.change) > config.trend.steady_within


def _moved(one: Movement, today: date) -> MovedRow:
    since = f", since {day_words(one.since, today)}" if one.since else ""
    return MovedRow(one.label, one.before, one.after, f"{one.why}{since}")


def explain(page: HealthPage) -> str:
    """The reason for the verdict in a sentence: what moved most, else what costs most."""
    health = page.health
    if health.score is None:
        return "There is nothing to judge by: log a sentiment, or start a playbook."
    main = next((one for one in health.moved if one.pull * health.change > 0), None)
    if health.direction in {Direction.UP, Direction.DOWN} and main:
        verb = "Up" if health.direction is Direction.UP else "Down"
        points = f"{abs(health.change)} point{'s' if abs(health.change) > 1 else ''}"
        return f"{verb} {points}, mostly through {in_sentence(main.label)}: {main.why}."
    worst = min(health.components, key=cost)
    if cost(worst) == 0:
        return "Everything that is known of it is as it should be."
    return f"What weighs most is {in_sentence(worst.label)}. {worst.why}"


def change_shown(health: Health) -> int | None:
    if health.direction is Direction.NEW:
        return None
    return 0 if health.direction is Direction.STEADY else health.change


def shown_name(account: AccountHead) -> str:
    return f"CODE RED: {account.name}" if account.code_red_since else account.name


def head_facts(account: AccountHead, reader: Actor, today: date) -> list[str]:
    """Segment, touch, stage, renewal, revenue (for those who may see it), CSM."""
    red = account.code_red_since
    facts = [f"🚨 code red since {day_words(red.date(), today)}"] if red else []
    facts += [account.segment, f"{account.touch} touch", account.stage]
    if account.renewal_date:
        facts.append(f"renews {days_words(account.renewal_date, today)}")
    if account.arr is not None and may_see_arr(reader, account.roles):
        facts.append(f"ARR {money_words(account.arr, account.currency)}")
    csm = account.team.get(MemberRole.CSM)
    return [*facts, f"CSM {csm.name}" if csm else "no CSM"]


def _component(part: Component, config: HealthConfig, now: datetime) -> ComponentRow:
    facts = (_age(part, now), f"from {part.source}" if part.source else None)
    about = tuple(fact for fact in facts if fact)
    return ComponentRow(band_of(part.score, config), part.label, part.score, part.why, about, part.definition)


def _age(part: Component, now: datetime) -> str | None:
    if part.as_of is None:
        return None
    age = age_words(part.as_of, now)
    return f"{age}, stale" if part.stale else age


def age_words(as_of: datetime, now: datetime) -> str:
    """`today`, `3 days old`."""
    days = (now - as_of).days
    return "today" if days <= 0 else f"{counted(days, 'day')} old"


def _step(step: OpenStep, today: date) -> StepRow:
    who = f"{step.assignee.name}, blocked" if step.status == "blocked" else step.assignee.name
    when = f"{counted(step.late, 'day')} overdue" if step.late else due_words(step.due_on, today)
    if step.late and step.snoozed and step.due_on:
        when += f", snoozed until {day_words(step.due_on, today)}"
    return StepRow(step.title, who, when, late=step.late > 0)


def _escalation(one: OpenEscalation, today: date) -> EscalationRow:
    facts = [one.severity.value, f"with {one.owner.name}", one.status.value.replace("_", " ")]
    if one.deadline:
        facts.append(f"needed by {day_words(one.deadline, today)}")
    return EscalationRow(one.ask, tuple(facts))


def _next_words(one: NextTouchpoint | None, reader: Actor, today: date) -> str:
    if one is None:
        return "No touchpoint is planned."
    when = moment_words(one.at.astimezone(ZoneInfo(reader.timezone)), today)
    what = TOUCHPOINT_WORDS[one.kind]
    if one.about:
        what = f"“{one.about}” ({what})"
    who = f" for {one.person.name}" if one.person else ""
    return f"Next touchpoint: {when}, {what}{who}."


def confidence_words(health: Health) -> str:
    missing = [in_sentence(part.label) for part in health.components if part.score is None]
    stale = [in_sentence(part.label) for part in health.components if part.stale]
    reasons = [f"no data on {', '.join(missing)}"] if missing else []
    reasons += [f"{', '.join(stale)} stale"] if stale else []
    return f"Confidence {health.confidence} %" + (f": {'; '.join(reasons)}." if reasons else ".")
