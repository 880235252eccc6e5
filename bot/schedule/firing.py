"""Firing what is due: claimed in batches, looked at once more, and turned into deliveries, one transaction a batch."""

import time
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import func, text
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.contact_history import keys_of
from bot.engine.escalations import climb
from bot.engine.outbox import enqueue, enqueue_steps, member_lane, pending_steps
from bot.errors import TryAgain
from bot.library.schema import Category
from bot.models import (
    AccountRole,
    DeliveryKind,
    Escalation,
    EscalationStatus,
    MemberRole,
    Milestone,
    MilestoneStatus,
    Touchpoint,
    TouchpointKind,
    TouchpointStatus,
)
from bot.models.columns import constant
from bot.schedule.automatic import send_automatic
from bot.schedule.claiming import claim_due, mark
from bot.schedule.deciding import Decision, Defer, Fire, Outcome, Skip, concerns_customers, decide_batch
from bot.schedule.keeping_away import keep_away
from bot.schedule.overdue import tell_accountable
from bot.schedule.recipients import load_recipients
from bot.services import Services
from bot.telemetry import TOUCHPOINTS

log = structlog.get_logger(__name__)

LOOK_AGAIN = timedelta(seconds=10)
BATCH = 2_000  # of steps
SHORT_WAIT = text("SET LOCAL lock_timeout = '100ms'")
BATCH_ALONE = 5_000  # on SQLite, where no other worker waits for its share: some 80 ms with the database's only writer
BATCH_OF_OTHERS = 100  # each of which takes statements of its own
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
    report = await _fire_due_steps(services, now)
    while True:
        began = time.monotonic()
        async with services.database.long_transaction() as session:
            batch = await _fire_others(services, session, now, BATCH_OF_OTHERS)
        report.add(batch)
        if batch.total < BATCH_OF_OTHERS:
            break
        await services.database.make_way(time.monotonic() - began)
    for outcome, number in asdict(report).items():
        TOUCHPOINTS.labels(outcome).inc(number)
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


async def _fire_due_steps(services: Services, now: datetime) -> FiringReport:
    """Batch after batch. What concerns customers waits until all such steps were looked at, which many mails make long:
    what is put off, or goes by itself, is not due any more after that.
    """
    report, are_looked_at = FiringReport(), False
    number = BATCH_ALONE if services.database.is_sqlite else BATCH
    expansion = frozenset(keys_of(services.library, Category.EXPANSION))
    while True:
        began = time.monotonic()
        async with services.database.long_transaction() as session:
            rows = await claim_due(await session.connection(), now, number)
            may_fire = rows if are_looked_at else [row for row in rows if not concerns_customers(row, expansion)]
            batch = await _fire_steps(services, session, may_fire, now) if may_fire else FiringReport()
        took = time.monotonic() - began
        report.add(batch)
        if len(may_fire) < len(rows):
            await keep_away(services, now)
            await send_automatic(services, now)
            are_looked_at = True
        elif len(rows) < number:
            return report
        await services.database.make_way(took)


async def _fire_steps(
    services: Services, session: AsyncSession, rows: Sequence[Sequence[Any]], now: datetime
) -> FiringReport:
    connection = await session.connection()
    outcome = decide_batch(rows, await load_recipients(connection, rows), now)
    if outcome.fired:
        deliveries = await _fire(services, session, outcome, now)
        await tell_accountable(session, services.library, _overdue_steps(rows, deliveries), now)
    for reason, ids in outcome.skipped.items():
        await mark(connection, dict.fromkeys(ids), status=TouchpointStatus.SKIPPED, skip_reason=reason)
    for until, ids in outcome.deferred.items():
        await mark(connection, dict.fromkeys(ids), fire_at=until)
    return FiringReport(*(sum(map(len, ids.values())) for ids in (outcome.fired, outcome.skipped, outcome.deferred)))


def _overdue_steps(rows: Sequence[Sequence[Any]], fired: Collection[int]) -> list[int]:
    """The steps of those claimed rows (see `parse_candidate`) that fire because they are overdue."""
    return [row[3] for row in rows if row[0] in fired and row[1] == TouchpointKind.OVERDUE]


async def _fire(services: Services, session: AsyncSession, outcome: Outcome, now: datetime) -> dict[int, int]:
    """Mark as fired what fires, each with the message it goes into. Returns the deliveries by touchpoint.

    Two workers cannot put something into one person's message at once. Where there are several, the messages are found
    before the marking, which takes most of the time, and held only after it: what went out meanwhile is marked again.
    """
    connection, values = await session.connection(), {"status": TouchpointStatus.FIRED, "fired_at": now}
    waits = _waits(services, outcome)
    expected = {} if services.database.is_sqlite else await _find_messages(services, session, waits, now)
    found = {member: ids for member, ids in outcome.fired.items() if member in expected}
    await mark(connection, _by_touchpoint(found, expected), **values)
    messages = await enqueue_steps(session, waits, now, with_homes=True)  # from here on nobody else adds to them
    other = {member: ids for member, ids in outcome.fired.items() if messages[member] != expected.get(member)}
    await mark(connection, _by_touchpoint(other, messages), **values)
    return _by_touchpoint(outcome.fired, messages)


def _waits(services: Services, outcome: Outcome) -> dict[int, timedelta]:
    """For how long each member's message waits for others to join it."""
    wait = timedelta(seconds=services.settings.coalesce_seconds)
    return {member: timedelta() if member in outcome.hurried else wait for member in outcome.fired}


async def _find_messages(
    services: Services, session: AsyncSession, waits: Mapping[int, timedelta], now: datetime
) -> dict[int, int]:
    """The pending message of each member. One that is not there yet is made in a transaction of its own, so that it is
    there for all workers; should this one end before it fires anything, nothing is sent.

    That transaction does not wait for long: PostgreSQL cannot know that this process, which has locked touchpoints,
    waits for it, and who holds the message may wait for a touchpoint.
    """
    pending = await pending_steps(session, waits)
    if missing := {member: wait for member, wait in waits.items() if member not in pending}:
        with suppress(TryAgain):
            async with services.database.transaction() as apart:
                await (await apart.connection()).execute(SHORT_WAIT)
                pending |= await enqueue_steps(apart, missing, now)
    return pending


def _by_touchpoint(fired: Mapping[int, Sequence[int]], deliveries: Mapping[int, int]) -> dict[int, int]:
    return {touchpoint: deliveries[member] for member, ids in fired.items() for touchpoint in ids}


# --- celebrations, and escalations nobody took ------------------------------------------------------------------------


async def _fire_others(services: Services, session: AsyncSession, now: datetime, number: int) -> FiringReport:
    query = (
        select(Touchpoint)
        .where(
            col(Touchpoint.status) == constant(TouchpointStatus.PLANNED),
            Touchpoint.fire_at <= now,
            col(Touchpoint.kind).in_(NOT_OF_STEPS),
        )
        .order_by(col(Touchpoint.fire_at))
        .limit(number)
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
    kinds = Counter(type(decision) for decision in decisions)
    return FiringReport(kinds[Fire], kinds[Skip], kinds[Defer])


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
