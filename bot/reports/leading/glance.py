"""The team in numbers, and the lists behind them."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select
from sqlmodel import col

from bot.db import Reader
from bot.engine.calendars import local_date
from bot.library.library import Library
from bot.library.schema import Category
from bot.models import (
    ACTIONABLE,
    Account,
    AccountRole,
    Escalation,
    EscalationStatus,
    Member,
    MemberRole,
    Run,
    RunStatus,
    Step,
)
from bot.models.columns import constant
from bot.reports.account_head import Statement
from bot.slack.leading.glance import AtRiskRow, Glance, OverdueRow

RUNNING = col(Run.status) == constant(RunStatus.ACTIVE)


async def load_glance(reader: Reader, library: Library, now: datetime, timezone: str) -> Glance:
    """Overdue is counted in the reader's zone."""
    overdue: Statement = (
        select(func.count().label("steps"), func.count(col(Step.assignee_id).distinct()).label("people"))
        .select_from(Step)
        .join(Run, col(Run.id) == Step.run_id)
        .where(RUNNING, _overdue(now, timezone))
    )
    steps = (await reader.execute(overdue)).one()
    unresolved = col(Escalation.status) != EscalationStatus.RESOLVED
    return Glance(
        accounts=await _count(reader, Account, col(Account.archived).is_(False)),
        overdue=steps.steps,
        people_overdue=steps.people,
        escalations=await _count(reader, Escalation, unresolved),
        at_risk=await _count(reader, Run, and_(RUNNING, _at_risk(library))),
    )


async def _count(reader: Reader, table: Any, which: ColumnElement[bool]) -> int:
    number: int = (await reader.execute(select(func.count()).select_from(table).where(which))).scalar_one()
    return number


def _overdue(now: datetime, timezone: str) -> ColumnElement[bool]:
    return and_(col(Step.status).in_(ACTIONABLE), col(Step.due_on) < local_date(now, timezone))


def _at_risk(library: Library) -> ColumnElement[bool]:
    """The playbooks that are at-risk ones as they are approved now."""
    known = (library.approved(key) for key in library.catalog.playbooks)
    return col(Run.playbook_key).in_([p.key for p in known if p and p.category is Category.AT_RISK])


async def load_overdue(reader: Reader, now: datetime, timezone: str) -> list[OverdueRow]:
    """By person, those with the most first."""
    query: Statement = (
        select(col(Member.name), func.count().label("steps"), func.min(col(Step.due_on)).label("oldest"))
        .join(Step, col(Step.assignee_id) == Member.id)
        .join(Run, col(Run.id) == Step.run_id)
        .where(RUNNING, _overdue(now, timezone))
        .group_by(col(Member.id), col(Member.name))
        .order_by(func.count().desc(), col(Member.name))
    )
    return [OverdueRow(row.name, row.steps, row.oldest) for row in (await reader.execute(query)).all()]


async def load_at_risk(reader: Reader, library: Library, now: datetime, timezone: str) -> list[AtRiskRow]:
    """The at-risk playbooks that run, those that run the longest first."""
    late = and_(col(Step.run_id) == Run.id, _overdue(now, timezone))
    is_csm = and_(col(AccountRole.account_id) == Account.id, col(AccountRole.role) == MemberRole.CSM)
    query: Statement = (
        select(
            *(col(Account.name).label("account"), col(Run.title), col(Run.started_on), col(Member.name).label("csm")),
            select(func.count()).select_from(Step).where(late).correlate(Run).scalar_subquery().label("overdue"),
        )
        .join(Account, col(Account.id) == Run.account_id)
        .join(AccountRole, is_csm, isouter=True)
        .join(Member, col(Member.id) == AccountRole.member_id, isouter=True)
        .where(RUNNING, _at_risk(library))
        .order_by(col(Run.started_on), col(Run.id))
    )
    rows = (await reader.execute(query)).all()
    return [AtRiskRow(row.account, row.title, row.started_on, row.csm or "no CSM", row.overdue) for row in rows]
