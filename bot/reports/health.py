"""The health page of an account: why it is as it is, what moved, what is going on. Three statements beside its head."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import and_, bindparam, func, select
from sqlmodel import col

from bot.db import Reader
from bot.engine.calendars import local_date
from bot.library.health_config import HealthConfig
from bot.library.measures import Measure
from bot.models import (
    ACTIONABLE,
    Alert,
    AlertStatus,
    Escalation,
    EscalationStatus,
    HealthSnapshot,
    Member,
    Milestone,
    Objective,
    ObjectiveStatus,
    Run,
    RunStatus,
    Severity,
    Signal,
    SignalKind,
    Step,
    StepStatus,
    Touchpoint,
    TouchpointKind,
    TouchpointStatus,
)
from bot.models.columns import constant
from bot.prepared import Prepared
from bot.reports.account_head import AccountHead, Person
from bot.reports.parts import part, together
from bot.signals.account_measures import load_account_measures
from bot.signals.components import HealthFacts, MilestoneFact, PastHealth
from bot.signals.health import Health, compute_health
from bot.signals.health_facts import SNAPSHOT_SLACK, StepCounts, milestone_fact
from bot.signals.movements import Movement, dated
from bot.signals.windows import Measured

WEEKS = 12  # of the curve in text


@dataclass(frozen=True, slots=True)
class OpenStep:
    """`late` is in days of the assignee's calendar, of a snoozed one since its first day; 0 when not overdue."""

    id: int
    title: str
    run_title: str
    status: StepStatus
    assignee: Person
    due_on: date | None
    late: int
    snoozed: bool = False


@dataclass(frozen=True, slots=True)
class OpenEscalation:
    id: int
    ask: str
    severity: Severity
    status: EscalationStatus
    owner: Person
    deadline: date | None


@dataclass(frozen=True, slots=True)
class NextTouchpoint:
    """`about` is None for a milestone or an escalation."""

    kind: TouchpointKind
    about: str | None
    person: Person | None
    at: datetime


@dataclass(frozen=True, slots=True)
class OpenAlert:
    title: str
    why: str
    playbook_key: str | None


@dataclass(frozen=True, slots=True)
class PlannedObjective:
    """One that was not dropped."""

    title: str
    status: ObjectiveStatus
    due_on: date | None
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class HealthPage:
    account: AccountHead
    health: Health
    steps: tuple[OpenStep, ...]  # the most overdue first
    escalations: tuple[OpenEscalation, ...]
    next_touchpoint: NextTouchpoint | None
    alerts: tuple[OpenAlert, ...] = ()
    objectives: tuple[PlannedObjective, ...] = ()
    milestones: tuple[MilestoneFact, ...] = ()
    felt_by: str | None = None  # who logged the sentiment
    weeks: tuple[int | None, ...] = ()  # scores a week apart, the oldest first; None where none was kept

    @property
    def overdue(self) -> int:
        return sum(1 for step in self.steps if step.late)


async def read_health_page(reader: Reader, account: AccountHead, config: HealthConfig, now: datetime) -> HealthPage:
    day = now.date() - timedelta(days=config.trend.compare_days)
    parameters = {
        "account_id": account.id,
        "lately": now - timedelta(days=config.overdue_steps.counts_finished_for_days),
        "day": day,
        "earliest": day - SNAPSHOT_SLACK,
    }
    rows: dict[str, list[Any]] = {}
    for row in await _PAGE.rows(reader, parameters):
        rows.setdefault(row.part, []).append(row)
    measured = await load_account_measures(reader, account.id, config.measures, now)
    compared = sorted(rows.get("snapshot", ()), key=lambda row: row.day)
    facts = _facts(account, rows, measured, compared, now)
    health = compute_health(facts, config, now)
    return HealthPage(
        account=account,
        health=replace(health, moved=_dated(health, compared, now)),
        steps=_open_steps(rows.get("step", ()), now),
        escalations=tuple(_escalation(row) for row in rows.get("escalation", ())),
        next_touchpoint=next((_touchpoint(row) for row in rows.get("touchpoint", ())), None),
        alerts=tuple(OpenAlert(row.title, row.about, row.kind) for row in rows.get("alert", ())),
        objectives=tuple(
            PlannedObjective(row.title, ObjectiveStatus(row.state), row.day, row.at)
            for row in rows.get("objective", ())
        ),
        milestones=facts.milestones,
        felt_by=next((row.person for row in rows.get("feeling", ())), None),
        weeks=await _weeks(reader, account.id, health.score, now.date()),
    )


