"""Taking deliveries to send, so that no two processes send the same one and a lane keeps its order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select, update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.db import Database
from bot.delivery.writing import Writer
from bot.models import Delivery, DeliveryKind, DeliveryStatus, TimelineEntry
from bot.models.outbox import UNSENT

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
    async with database.reading() as connection:
        if (await connection.execute(claimable(now, 1))).first() is None:
            return Claim([], 0)  # the usual case, without taking the write lock
    return await writer.run(lambda session: lease(session, now, lease_until, limit))


async def lease(session: AsyncSession, now: datetime, lease_until: datetime, limit: int) -> Claim:
    due = claimable(now, limit).with_for_update(skip_locked=True).cte("due")
    statement = (
        update(Delivery)
        .where(col(Delivery.id).in_(select(due.c.id)))
        .values(status=DeliveryStatus.LEASED, lease_until=lease_until, attempts=col(Delivery.attempts) + 1)
        .returning(Delivery)
        .execution_options(synchronize_session=False)
    )
    mark = await session.scalar(select(func.max(col(TimelineEntry.id)))) or 0
    return Claim((await session.exec(statement)).scalars().all(), mark)


def claimable(now: datetime, limit: int) -> Select[int]:
    """The ids that may be claimed. The conditions on status and lease stand on the outermost level, because PostgreSQL
    checks only those again on a row that another process has just changed."""
    first = _first_of_each_queue(now).subquery()
    return (
        select(col(Delivery.id))
        .where(
            col(Delivery.id).in_(select(first.c.id).where(first.c.place == 1)),
            UNSENT,
            col(Delivery.available_at) <= now,
            or_(col(Delivery.status) == DeliveryStatus.PENDING, col(Delivery.lease_until) <= now),
        )
        .order_by(col(Delivery.available_at), col(Delivery.id))
        .limit(limit)
    )


def _first_of_each_queue(now: datetime) -> Select[int, int]:
    place = func.row_number().over(partition_by=_queue(), order_by=col(Delivery.id)).label("place")
    return select(col(Delivery.id), place).where(
        UNSENT,
        or_(
            col(Delivery.available_at) <= now,
            and_(
                col(Delivery.attempts) > 0,
                col(Delivery.attempts) <= ATTEMPTS_THAT_HOLD_THE_LANE,
                col(Delivery.kind) != DeliveryKind.EMAIL,
            ),
        ),
    )


def _queue() -> ColumnElement[str]:
    """Deliveries of one queue go one after the other."""
    redraws = func.coalesce(col(Delivery.merge_key), col(Delivery.lane))
    return case((col(Delivery.kind).in_(UNPACED), redraws), else_=col(Delivery.lane))
