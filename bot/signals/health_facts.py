"""Loading what health is computed from: a few statements, however many accounts they are for."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Date, Row, and_, func, select
from sqlmodel import col

from bot.db import Reader
from bot.engine.calendars import local_date
from bot.library.health_config import HealthConfig
from bot.models import (
    ACTIONABLE,
    Account,
    HealthSnapshot,
    Member,
    Milestone,
    MilestoneKind,
    MilestoneStatus,
    Run,
    RunStatus,
    Sentiment,
    Step,
    StepStatus,
    Touch,
)
from bot.signals.components import HealthFacts, MilestoneFact, PastHealth
from bot.signals.health import Health, compute_health
from bot.signals.windows import load_measures

Healths = dict[int, tuple[HealthFacts, Health]]  # by account id
Scope = Callable[[Any], ColumnElement[bool]]  # which accounts, said of a column that holds an account's id

SNAPSHOT_SLACK = timedelta(days=14)  # a snapshot older than this before the day asked for tells nothing of that week


def among(account_ids: Iterable[int]) -> Scope:
    ids = list(account_ids)
    return lambda column: col(column).in_(ids)


def between(first: int, last: int) -> Scope:
    return lambda column: col(column).between(first, last)


@dataclass
class StepCounts:
    open: int = 0
    overdue: int = 0
    longest: int = 0  # days

    def add(self, due_on: date | None, timezone: str, now: datetime, number: int = 1) -> None:
        """Count open steps that are due on a day of the calendar of this time zone."""
        self.open += number
        late = (local_date(now, timezone) - due_on).days if due_on else 0
        if late > 0:
            self.overdue += number
            self.longest = max(self.longest, late)


async def load_health(reader: Reader, scope: Scope, config: HealthConfig, now: datetime) -> Healths:
    """The health of the accounts in scope that are not archived, by account id, with the facts it rests on."""
    facts = await load_health_facts(reader, scope, config, now)
    return {fact.account_id: (fact, compute_health(fact, config, now)) for fact in facts}


async def load_health_facts(reader: Reader, scope: Scope, config: HealthConfig, now: datetime) -> list[HealthFacts]:
    counts = await _step_counts(reader, scope, now)
    finished = await _finished_counts(
        reader, scope, now - timedelta(days=config.overdue_steps.counts_finished_for_days)
    )
    milestones = await _milestones(reader, scope)
    past = await _past(reader, scope, now.date() - timedelta(days=config.trend.compare_days))
    nothing = StepCounts()
    accounts = await _accounts(reader, scope)
    measured = await load_measures(reader, [row.id for row in accounts], config.measures, now)
    return [
        HealthFacts(
            account_id=row.id,
            segment=row.segment,
            touch=Touch(row.touch),
            sentiment=Sentiment(row.sentiment) if row.sentiment else None,
            sentiment_at=row.sentiment_at,
            last_contact_at=row.last_contact_at,
            steps_open=counts.get(row.id, nothing).open,
            steps_overdue=counts.get(row.id, nothing).overdue,
            longest_overdue_days=counts.get(row.id, nothing).longest,
            steps_finished=finished.get(row.id, 0),
            milestones=tuple(milestones.get(row.id, ())),
            measured=measured[row.id],
            past=past.get(row.id),
        )
        for row in accounts
    ]


async def _accounts(reader: Reader, scope: Scope) -> list[Row[Any]]:
    columns = (
        Account.id,
        Account.segment,
        Account.touch,
        Account.sentiment,
        Account.sentiment_at,
        Account.last_contact_at,
    )
    query = select(*map(col, columns)).where(scope(Account.id), col(Account.archived).is_(False))
    return list((await reader.execute(query.order_by(col(Account.id)))).all())


def first_due() -> ColumnElement[date]:
    """The day a step was due before anybody snoozed it: putting a step off changes nothing in its account's health."""
    return func.coalesce(col(Step.first_due_on), col(Step.due_on), type_=Date).label("due_on")


async def _step_counts(reader: Reader, scope: Scope, now: datetime) -> dict[int, StepCounts]:
    """Steps that can be done now, in runs that are not paused."""
    group = (col(Step.account_id), col(Member.timezone), first_due())
    query = (
        select(*group, func.count().label("number"))
        .join(Run, and_(col(Run.id) == Step.run_id, col(Run.status) == RunStatus.ACTIVE))
        .join(Member, col(Member.id) == Step.assignee_id)
        .where(scope(Step.account_id), col(Step.status).in_(ACTIONABLE))
        .group_by(*group)
    )
    counts: dict[int, StepCounts] = defaultdict(StepCounts)
    for row in (await reader.execute(query)).all():
        counts[row.account_id].add(row.due_on, row.timezone, now, row.number)
    return counts


async def _finished_counts(reader: Reader, scope: Scope, since: datetime) -> dict[int, int]:
    query = (
        select(col(Step.account_id), func.count().label("number"))
        .where(scope(Step.account_id), col(Step.status) == StepStatus.DONE, col(Step.finished_at) >= since)
        .group_by(col(Step.account_id))
    )
    return {row.account_id: row.number for row in (await reader.execute(query)).all()}


async def _milestones(reader: Reader, scope: Scope) -> dict[int, list[MilestoneFact]]:
    columns = (
        Milestone.account_id,
        Milestone.title,
        Milestone.kind,
        Milestone.status,
        Milestone.target_date,
        Milestone.reached_at,
    )
    query = select(*map(col, columns)).where(scope(Milestone.account_id)).order_by(col(Milestone.id))
    found: dict[int, list[MilestoneFact]] = defaultdict(list)
    for row in (await reader.execute(query)).all():
        found[row.account_id].append(milestone_fact(row.title, row.kind, row.status, row.target_date, row.reached_at))
    return found


def milestone_fact(
    title: str, kind: str, status: str, target_date: date | None, reached_at: datetime | None
) -> MilestoneFact:
    reached_on = reached_at.date() if reached_at else None
    return MilestoneFact(title, MilestoneKind(kind), MilestoneStatus(status), target_date, reached_on)


async def _past(reader: Reader, scope: Scope, day: date) -> Mapping[int, PastHealth]:
    """The last snapshot of each account up to a day."""
    newest = (
        select(col(HealthSnapshot.account_id), func.max(HealthSnapshot.day).label("day"))
        .where(scope(HealthSnapshot.account_id), col(HealthSnapshot.day).between(day - SNAPSHOT_SLACK, day))
        .group_by(col(HealthSnapshot.account_id))
        .subquery()
    )
    same = and_(newest.c.account_id == col(HealthSnapshot.account_id), newest.c.day == col(HealthSnapshot.day))
    columns = (HealthSnapshot.account_id, HealthSnapshot.day, HealthSnapshot.score, HealthSnapshot.components)
    query = select(*map(col, columns)).join(newest, same)
    return {
        row.account_id: PastHealth(row.day, row.score, row.components) for row in (await reader.execute(query)).all()
    }
