"""Writing down what became of a delivery, each outcome in one transaction.

What was sent is recorded by whoever saw it: a lease that ran out meanwhile does not matter. Every other outcome is
recorded only by the holder of the lease, so that a process that was too slow undoes nothing another one is doing.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Update, bindparam, delete, exists, insert, or_, update
from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.delivery.claiming import UNPACED
from bot.delivery.outgoing import PostMessage, UpdateMessage
from bot.delivery.web_api import Posted
from bot.engine.email_fates import email_held, email_sent
from bot.engine.outbox import redraw_delivery, redraw_escalation, redraw_steps
from bot.models import Delivery, DeliveryStatus, Escalation, PostedMessage, PostedStep, Run, Step, TimelineEntry
from bot.models.columns import UtcDateTime, constant
from bot.prepared import Prepared
from bot.reports.steps_message import steps_gathered

BEGINNING = 0  # of the timeline


async def record_sent(session: AsyncSession, delivery: Delivery, now: datetime) -> bool:
    """The delivery is over. False: another process has recorded that already."""
    return bool(await _SENT.rows(await session.connection(), {"delivery": delivery.id, "now": now}))


async def record_posted(
    session: AsyncSession, delivery: Delivery, message: PostMessage, posted: Posted, mark: int, now: datetime
) -> None:
    """The message stands in Slack; remember it where it has to be redrawn when what it shows changes.

    `mark` is how far the timeline had come before the message was built. What has changed since could not redraw a
    message that was not remembered yet, so it is redrawn now.
    """
    if not await record_sent(session, delivery, now):
        return
    if message.email_id is not None:
        await email_sent(session, message.email_id, now)
    if not message.is_remembered:
        return
    await _remember_message(session, delivery, message, posted, now)
    if message.asks:  # an answer since then is in no account's timeline, so the question is always drawn once more
        await redraw_delivery(session, delivery.id, now)
    if message.escalation_id is not None:
        await _remember_thread(session, message.escalation_id, posted)
    if await _changed_since(session, message, mark):
        await redraw_steps(session, message.step_ids, now)
        if message.escalation_id is not None:
            await redraw_escalation(session, message.escalation_id, now)


async def record_mailed(session: AsyncSession, delivery: Delivery, email_id: int, now: datetime) -> None:
    """The mail server has taken it."""
    await email_sent(session, email_id, now)
    await record_sent(session, delivery, now)


async def record_held(session: AsyncSession, delivery: Delivery, email_id: int, why: str, now: datetime) -> None:
    """The mail is not sent, and whoever wrote it hears why."""
    if await _change(session, delivery, _ended(DeliveryStatus.SENT, now, why), holder_only=True):
        await email_held(session, email_id, why, now)


async def record_found(
    session: AsyncSession, delivery: Delivery, message: PostMessage, posted: Posted, now: datetime
) -> None:
    """An earlier attempt posted the message, and showed things as they were then.

    It is remembered with every step that was put into it, also with those that want nothing any more, and redrawn.
    """
    steps = dict.fromkeys((*await steps_gathered(session, delivery.id), *message.step_ids))
    await record_posted(session, delivery, replace(message, step_ids=tuple(steps)), posted, BEGINNING, now)


async def forget_message(session: AsyncSession, message: UpdateMessage) -> None:
    """Somebody deleted the message in Slack: there is nothing left to redraw."""
    await session.exec(
        delete(PostedMessage).where(col(PostedMessage.channel) == message.channel, col(PostedMessage.ts) == message.ts)
    )


async def record_retry(session: AsyncSession, delivery: Delivery, when: datetime, error: str, now: datetime) -> None:
    await _put_back(session, delivery, when, now, {"last_error": error[:500]})


async def hand_back(session: AsyncSession, delivery: Delivery, when: datetime, now: datetime) -> None:
    """It certainly has not been sent in this attempt, which therefore does not count."""
    await _put_back(session, delivery, when, now, {"attempts": delivery.attempts - 1})


async def record_failure(session: AsyncSession, delivery: Delivery, reason: str, now: datetime) -> bool:
    """False: the lease is another's by now, and so is the outcome."""
    return await _change(session, delivery, _ended(DeliveryStatus.FAILED, now, reason), holder_only=True)


