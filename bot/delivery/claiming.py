"""Taking deliveries to send, so that no two processes send the same one and a lane keeps its order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import ColumnElement, Integer, Select, and_, bindparam, case, exists, func, or_, select, update
from sqlalchemy.orm import aliased
from sqlalchemy.sql.dml import ReturningUpdate
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.db import Database
from bot.delivery.writing import Writer
from bot.models import Delivery, DeliveryKind, DeliveryStatus, TimelineEntry
from bot.models.columns import UtcDateTime, constant, rarely
from bot.models.outbox import UNSENT
from bot.prepared import Prepared

# Redrawing has limits of its own, wide enough to need no pace, and must not wait behind messages: only a second redraw
# of the same thing waits for the first.
UNPACED = frozenset({DeliveryKind.REDRAW, DeliveryKind.HOME})

# A delivery that fails keeps its lane waiting for about a minute; after these attempts what comes later may pass it.
# A mail keeps nobody waiting: those in its lane are to other people.
ATTEMPTS_THAT_HOLD_THE_LANE = 5


@dataclass(frozen=True, slots=True)
class Claim:
    """`mark` is how far the timeline had come, to which every change adds: what is built from now on knows of it."""

    deliveries: Sequence[Delivery]
    mark: int


async def claim(database: Database, writer: Writer, now: datetime, lease_until: datetime, limit: int) -> Claim:
    """Lease up to `limit` deliveries that are due, at most the first unsent one of each lane.

    An expired lease is claimed like a pending delivery. `attempts` counts the claims: from the second on, an earlier
    one may have reached Slack.
    """
    async with database.glance() as reader:
        if not await _CLAIMABLE.rows(reader, {"now": now, "limit": 1}):
            return Claim([], 0)  # the usual case, without taking the write lock
    return await writer.run(lambda session: lease(session, now, lease_until, limit))


async def lease(session: AsyncSession, now: datetime, lease_until: datetime, limit: int) -> Claim:
    mark = await session.scalar(select(func.max(col(TimelineEntry.id)))) or 0
    leased = await session.exec(_leasing(), params={"now": now, "until": lease_until, "limit": limit})
    return Claim(leased.scalars().all(), mark)


@cache
def _leasing() -> ReturningUpdate[Delivery]:
    due = _claimable().with_for_update(skip_locked=True).cte("due")
    return (
        update(Delivery)
        .where(col(Delivery.id).in_(select(due.c.id)))
        .values(status=DeliveryStatus.LEASED, lease_until=bindparam("until"), attempts=col(Delivery.attempts) + 1)
        .returning(Delivery)
        .execution_options(synchronize_session=False)
    )


def _claimable() -> Select[int]:
    """The ids that may be claimed. The conditions on status and lease stand on the outermost level, because PostgreSQL
    checks only those again on a row that another process has just changed."""
    earlier = aliased(Delivery)
    before = exists().where(
        UNSENT,
        col(earlier.lane) == col(Delivery.lane),  # of one queue are only those of one lane; there is an index on it
        col(earlier.id) < col(Delivery.id),
        _queue(earlier) == _queue(Delivery),
        _keeps_others_waiting(earlier),
    )
    return (
        select(col(Delivery.id))
        .where(
            UNSENT,
            rarely(col(Delivery.available_at) <= _NOW),
            or_(col(Delivery.status) == constant(DeliveryStatus.PENDING), col(Delivery.lease_until) <= _NOW),
            col(Delivery.kind).in_(_KNOWN),
            ~before,
        )
        .order_by(col(Delivery.available_at), col(Delivery.id))
        .limit(bindparam("limit", type_=Integer))
    )


_NOW = bindparam("now", type_=UtcDateTime)
_KNOWN = [constant(kind) for kind in DeliveryKind]  # a release that adds one runs beside this one for a while
_CLAIMABLE = Prepared(_claimable)


def _keeps_others_waiting(delivery: type[Delivery]) -> ColumnElement[bool]:
    return or_(
        col(delivery.available_at) <= _NOW,
        and_(
            col(delivery.attempts) > 0,
            col(delivery.attempts) <= ATTEMPTS_THAT_HOLD_THE_LANE,
            col(delivery.kind) != DeliveryKind.EMAIL,
        ),
    )


def _queue(delivery: type[Delivery]) -> ColumnElement[str]:
    """Deliveries of one queue go one after the other."""
    redraws = func.coalesce(col(delivery.merge_key), col(delivery.lane))
    return case(
        (col(delivery.kind).in_([constant(kind) for kind in sorted(UNPACED)]), redraws), else_=col(delivery.lane)
    )
