"""The health page of an account: why it is as it is, what moved, what is going on. One statement besides the head."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import and_, bindparam, func, select
from sqlmodel import col

from bot.db import Reader
from bot.engine.calendars import local_date
from bot.library.health_config import HealthConfig
from bot.models import (
    ACTIONABLE,
    Escalation,
    EscalationStatus,
    HealthSnapshot,
    Member,
    Milestone,
    Run,
    RunStatus,
    Severity,
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
from bot.signals.health import Health, HealthFacts, PastHealth, compute_health
from bot.signals.health_facts import SNAPSHOT_SLACK, StepCounts, milestone_fact


@dataclass(frozen=True, slots=True)
class OpenStep:
    """`late` is in days of the assignee's calendar; 0 when it is not overdue."""

    id: int
    title: str
    run_title: str
    status: StepStatus
    assignee: Person
    due_on: date | None
    late: int


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
class HealthPage:
    account: AccountHead
    health: Health
    steps: tuple[OpenStep, ...]  # the most overdue first
    escalations: tuple[OpenEscalation, ...]
    next_touchpoint: NextTouchpoint | None

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
    steps = _open_steps(rows.get("step", ()), now)
    facts = _facts(account, rows, now)
    return HealthPage(
        account=account,
        health=compute_health(facts, config, now),
        steps=steps,
        escalations=tuple(_escalation(row) for row in rows.get("escalation", ())),
        next_touchpoint=next((_touchpoint(row) for row in rows.get("touchpoint", ())), None),
    )


def _facts(account: AccountHead, rows: dict[str, list[Any]], now: datetime) -> HealthFacts:
    counts = StepCounts()
    for row in rows.get("step", ()):
        counts.add(row.day, row.timezone, now)
    past = next(iter(rows.get("snapshot", ())), None)
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
            late=max(0, (local_date(now, row.timezone) - row.day).days) if row.day else 0,
        )
        for row in rows
    ]
    return tuple(sorted(steps, key=lambda step: (step.due_on or date.max, step.id)))


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
    same_account = col(HealthSnapshot.account_id) == account_id
    in_time = col(HealthSnapshot.day).between(bindparam("earliest"), bindparam("day"))
    newest = select(func.max(HealthSnapshot.day)).where(same_account, in_time).scalar_subquery()
    return part(
        "snapshot", number=col(HealthSnapshot.score), day=col(HealthSnapshot.day), data=col(HealthSnapshot.components)
    ).where(same_account, col(HealthSnapshot.day) == newest)


_PAGE = Prepared(_statement)
