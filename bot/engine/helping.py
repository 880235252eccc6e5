"""Asking colleagues for help with a blocked step."""

from collections.abc import Collection
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.actors import Actor
from bot.engine.outbox import enqueue, member_lane
from bot.models import DeliveryKind, Member, Step


async def ask_for_help(
    session: AsyncSession, step: Step, member_ids: Collection[int], actor: Actor, now: datetime
) -> list[Member]:
    """Send each of these members what is in the way. Returns those who are asked: not who asks, nor who has left."""
    wanted = set(member_ids) - {actor.member_id}
    query = select(Member).where(col(Member.id).in_(wanted), col(Member.active).is_(True)).order_by(col(Member.id))
    helpers = list((await session.exec(query)).all()) if wanted else []
    for member in helpers:
        await enqueue(
            session,
            DeliveryKind.BLOCKED,
            now,
            lane=member_lane(member.id),
            member_id=member.id,
            account_id=step.account_id,
            payload={"step_id": step.id, "asked_by_id": actor.member_id},
        )
    return helpers
