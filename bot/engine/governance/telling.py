"""Who hears of decisions about playbooks: owners are asked, the team is told what changed."""

from collections.abc import Iterable
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.actors import Actor
from bot.engine.governance.owners import owners_of
from bot.engine.outbox import LEADERS, enqueue, member_lane, notify, redraw_deliveries
from bot.engine.owners import owner_members
from bot.library.contents import Document
from bot.library.library import Library
from bot.models import DeliveryKind

NEWS_LANE = "library-news"


async def ask_owners(
    session: AsyncSession, library: Library, document: Document, version_id: int, now: datetime
) -> None:
    """Ask whoever may approve it, each in a direct message."""
    for member in await owners_of(session, library.owner(document.key)):
        await enqueue(
            session,
            DeliveryKind.VERSION_DRAFT,
            now,
            lane=member_lane(member.id),
            member_id=member.id,
            payload={"version_id": version_id},
        )


async def redraw_draft(session: AsyncSession, version_id: int, now: datetime) -> None:
    """The questions to the owners show what became of it."""
    await redraw_deliveries(session, DeliveryKind.VERSION_DRAFT, {"version_id": version_id}, now)


async def tell_team(session: AsyncSession, version_id: int, former_id: int | None, now: datetime) -> None:
    """Post what changed with this version, compared with the one that was in use before."""
    payload = {"version_id": version_id, "former_id": former_id}
    await enqueue(session, DeliveryKind.VERSION_NEWS, now, lane=NEWS_LANE, payload=payload)


async def tell_leaders(session: AsyncSession, text: str, now: datetime) -> None:
    """One plain sentence (mrkdwn) in the leaders' channel."""
    await enqueue(session, DeliveryKind.NOTICE, now, lane=LEADERS, payload={"text": text, "place": LEADERS})


async def tell_editors(session: AsyncSession, editors: Iterable[str], text: str, actor: Actor, now: datetime) -> None:
    """One plain sentence to each of those who may propose changes, by role or by email; not to who decided."""
    members = {member.id for editor in editors for member in await owner_members(session, editor, None)}
    for member_id in sorted(members - {actor.member_id}):
        await notify(session, member_id, text, now)
