"""An escalation with the account's context, as its channel sees it; and whom one can be raised to."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.actors import Actor
from bot.engine.calendars import local_date
from bot.engine.permissions import require_may_escalate
from bot.engine.state import load_team
from bot.errors import InvalidInput, NotFound
from bot.library.library import Library
from bot.models import Account, Escalation, EscalationStatus, Member, MemberRole, Retrospective, Run, Step
from bot.reports.health_words import load_health_words
from bot.slack.escalate_modals import EscalationHead, Target
from bot.slack.escalation_message import EscalationCard, Person
from bot.slack.payloads import EscalationRef
from bot.slack.text import money_words

GONE = "That escalation is not there any more."


async def load_escalation_card(
    session: AsyncSession, library: Library, escalation_id: int, now: datetime
) -> EscalationCard | None:
    """The escalation for its channel, revenue included: see bot.slack.escalation_message. None when it is gone."""
    query = (
        select(Escalation, Account, Member)
        .join(Account, col(Account.id) == Escalation.account_id)
        .join(Member, col(Member.id) == Escalation.owner_id)
        .where(Escalation.id == escalation_id)
    )
    found = (await session.exec(query)).one_or_none()
    if found is None:
        return None
    escalation, account, owner = found
    names = await _names(session, escalation)
    zone = ZoneInfo(owner.timezone)
    csm = (await load_team(session, account.id)).csm
    health = await load_health_words(session, library, [account.id], now)
    return EscalationCard(
        escalation_id=escalation.id,
        status=escalation.status,
        severity=escalation.severity,
        rung=escalation.rung,
        account=account.name,
        owner=Person(owner.name, owner.slack_user_id),
        raised_by=names.get(escalation.raised_by_id),
        raised_at=escalation.created_at.astimezone(zone),
        today=local_date(now, owner.timezone),
        ask=escalation.ask,
        tried=escalation.tried,
        deadline=escalation.deadline,
        arr=money_words(account.arr, account.currency),
        renewal_date=account.renewal_date,
        health=health.get(account.id),
        csm=csm.name if csm else None,
        acknowledged_by=names.get(escalation.acknowledged_by_id),
        acknowledged_at=_local(escalation.acknowledged_at, zone),
        resolved_by=names.get(escalation.resolved_by_id),
        resolved_at=_local(escalation.resolved_at, zone),
        resolution=escalation.resolution,
        code_red=escalation.code_red,
        looked_back=await _is_looked_back_at(session, escalation),
        **await _step_words(session, escalation.step_id),
    )


async def load_escalation_head(session: AsyncSession, escalation_id: int) -> EscalationHead:
    query = (
        select(Escalation, Account.name)
        .join(Account, col(Account.id) == Escalation.account_id)
        .where(Escalation.id == escalation_id)
    )
    found = (await session.exec(query)).one_or_none()
    if found is None:
        raise NotFound(GONE)
    escalation, account = found
    return EscalationHead(EscalationRef(escalation=escalation.id), account, escalation.ask)


async def load_targets(
    session: AsyncSession, account: Account, reader: Actor, step: Step | None = None
) -> list[Target]:
    """Whom the reader can escalate to for this account. Without a leader of its own, any leader.

    Raises NotAllowed for a reader who may not, before they have written anything.
    """
    team = await load_team(session, account.id)
    require_may_escalate(reader, step, team.roles)
    targets = [
        Target(role, member.name) for role in (MemberRole.AE, MemberRole.LEADER) if (member := team.in_role(role))
    ]
    if not team.in_role(MemberRole.LEADER):
        leaders = select(Member).where(Member.role == MemberRole.LEADER, col(Member.active)).order_by(col(Member.id))
        if leader := (await session.exec(leaders.limit(1))).first():
            targets.append(Target(MemberRole.LEADER, leader.name))
    if not targets:
        raise InvalidInput(f"There is nobody to escalate to. Set a leader with `/account edit {account.key}`.")
    return targets


async def _names(session: AsyncSession, escalation: Escalation) -> dict[int | None, str]:
    ids = {escalation.raised_by_id, escalation.acknowledged_by_id, escalation.resolved_by_id} - {None}
    members = (await session.exec(select(Member).where(col(Member.id).in_(ids)))).all()
    return {member.id: member.name for member in members}


async def _is_looked_back_at(session: AsyncSession, escalation: Escalation) -> bool:
    if escalation.status is not EscalationStatus.RESOLVED:
        return False
    query = select(Retrospective.id).where(Retrospective.escalation_id == escalation.id)
    return (await session.exec(query)).first() is not None


async def _step_words(session: AsyncSession, step_id: int | None) -> dict[str, str]:
    query = select(Step.title, Run.title).join(Run, col(Run.id) == Step.run_id).where(Step.id == step_id)
    found = (await session.exec(query)).one_or_none() if step_id else None
    return {"step": found[0], "playbook": found[1]} if found else {}


def _local(moment: datetime | None, zone: ZoneInfo) -> datetime | None:
    return moment.astimezone(zone) if moment else None
