"""Whom a delivery is for, and whom it calls."""

from collections.abc import Sequence

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.delivery.outgoing import CannotSend
from bot.models import Delivery, Member
from bot.slack.text import mention


def member_of(delivery: Delivery) -> int:
    if delivery.member_id is None:
        raise CannotSend("It says to nobody whom it is for.")
    return delivery.member_id


async def call_words(session: AsyncSession, member_ids: Sequence[int]) -> str:
    """The mentions that a message begins with. Whoever we do not know in Slack is left out: the text has their name."""
    query = select(Member).where(col(Member.id).in_(member_ids), col(Member.slack_user_id).is_not(None))
    members = {member.id: member for member in (await session.exec(query)).all()} if member_ids else {}
    called = [members[number] for number in dict.fromkeys(member_ids) if number in members]
    return f"{' '.join(mention(member.slack_user_id, member.name) for member in called)}: " if called else ""
