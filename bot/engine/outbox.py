"""Putting things to send into the outbox, in the transaction of the change they tell of."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, bindparam, case
from sqlalchemy import Select as CoreSelect
from sqlalchemy import select as core_select
from sqlalchemy.dialects.postgresql import Insert as PostgresInsert
from sqlalchemy.dialects.sqlite import Insert as SqliteInsert
from sqlalchemy.sql.dml import ReturningInsert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from structlog.contextvars import get_contextvars

from bot.db import insert_or
from bot.models import Delivery, DeliveryKind, DeliveryStatus, PostedMessage, PostedStep
from bot.models.outbox import PENDING
from bot.prepared import Prepared, PreparedUpsert

Inserted = tuple[int, int | None, DeliveryKind]

LEADERS = "leaders"  # the place of a notice that goes to the leaders' channel


async def enqueue(
    session: AsyncSession,
    kind: DeliveryKind,
    now: datetime,
    *,
    lane: str,
    merge_key: str | None = None,
    member_id: int | None = None,
    account_id: int | None = None,
    payload: dict[str, Any] | None = None,
    delay: timedelta = timedelta(),
) -> int:
    """Add a delivery and return its id; with a merge key that is already pending, the pending one's id."""
    row = _row(kind, now + delay, now, lane, merge_key, member_id, account_id, payload)
    return (await _insert(session, [row]))[0][0]


async def enqueue_steps(
    session: AsyncSession, waits: Mapping[int, timedelta], now: datetime, *, with_homes: bool = False
) -> dict[int, int]:
    """A message of due steps to each of these members, sent after their wait. Returns delivery ids by member.

    A message that is still pending for a member is the one that what is new goes into. With `with_homes` the same
    statement has their Home tabs published anew.
    """
    rows = [
        _row(DeliveryKind.STEPS, now + wait, now, member_lane(member), _steps_key(member), member, None, None)
        for member, wait in sorted(waits.items())
    ]
    homes = _home_rows(waits, now) if with_homes else []
    return {
        member: delivery
        for delivery, member, kind in await _insert(session, rows + homes)
        if member is not None and kind is DeliveryKind.STEPS
    }


async def pending_steps(session: AsyncSession, member_ids: Iterable[int]) -> dict[int, int]:
    """By member, the message of due steps that is pending for them just now; somebody may be about to send it."""
    query = select(Delivery.member_id, Delivery.id).where(
        PENDING, col(Delivery.merge_key).in_([_steps_key(member) for member in member_ids])
    )
    return {member: delivery for member, delivery in (await session.exec(query)).all() if member is not None}


async def redraw_steps(
    session: AsyncSession, step_ids: Iterable[int], now: datetime, *, homes: Iterable[int | None] = ()
) -> None:
    """Redraw every posted message that shows one of the steps, and publish the Home tabs of these members anew."""
    await session.flush()  # what this transaction posted itself counts
    connection, steps = await session.connection(), list(step_ids)
    if len(steps) == 1:  # the usual case: a list of values would have to be worked into the statement each time
        posted = await _POSTED.rows(connection, {"step": steps[0]})
    else:
        posted = (await connection.execute(_posted(col(PostedStep.step_id).in_(steps)))).all()
    await _insert(session, _redraw_rows(((row.id, row.channel) for row in posted), now) + _home_rows(homes, now))


async def redraw_escalation(session: AsyncSession, escalation_id: int, now: datetime) -> None:
    query = select(PostedMessage.id, PostedMessage.channel).where(PostedMessage.escalation_id == escalation_id)
    await _insert(session, _redraw_rows(await session.exec(query), now))


async def redraw_deliveries(session: AsyncSession, kind: DeliveryKind, payload: dict[str, Any], now: datetime) -> None:
    """Redraw every posted message of a kind that was sent for this payload."""
    await redraw_deliveries_about(session, kind, lambda about: about == payload, now)


async def redraw_deliveries_about(
    session: AsyncSession, kind: DeliveryKind, is_about: Callable[[Mapping[str, Any]], bool], now: datetime
) -> None:
    """Redraw every posted message of a kind whose payload says that it is about the matter."""
    query = (
        select(PostedMessage.id, PostedMessage.channel, Delivery.payload)
        .join(Delivery, col(Delivery.id) == PostedMessage.delivery_id)
        .where(PostedMessage.kind == kind)
    )
    posted = (await session.exec(query)).all()
    about_it = [(message, channel) for message, channel, about in posted if is_about(about)]
    await _insert(session, _redraw_rows(about_it, now))


async def redraw_delivery(session: AsyncSession, delivery_id: int, now: datetime) -> None:
    """Redraw the message that this delivery became; nothing when it has not been posted."""
    query = select(PostedMessage.id, PostedMessage.channel).where(PostedMessage.delivery_id == delivery_id)
    await _insert(session, _redraw_rows(await session.exec(query), now))


