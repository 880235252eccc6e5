"""What one member's Home tab shows."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, CompoundSelect, case, func, union
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.actors import Actor
from bot.engine.calendars import local_date
from bot.library.library import Library
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
    Severity,
    Stage,
    Step,
)
from bot.models.columns import constant
from bot.reports.agenda import load_agenda
from bot.reports.alerts import load_open_alerts
from bot.reports.health_words import load_health_words
from bot.reports.leading.glance import load_glance
from bot.slack.home_view import AccountRow, EscalationRow, Home

SHOWN = 200  # rows read: more than the tab shows, so that the others can be counted
UNRESOLVED = col(Escalation.status) != constant(EscalationStatus.RESOLVED)
GRAVITY = case({severity: rank for rank, severity in enumerate(reversed(Severity))}, value=col(Escalation.severity))


async def load_home(session: AsyncSession, library: Library, reader: Actor, now: datetime) -> Home:
    me = reader.member_id
    concerns_me = col(Escalation.id).in_(_escalations_of(me))
    return Home(
        today=local_date(now, reader.timezone),
        alerts=tuple(await load_open_alerts(session, library, reader, now)),
        agenda=await load_agenda(session, library, reader, now),
        escalations=await _escalations(session, concerns_me, reader),
        team_escalations=await _escalations(session, ~concerns_me, reader) if reader.leads else (),
        accounts=await _accounts(session, library, me, now),
        glance=await load_glance(await session.connection(), library, now, reader.timezone) if reader.leads else None,
    )


def _escalations_of(member_id: int) -> CompoundSelect[int]:
    """The unresolved ones they own or raised, or that are about their accounts: each by an index of its own."""
    my_book = select(AccountRole.account_id).where(
        AccountRole.member_id == member_id, AccountRole.role == MemberRole.CSM
    )
    mine = (
        col(Escalation.owner_id) == member_id,
        col(Escalation.raised_by_id) == member_id,
        col(Escalation.account_id).in_(my_book),
    )
    return union(*(select(Escalation.id).where(UNRESOLVED, which) for which in mine))


async def _escalations(session: AsyncSession, which: ColumnElement[bool], reader: Actor) -> tuple[EscalationRow, ...]:
    query = (
        select(Escalation, Account.name, Member.name)
        .join(Account, col(Account.id) == Escalation.account_id)
        .join(Member, col(Member.id) == Escalation.owner_id)
        .where(UNRESOLVED, which)
        .order_by(GRAVITY, col(Escalation.created_at))
        .limit(SHOWN)
    )
    return tuple(
        EscalationRow(
            e.id,
            e.severity,
            e.status,
            account,
            owner,
            e.ask,
            e.deadline,
            offers_taking=reader.leads or e.owner_id == reader.member_id,
        )
        for e, account, owner in (await session.exec(query)).all()
    )


async def _accounts(session: AsyncSession, library: Library, member_id: int, now: datetime) -> tuple[AccountRow, ...]:
    """The accounts the member has a role on, the next renewal first, and those who have left last."""
    mine = select(AccountRole.account_id).where(AccountRole.member_id == member_id)
    query = (
        select(Account)
        .where(col(Account.id).in_(mine), col(Account.archived).is_(False))
        .order_by(
            col(Account.stage) == Stage.CHURNED,
            col(Account.renewal_date).is_(None),
            col(Account.renewal_date),
            col(Account.name),
        )
        .limit(SHOWN)
    )
    accounts = (await session.exec(query)).all()
    ids = [account.id for account in accounts]
    health = await load_health_words(session, library, ids, now)
    open_steps = await _open_steps(session, ids)
    return tuple(
        AccountRow(a.key, a.name, a.stage, health.get(a.id), a.renewal_date, open_steps.get(a.id, 0)) for a in accounts
    )


async def _open_steps(session: AsyncSession, account_ids: Sequence[int]) -> dict[int, int]:
    query = (
        select(Step.account_id, func.count())
        .join(Run, col(Run.id) == Step.run_id)
        .where(
            col(Step.account_id).in_(account_ids),
            col(Step.status).in_(ACTIONABLE),
            Run.status == RunStatus.ACTIVE,
        )
        .group_by(col(Step.account_id))
    )
    return dict((await session.exec(query)).all())