async def renew_lease(session: AsyncSession, delivery: Delivery, until: datetime) -> bool:
    """False: the lease had run out, and another process has taken the delivery."""
    ours = await _change(session, delivery, {"lease_until": until}, holder_only=True)
    if ours:
        delivery.lease_until = until
    return ours


async def _put_back(
    session: AsyncSession, delivery: Delivery, when: datetime, now: datetime, changes: dict[str, Any]
) -> None:
    """Make it pending again. A redraw that has been asked for anew meanwhile is left to the newer delivery; a message
    gives up its merge key, because what would be merged into it now might be missing from what was posted before."""
    redraw = delivery.kind in UNPACED
    if redraw and await _asked_for_anew(session, delivery):
        await _change(session, delivery, _ended(DeliveryStatus.SENT, now, "superseded"), holder_only=True)
        return
    pending = {
        "status": DeliveryStatus.PENDING,
        "merge_key": delivery.merge_key if redraw else None,
        "available_at": when,
        "lease_until": None,
    }
    await _change(session, delivery, pending | changes, holder_only=True)


async def _asked_for_anew(session: AsyncSession, delivery: Delivery) -> bool:
    newer = aliased(Delivery)
    query = select(
        exists().where(col(newer.merge_key) == delivery.merge_key, col(newer.status) == DeliveryStatus.PENDING)
    )
    return bool((await session.exec(query)).one())


def _ended(status: DeliveryStatus, now: datetime | BindParameter[datetime], error: str | None = None) -> dict[str, Any]:
    return {"status": status, "finished_at": now, "lease_until": None, "last_error": error and error[:500]}


def _sent() -> Update:
    ended = _ended(DeliveryStatus.SENT, bindparam("now", type_=UtcDateTime))
    leased = col(Delivery.status) == constant(DeliveryStatus.LEASED)
    return (
        update(Delivery)
        .where(col(Delivery.id) == bindparam("delivery"), leased)
        .values(**ended)
        .returning(col(Delivery.id))
    )


_SENT = Prepared(_sent)


async def _change(
    session: AsyncSession, delivery: Delivery, values: dict[str, Any], *, holder_only: bool = False
) -> bool:
    """Change the delivery's row while it is leased (to us, with `holder_only`). Returns whether it was."""
    leased = [col(Delivery.id) == delivery.id, col(Delivery.status) == DeliveryStatus.LEASED]
    if holder_only:
        leased.append(col(Delivery.lease_until) == delivery.lease_until)
    statement = update(Delivery).where(*leased).values(**values).returning(col(Delivery.id))
    changed = await session.exec(statement, execution_options={"synchronize_session": False})
    return changed.first() is not None


async def _changed_since(session: AsyncSession, message: PostMessage, mark: int) -> bool:
    """Whether something of the runs has changed whose steps it shows: what is done with a run or with all that somebody
    has to do, as when an account is handed over, is in no step's own entry.
    """
    runs = select(Step.run_id).where(col(Step.id).in_(message.step_ids))
    shown: ColumnElement[bool] = col(TimelineEntry.run_id).in_(runs)
    if message.escalation_id is not None:
        shown = or_(shown, col(TimelineEntry.escalation_id) == message.escalation_id)
    query = select(TimelineEntry.id).where(col(TimelineEntry.id) > mark, shown).limit(1)
    return (await session.exec(query)).first() is not None


async def _remember_message(
    session: AsyncSession, delivery: Delivery, message: PostMessage, posted: Posted, now: datetime
) -> None:
    row = PostedMessage(
        kind=delivery.kind,
        channel=posted.channel,
        ts=posted.ts,
        delivery_id=delivery.id,
        account_id=delivery.account_id,
        escalation_id=message.escalation_id,
        created_at=now,
    )
    session.add(row)
    await session.flush()
    if message.step_ids:
        steps = dict.fromkeys(message.step_ids)  # each once, in the order shown
        rows = [{"message_id": row.id, "step_id": step, "position": place} for place, step in enumerate(steps)]
        await session.exec(insert(PostedStep), params=rows)


async def _remember_thread(session: AsyncSession, escalation_id: int, posted: Posted) -> None:
    run = select(Escalation.run_id).where(Escalation.id == escalation_id).scalar_subquery()
    await session.exec(
        update(Run)
        .where(col(Run.id) == run)
        .values(thread_channel=posted.channel, thread_ts=posted.ts)
        .execution_options(synchronize_session=False)
    )