async def enqueue_once(
    session: AsyncSession,
    kind: DeliveryKind,
    key: str,
    now: datetime,
    *,
    member_id: int,
    payload: dict[str, Any],
) -> bool:
    """A direct message with a key of its own (32 characters at most), which is there once; whether it is new."""
    row = _row(kind, now, now, member_lane(member_id), None, member_id, None, payload) | {"key": key}
    insert = insert_or(session, Delivery).values(row).on_conflict_do_nothing(index_elements=["key"])
    return (await session.exec(insert.returning(col(Delivery.id)))).first() is not None


async def redraw_data_checks(session: AsyncSession, now: datetime) -> None:
    """Redraw the data checks of this week: something they may have listed was changed."""
    query = select(PostedMessage.id, PostedMessage.channel).where(
        PostedMessage.kind == DeliveryKind.DATA_GAPS, col(PostedMessage.created_at) > now - timedelta(days=7)
    )
    await _insert(session, _redraw_rows(await session.exec(query), now))


async def refresh_homes(session: AsyncSession, member_ids: Iterable[int | None], now: datetime) -> None:
    """Publish these members' Home tabs anew. Nobody, None or NO_MEMBER, has none."""
    await _insert(session, _home_rows(member_ids, now))


async def notify(
    session: AsyncSession, member_id: int, text: str, now: datetime, *, account_id: int | None = None
) -> None:
    """Tell one member one plain sentence."""
    await enqueue(
        session,
        DeliveryKind.NOTICE,
        now,
        lane=member_lane(member_id),
        member_id=member_id,
        account_id=account_id,
        payload={"text": text},
    )


async def gather_notice(
    session: AsyncSession, member_id: int, topic: str, head: str, line: str, now: datetime, *, delay: timedelta
) -> None:
    """Tell one member a plain line, together with what else comes in on this topic until the message goes."""
    delivery_id = await enqueue(
        session,
        DeliveryKind.NOTICE,
        now,
        lane=member_lane(member_id),
        merge_key=f"{topic}:{member_id}",
        member_id=member_id,
        delay=delay,
    )
    query = select(Delivery).where(Delivery.id == delivery_id).execution_options(populate_existing=True)
    delivery = (await session.exec(query)).one()  # enqueueing has locked the row: nobody claims or adds to it meanwhile
    lines = [*delivery.payload.get("lines", []), line]
    delivery.payload = {"text": head, "lines": list(dict.fromkeys(lines))}
    await session.flush()


def member_lane(member_id: int) -> str:
    """The lane of the direct messages to a member."""
    return f"@{member_id}"


def _steps_key(member_id: int) -> str:
    return f"steps:{member_id}"


def _redraw_rows(messages: Iterable[tuple[int, str]], now: datetime) -> list[dict[str, Any]]:
    return [
        _row(DeliveryKind.REDRAW, now, now, channel, f"redraw:{message}", None, None, {"message_id": message})
        for message, channel in messages
    ]


def _home_rows(member_ids: Iterable[int | None], now: datetime) -> list[dict[str, Any]]:
    return [
        _row(DeliveryKind.HOME, now, now, member_lane(member), f"home:{member}", member, None, None)
        for member in sorted({member for member in member_ids if member})
    ]


_COLUMNS = (
    "key",
    "kind",
    "status",
    "lane",
    "merge_key",
    "member_id",
    "account_id",
    "payload",
    "request",
    "available_at",
    "attempts",
    "created_at",
)


def _row(
    kind: DeliveryKind,
    available_at: datetime,
    now: datetime,
    lane: str,
    merge_key: str | None,
    member_id: int | None,
    account_id: int | None,
    payload: dict[str, Any] | None,
) -> dict[str, Any]:
    status, payload = DeliveryStatus.PENDING, payload or {}
    request = get_contextvars().get("request")
    values = (uuid4().hex, kind, status, lane, merge_key, member_id, account_id, payload, request, available_at, 0, now)
    return dict(zip(_COLUMNS, values, strict=True))


async def _insert(session: AsyncSession, rows: list[dict[str, Any]]) -> Sequence[Inserted]:
    """The ids, members and kinds of the deliveries that the rows became, new or already pending; in no order.

    A pending delivery is sent at the earlier of the two times: what is wanted at once does not wait for what was not.
    """
    if not rows:
        return []
    return await _MERGING.each(session, rows)


def _posted(which: ColumnElement[bool]) -> CoreSelect[int, str]:
    messages = core_select(col(PostedMessage.id), col(PostedMessage.channel)).distinct()
    return messages.join(PostedStep, col(PostedStep.message_id) == PostedMessage.id).where(which)


_POSTED = Prepared(lambda: _posted(col(PostedStep.step_id) == bindparam("step")))


def _merge_into(insert: PostgresInsert | SqliteInsert) -> ReturningInsert[int, int | None, DeliveryKind]:
    new_time, old_time = insert.excluded.available_at, col(Delivery.available_at)
    return (
        insert.values({name: bindparam(name) for name in _COLUMNS})
        .on_conflict_do_update(
            index_elements=["merge_key"],
            index_where=PENDING,
            set_={"available_at": case((new_time < old_time, new_time), else_=old_time)},
        )
        .returning(col(Delivery.id), col(Delivery.member_id), col(Delivery.kind))
    )


_MERGING = PreparedUpsert(Delivery, _merge_into)
