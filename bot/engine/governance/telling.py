"""Who hears of decisions about playbooks: owners are asked, the team is told what changed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.governance.owners import owners_of
from bot.engine.outbox import LEADERS, enqueue, member_lane, redraw_deliveries
from bot.library.contents import Document
from bot.library.library import Library
from bot.models import DeliveryKind

NEWS_LANE = "library-news"


async def ask_owners(
    session: AsyncSession, library: Library, document: Document, version_id: int, now: datetime
) -> None:
    """Ask whoever may approve it, each in a direct message. Who owns it is said by the version in use.

    So nobody makes themselves the owner by changing the file. A playbook without a version in use names its own.
    """
    playbook = library.approved(document.key)
    owners: Mapping[str, Any] = document.content.get("owners", {})
    owner = playbook.owners.journey if playbook else owners.get("journey")
    for member in await owners_of(session, owner):
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
