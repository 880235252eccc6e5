"""Picking up after the last run of the demo.

A fresh workspace has none of the messages that the database remembers. What was posted in the former one cannot be
redrawn any more, so it is forgotten; and what is still open is posted again: the newest message of each open step and
of each unresolved escalation, and the questions to owners, of which those that were answered come to nothing.
"""

from datetime import date, datetime
from uuid import uuid4

from sqlalchemy import delete, func, or_, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.db import Database
from bot.models import (
    ACTIONABLE,
    Delivery,
    DeliveryKind,
    DeliveryStatus,
    Escalation,
    EscalationStatus,
    PostedMessage,
    PostedStep,
    Run,
    RunStatus,
    Step,
)


async def release_leases(database: Database, now: datetime) -> None:
    """Free what a bot that was killed was about to send. One demo uses a database: nobody else can be sending it."""
    async with database.long_transaction() as session:
        await session.exec(
            update(Delivery).where(col(Delivery.status) == DeliveryStatus.LEASED).values(lease_until=now)
        )


async def repost_open(database: Database, now: datetime) -> int:
    """Forget the messages of the former workspace and queue those that are still needed. Returns how many those are."""
    async with database.long_transaction() as session:
        again = {*await _of_open_steps(session, now.date()), *await _of_open_escalations(session)}
        again |= await _of_questions(session)
        redraws = col(Delivery.kind).in_([DeliveryKind.REDRAW, DeliveryKind.ESCALATION_UPDATE])
        unsent = col(Delivery.status).in_([DeliveryStatus.PENDING, DeliveryStatus.LEASED])
        await session.exec(delete(Delivery).where(redraws, unsent))
        await session.exec(delete(PostedMessage))
        await session.exec(update(Run).values(thread_channel=None, thread_ts=None))
        for delivery in (await session.exec(select(Delivery).where(col(Delivery.id).in_(again)))).all():
            _send_again(delivery, now)
        return len(again)


def _send_again(delivery: Delivery, now: datetime) -> None:
    """As if it had never been sent: under a new key, so that nobody takes the old message for it."""
    delivery.key = uuid4().hex
    delivery.merge_key = None
    delivery.status = DeliveryStatus.PENDING
    delivery.available_at = now
    delivery.attempts = 0
    delivery.lease_until = delivery.finished_at = delivery.last_error = None


async def _of_questions(session: AsyncSession) -> set[int]:
    asked = select(PostedMessage.delivery_id).where(
        col(PostedMessage.kind).in_((DeliveryKind.VERSION_DRAFT, DeliveryKind.EXEMPTION_REQUEST, DeliveryKind.ALERT))
    )
    return set((await session.exec(asked)).all())


async def _of_open_steps(session: AsyncSession, today: date) -> set[int]:
    newest = (
        select(func.max(PostedMessage.delivery_id))
        .join(PostedStep, col(PostedStep.message_id) == PostedMessage.id)
        .join(Step, col(Step.id) == PostedStep.step_id)
        .join(Run, col(Run.id) == Step.run_id)
        .where(col(Step.status).in_(ACTIONABLE), Run.status == RunStatus.ACTIVE)
        .where(or_(col(Step.snoozed_until).is_(None), col(Step.snoozed_until) <= today))
        .group_by(col(Step.id))
    )
    return set((await session.exec(newest)).all())


async def _of_open_escalations(session: AsyncSession) -> set[int]:
    newest = (
        select(func.max(PostedMessage.delivery_id))
        .join(Escalation, col(Escalation.id) == PostedMessage.escalation_id)
        .where(Escalation.status != EscalationStatus.RESOLVED, PostedMessage.kind == DeliveryKind.ESCALATION)
        .group_by(col(Escalation.id))
    )
    return set((await session.exec(newest)).all())
