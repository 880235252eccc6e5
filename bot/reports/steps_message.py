"""A person's due steps as one message, read from saved state whenever it is posted or redrawn."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from bot.engine.actors import Actor
from bot.library.library import Library
from bot.models import ACTIONABLE, Member, PostedStep, Step, Touchpoint
from bot.reports.step_cards import load_step_cards
from bot.slack.step_card import StepCard


async def steps_to_announce(session: AsyncSession, delivery_id: int) -> list[int]:
    """The steps of the touchpoints that were put into a delivery and still want something, the most urgent first."""
    return list((await session.exec(_gathered(delivery_id).where(col(Step.status).in_(ACTIONABLE)))).all())


async def steps_gathered(session: AsyncSession, delivery_id: int) -> list[int]:
    """The steps of all touchpoints that were put into a delivery, in the same order."""
    return list((await session.exec(_gathered(delivery_id))).all())


def _gathered(delivery_id: int) -> SelectOfScalar[int]:
    return (
        select(Step.id)
        .join(Touchpoint, col(Touchpoint.step_id) == Step.id)
        .where(Touchpoint.delivery_id == delivery_id)
        .group_by(col(Step.id), col(Step.due_on), col(Step.account_id))
        .order_by(func.min(Step.due_on), col(Step.account_id), col(Step.id))
    )


async def steps_posted(session: AsyncSession, message_id: int) -> list[int]:
    query = select(PostedStep.step_id).where(PostedStep.message_id == message_id).order_by(col(PostedStep.position))
    return list((await session.exec(query)).all())


async def load_cards_for(
    session: AsyncSession, library: Library, step_ids: Sequence[int], member_id: int, now: datetime
) -> list[StepCard]:
    """The steps as the member sees them."""
    reader = Actor.of(await session.get_one(Member, member_id))
    return await load_step_cards(session, library, step_ids, reader, now, answered=True)
