"""Alerts: one that comes at once, or those that were kept for a person's morning."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from bot.db import ReadingConnection, reading_session
from bot.delivery.building.people import member_of
from bot.delivery.outgoing import Outgoing, PostMessage
from bot.models import Delivery, Member
from bot.reports.alerts import load_told
from bot.services import Services
from bot.slack.alert_message import AlertCard, build_alerts_message


async def build_alerts(
    connection: ReadingConnection, delivery: Delivery, services: Services, now: datetime
) -> Outgoing | None:
    """Those that are still open; nothing when all were answered, or their reason went, before it was their turn.

    A reply under one alert becomes a note of its account.
    """
    cards = [card for card in await alert_cards(reading_session(connection), delivery, services, now) if card.is_open]
    if not cards:
        return None
    text, blocks = build_alerts_message(cards)
    return PostMessage(member_id=member_of(delivery), text=text, blocks=blocks, asks=True)


async def alert_cards(
    session: AsyncSession, delivery: Delivery, services: Services, now: datetime
) -> Sequence[AlertCard]:
    reader = await session.get_one(Member, member_of(delivery))
    return await load_told(session, services.library, delivery.id, reader, now)