def _dated(health: Health, compared: Sequence[Any], now: datetime) -> tuple[Movement, ...]:
    kept = [(row.day, row.data) for row in compared if row.day < now.date()]
    return dated(health.moved, [*kept, (now.date(), health.remembered())])


async def _weeks(reader: Reader, account_id: int, score: int | None, today: date) -> tuple[int | None, ...]:
    """The last score kept in each week, and at the end the one of now; nothing when no earlier week has one."""
    span = {"account_id": account_id, "since": today - timedelta(weeks=WEEKS), "today": today}
    kept = {(today - row.day).days // 7: row.score for row in await _SCORES.rows(reader, span)}
    earlier = [kept.get(week) for week in range(max(kept, default=0), 0, -1)]
    return (*earlier, score) if earlier else ()


def _facts(
    account: AccountHead,
    rows: dict[str, list[Any]],
    measured: Mapping[Measure, Measured],
    compared: Sequence[Any],
    now: datetime,
) -> HealthFacts:
    counts = StepCounts()
    for row in rows.get("step", ()):
        counts.add(row.day_before or row.day, row.timezone, now)
    past = next(iter(compared), None)
    return HealthFacts(
        account_id=account.id,
        segment=account.segment,
        touch=account.touch,
        sentiment=account.sentiment,
        sentiment_at=account.sentiment_at,
        last_contact_at=account.last_contact_at,
        steps_open=counts.open,
        steps_overdue=counts.overdue,
        longest_overdue_days=counts.longest,
        steps_finished=sum(row.number for row in rows.get("finished", ())),
        milestones=tuple(
            milestone_fact(row.title, row.kind, row.state, row.day, row.at) for row in rows.get("milestone", ())
        ),
        measured=measured,
        past=PastHealth(past.day, past.number, past.data) if past else None,
    )


def _open_steps(rows: Iterable[Any], now: datetime) -> tuple[OpenStep, ...]:
    steps = [
        OpenStep(
            id=row.id,
            title=row.title,
            run_title=row.about,
            status=StepStatus(row.state),
            assignee=_person(row),
            due_on=row.day,
            late=_late(row, now),
            snoozed=row.day_before is not None and row.day_before != row.day,
        )
        for row in rows
    ]
    return tuple(sorted(steps, key=lambda step: (step.due_on or date.max, step.id)))


def _late(row: Any, now: datetime) -> int:
    due_on = row.day_before or row.day
    return max(0, (local_date(now, row.timezone) - due_on).days) if due_on else 0


def _escalation(row: Any) -> OpenEscalation:
    return OpenEscalation(row.id, row.title, Severity(row.kind), EscalationStatus(row.state), _person(row), row.day)


def _touchpoint(row: Any) -> NextTouchpoint:
    return NextTouchpoint(TouchpointKind(row.kind), row.title, _person(row) if row.person else None, row.at)


def _person(row: Any) -> Person:
    return Person(row.number, row.person, row.slack_user_id)


# --- the statement ----------------------------------------------------------------------------------------------------


def _statement() -> Any:
    account_id: Any = bindparam("account_id")
    return together(
        _steps_part(account_id),
        _finished_part(account_id),
        _milestones_part(account_id),
        _escalations_part(account_id),
        _touchpoint_part(account_id),
        _snapshot_part(account_id),
        _alerts_part(account_id),
        _objectives_part(account_id),
        _feeling_part(account_id),
    )


def _steps_part(account_id: Any) -> Any:
    return (
        part(
            "step",
            id=col(Step.id),
            title=col(Step.title),
            about=col(Run.title),
            state=col(Step.status),
            day=col(Step.due_on),
            day_before=col(Step.first_due_on),
            **_member_columns(),
        )
        .select_from(Step)
        .join(Run, and_(col(Run.id) == Step.run_id, col(Run.status) == constant(RunStatus.ACTIVE)))
        .join(Member, col(Member.id) == Step.assignee_id)
        .where(
            col(Step.account_id) == account_id,
            col(Step.status).in_([constant(status) for status in sorted(ACTIONABLE)]),
        )
    )


def _member_columns() -> dict[str, Any]:
    return {
        "number": col(Member.id),
        "person": col(Member.name),
        "slack_user_id": col(Member.slack_user_id),
        "timezone": col(Member.timezone),
    }


def _finished_part(account_id: Any) -> Any:
    return part("finished", number=func.count(col(Step.id))).where(
        col(Step.account_id) == account_id,
        col(Step.status) == constant(StepStatus.DONE),
        col(Step.finished_at) >= bindparam("lately"),
    )


def _milestones_part(account_id: Any) -> Any:
    return part(
        "milestone",
        id=col(Milestone.id),
        title=col(Milestone.title),
        kind=col(Milestone.kind),
        state=col(Milestone.status),
        day=col(Milestone.target_date),
        at=col(Milestone.reached_at),
    ).where(col(Milestone.account_id) == account_id)


def _escalations_part(account_id: Any) -> Any:
    return (
        part(
            "escalation",
            id=col(Escalation.id),
            title=col(Escalation.ask),
            kind=col(Escalation.severity),
            state=col(Escalation.status),
            day=col(Escalation.deadline),
            **_member_columns(),
        )
        .select_from(Escalation)
        .join(Member, col(Member.id) == Escalation.owner_id)
        .where(col(Escalation.account_id) == account_id, col(Escalation.status) != constant(EscalationStatus.RESOLVED))
    )


def _touchpoint_part(account_id: Any) -> Any:
    """The planned touchpoint that fires first."""
    planned = and_(
        col(Touchpoint.account_id) == account_id, col(Touchpoint.status) == constant(TouchpointStatus.PLANNED)
    )
    first = select(col(Touchpoint.id)).where(planned).order_by(col(Touchpoint.fire_at)).limit(1).scalar_subquery()
    return (
        part(
            "touchpoint",
            id=col(Touchpoint.id),
            title=col(Step.title),
            kind=col(Touchpoint.kind),
            at=col(Touchpoint.fire_at),
            **_member_columns(),
        )
        .select_from(Touchpoint)
        .join(Step, col(Step.id) == Touchpoint.step_id, isouter=True)
        .join(Member, col(Member.id) == Step.assignee_id, isouter=True)
        .where(col(Touchpoint.id) == first)
    )


def _snapshot_part(account_id: Any) -> Any:
    """The day that is compared with, and all since."""
    day, same_account = col(HealthSnapshot.day), col(HealthSnapshot.account_id) == account_id
    in_time = day.between(bindparam("earliest"), bindparam("day"))
    newest = select(func.max(HealthSnapshot.day)).where(same_account, in_time).scalar_subquery()
    return part("snapshot", number=col(HealthSnapshot.score), day=day, data=col(HealthSnapshot.components)).where(
        same_account, day >= func.coalesce(newest, bindparam("day"))
    )


def _alerts_part(account_id: Any) -> Any:
    return part(
        "alert", id=col(Alert.id), title=col(Alert.title), about=col(Alert.why), kind=col(Alert.playbook_key)
    ).where(col(Alert.account_id) == account_id, col(Alert.status) == constant(AlertStatus.OPEN))


def _objectives_part(account_id: Any) -> Any:
    return part(
        "objective",
        id=col(Objective.id),
        title=col(Objective.title),
        state=col(Objective.status),
        day=col(Objective.due_on),
        at=col(Objective.closed_at),
    ).where(col(Objective.account_id) == account_id, col(Objective.status) != constant(ObjectiveStatus.DROPPED))


def _feeling_part(account_id: Any) -> Any:
    """Who logged the sentiment."""
    newest = (
        select(col(Signal.id))
        .where(col(Signal.account_id) == account_id, col(Signal.kind) == constant(SignalKind.SENTIMENT))
        .order_by(col(Signal.observed_at).desc(), col(Signal.id).desc())
        .limit(1)
        .scalar_subquery()
    )
    return (
        part("feeling", person=col(Member.name))
        .select_from(Signal)
        .join(Member, col(Member.id) == Signal.author_id)
        .where(col(Signal.id) == newest)
    )


_PAGE = Prepared(_statement)


def _scores() -> Any:
    """Oldest first: of several days of a week, the newest stays."""
    day = col(HealthSnapshot.day)
    return (
        select(day, col(HealthSnapshot.score))
        .where(col(HealthSnapshot.account_id) == bindparam("account_id"))
        .where(day > bindparam("since"), day < bindparam("today"))
        .order_by(day)
    )


_SCORES = Prepared(_scores)
