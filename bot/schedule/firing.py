"""Firing what is due: claimed in batches, looked at once more, and turned into deliveries, one transaction a batch."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

import structlog
from sqlalchemy import Table, bindparam, func, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.escalations import climb
from bot.engine.outbox import enqueue, enqueue_steps, member_lane, refresh_homes
from bot.models import (
    AccountRole,
    DeliveryKind,
    Escalation,
    EscalationStatus,
    Member,
    MemberRole,
    Milestone,
    MilestoneStatus,
    Run,
    Step,
    Touchpoint,
    TouchpointKind,
    TouchpointStatus,
)
from bot.models.columns import constant
from bot.schedule.deciding import (
    STRENGTH,
    Candidate,
    Decision,
    Defer,
    Fire,
    Recipient,
    Skip,
    decide_firing,
    next_working_time,
)
from bot.services import Services

K = TypeVar("K")

log = structlog.get_logger(__name__)

LOOK_AGAIN = timedelta(seconds=10)
BATCH = 500
TOUCHPOINTS: Table = Touchpoint.__table__  # type: ignore[attr-defined]  # SQLModel does not declare it
NOT_OF_STEPS = (TouchpointKind.CELEBRATION, TouchpointKind.UNACKNOWLEDGED)


@dataclass
class FiringReport:
    """How many touchpoints were fired, skipped and put off."""

    fired: int = 0
    skipped: int = 0
    deferred: int = 0

    def add(self, other: "FiringReport") -> None:
        self.fired += other.fired
        self.skipped += other.skipped
        self.deferred += other.deferred

    @property
    def total(self) -> int:
        return self.fired + self.skipped + self.deferred


async def fire_due(services: Services, now: datetime) -> FiringReport:
    """Fire everything whose time has come. Other processes may do the same: a touchpoint is fired by one of them."""
    report = FiringReport()
    for fire_batch in (_fire_steps, _fire_others):
        while True:
            async with services.database.long_transaction() as session:
                batch = await fire_batch(services, session, now)
            report.add(batch)
            if batch.total < BATCH:
                break
            await asyncio.sleep(0)  # others get their turn between batches
    if report.total:
        log.info("touchpoints_fired", fired=report.fired, skipped=report.skipped, deferred=report.deferred)
        services.wake()
    return report


async def next_due_at(connection: AsyncConnection) -> datetime | None:
    """When the next planned touchpoint is due."""
    query = select(func.min(Touchpoint.fire_at)).where(col(Touchpoint.status) == constant(TouchpointStatus.PLANNED))
    due: datetime | None = (await connection.execute(query)).scalar_one()
    return due


# --- touchpoints of steps ---------------------------------------------------------------------------------------------


async def _fire_steps(services: Services, session: AsyncSession, now: datetime) -> FiringReport:
    candidates = await _claim_candidates(session, now)
    if not candidates:
        return FiringReport()
    recipients = await _recipients(session, candidates)
    decisions = _decide(candidates, recipients, now)
    await _apply(services, session, decisions, recipients, now)
    return _count(decision for _, decision in decisions)


async def _claim_candidates(session: AsyncSession, now: datetime) -> list[Candidate]:
    """The earliest due touchpoints of steps, locked until this transaction ends.

    Plain columns instead of entities: this is the hot path when a whole team's morning fires at once.
    """
    query = (
        select(
            Touchpoint.id,
            Touchpoint.kind,
            Touchpoint.at_once,
            Step.id,
            col(Step.status).label("step_status"),
            col(Run.status).label("run_status"),
            Step.account_id,
            Step.assignee_id,
        )  # type: ignore[call-overload]  # sqlmodel types up to four columns
        .join(Step, col(Step.id) == Touchpoint.step_id)
        .join(Run, col(Run.id) == Step.run_id)
        .where(col(Touchpoint.status) == constant(TouchpointStatus.PLANNED), col(Touchpoint.fire_at) <= now)
        .order_by(col(Touchpoint.fire_at))
        .limit(BATCH)
        .with_for_update(of=Touchpoint, skip_locked=True)
    )
    return [Candidate(*row) for row in (await session.exec(query)).all()]


async def _recipients(session: AsyncSession, candidates: Sequence[Candidate]) -> dict[int, Recipient]:
    """Who hears of each candidate, by touchpoint: the step's assignee, or the account's CSM for one who has left."""
    assignees = {candidate.assignee_id for candidate in candidates}
    members = {member.id: _recipient(member) for member in await _members(session, assignees)}
    orphaned = {c.account_id for c in candidates if not members[c.assignee_id].active}
    csms: dict[int, Recipient] = {}
    if orphaned:
        query = (
            select(AccountRole.account_id, Member)
            .join(Member, col(Member.id) == AccountRole.member_id)
            .where(col(AccountRole.account_id).in_(orphaned), AccountRole.role == MemberRole.CSM)
        )
        csms = {account_id: _recipient(member) for account_id, member in (await session.exec(query)).all()}
    return {
        c.touchpoint_id: members[c.assignee_id]
        if members[c.assignee_id].active
        else csms.get(c.account_id, members[c.assignee_id])
        for c in candidates
    }


async def _members(session: AsyncSession, ids: Iterable[int]) -> Sequence[Member]:
    return (await session.exec(select(Member).where(col(Member.id).in_(list(ids))))).all()


def _recipient(member: Member) -> Recipient:
    return Recipient(
        member.id, member.timezone, member.country, member.workday_start, member.workday_end, member.active
    )


def _decide(
    candidates: Sequence[Candidate], recipients: Mapping[int, Recipient], now: datetime
) -> list[tuple[Candidate, Decision]]:
    strongest: dict[int, TouchpointKind] = {}
    for candidate in candidates:
        known = strongest.get(candidate.step_id)
        if known is None or STRENGTH[candidate.kind] > STRENGTH[known]:
            strongest[candidate.step_id] = candidate.kind
    works_from = {recipient: next_working_time(recipient, now) for recipient in set(recipients.values())}
    return [(c, decide_firing(c, strongest[c.step_id], works_from[recipients[c.touchpoint_id]])) for c in candidates]


async def _apply(
    services: Services,
    session: AsyncSession,
    decisions: Sequence[tuple[Candidate, Decision]],
    recipients: Mapping[int, Recipient],
    now: datetime,
) -> None:
    fired = [candidate for candidate, decision in decisions if isinstance(decision, Fire)]
    hurried = {recipients[c.touchpoint_id].member_id for c in fired if c.at_once}
    wait = timedelta(seconds=services.settings.coalesce_seconds)
    members = {recipients[c.touchpoint_id].member_id for c in fired}
    deliveries = await enqueue_steps(session, {m: timedelta() if m in hurried else wait for m in members}, now)
    await refresh_homes(session, members, now)
    told = [{"b_id": c.touchpoint_id, "b_delivery": deliveries[recipients[c.touchpoint_id].member_id]} for c in fired]
    if told:  # what differs from row to row goes in one call to the driver, what is the same in one statement
        of_each = update(TOUCHPOINTS).where(TOUCHPOINTS.c.id == bindparam("b_id"))
        await (await session.connection()).execute(of_each.values(delivery_id=bindparam("b_delivery")), told)
        await _set(session, [c.touchpoint_id for c in fired], status=TouchpointStatus.FIRED, fired_at=now)
    for reason, ids in _grouped((d.reason, c) for c, d in decisions if isinstance(d, Skip)).items():
        await _set(session, ids, status=TouchpointStatus.SKIPPED, skip_reason=reason)
    for until, ids in _grouped((d.until, c) for c, d in decisions if isinstance(d, Defer)).items():
        await _set(session, ids, fire_at=until)


def _grouped(pairs: Iterable[tuple[K, Candidate]]) -> dict[K, list[int]]:
    """The ids of touchpoints by what becomes of them: one statement for each instead of one for each row."""
    groups: dict[K, list[int]] = {}
    for key, candidate in pairs:
        groups.setdefault(key, []).append(candidate.touchpoint_id)
    return groups


async def _set(session: AsyncSession, touchpoint_ids: list[int], **values: Any) -> None:
    statement = update(TOUCHPOINTS).where(TOUCHPOINTS.c.id.in_(touchpoint_ids)).values(**values)
    await (await session.connection()).execute(statement)


def _count(decisions: Iterable[Decision]) -> FiringReport:
    kinds = Counter(type(decision) for decision in decisions)
    return FiringReport(kinds[Fire], kinds[Skip], kinds[Defer])


# --- celebrations, and escalations nobody took ------------------------------------------------------------------------


async def _fire_others(services: Services, session: AsyncSession, now: datetime) -> FiringReport:
    query = (
        select(Touchpoint)
        .where(
            col(Touchpoint.status) == constant(TouchpointStatus.PLANNED),
            Touchpoint.fire_at <= now,
            col(Touchpoint.kind).in_(NOT_OF_STEPS),
        )
        .order_by(col(Touchpoint.fire_at))
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    decisions: list[Decision] = []
    for touchpoint in (await session.exec(query)).all():
        if touchpoint.kind is TouchpointKind.CELEBRATION:
            decision = await _celebrate(session, touchpoint, now)
        else:
            decision = await _climb(services, session, touchpoint, now)
        decisions.append(decision)
        if isinstance(decision, Skip):
            touchpoint.status, touchpoint.skip_reason = TouchpointStatus.SKIPPED, decision.reason
        elif isinstance(decision, Defer):
            touchpoint.fire_at = decision.until
        else:
            touchpoint.status, touchpoint.fired_at = TouchpointStatus.FIRED, now
    return _count(decisions)


async def _celebrate(session: AsyncSession, touchpoint: Touchpoint, now: datetime) -> Decision:
    milestone = await session.get_one(Milestone, touchpoint.milestone_id)
    if milestone.status is not MilestoneStatus.REACHED:
        return Skip(f"the milestone is {milestone.status}")
    query = select(AccountRole.member_id).where(
        AccountRole.account_id == touchpoint.account_id, AccountRole.role == MemberRole.CSM
    )
    csm = (await session.exec(query)).one_or_none()
    if csm is None:
        return Skip("the account has no CSM")
    touchpoint.delivery_id = await enqueue(
        session,
        DeliveryKind.CELEBRATION,
        now,
        lane=member_lane(csm),
        member_id=csm,
        account_id=touchpoint.account_id,
        payload={"milestone_id": milestone.id},
    )
    return Fire()


async def _climb(services: Services, session: AsyncSession, touchpoint: Touchpoint, now: datetime) -> Decision:
    query = select(Escalation).where(Escalation.id == touchpoint.escalation_id)
    escalation = (await session.exec(query.with_for_update(skip_locked=True))).one_or_none()
    if escalation is None:  # somebody is answering it this very moment: waiting could be waiting for each other
        return Defer(now + LOOK_AGAIN)
    if escalation.acknowledged_at or escalation.status is EscalationStatus.RESOLVED:
        return Skip("somebody took the escalation")
    await climb(session, services.library, escalation, now)
    return Fire()
