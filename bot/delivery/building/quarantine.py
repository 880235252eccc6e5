"""The question whose signals are that came for accounts nobody knows."""

from datetime import datetime

from bot.db import ReadingConnection
from bot.delivery.outgoing import Outgoing, PostMessage
from bot.models import Delivery, QuarantineStatus
from bot.reports.quarantine import load_cards
from bot.services import Services
from bot.slack.blocks import Message
from bot.slack.quarantine_views import build_quarantine_message


async def build_quarantine(
    connection: ReadingConnection, delivery: Delivery, services: Services, _: datetime
) -> Outgoing | None:
    """To those who run Playcall, else to the leaders; nothing when all of it was decided before it was asked."""
    cards = await load_cards(connection, services.library.metrics, _references(delivery))
    if not any(card.status is QuarantineStatus.WAITING for card in cards):
        return None
    text, blocks = build_quarantine_message(cards)
    settings = services.settings
    return PostMessage(channel=settings.ops_channel or settings.leaders_channel, text=text, blocks=blocks, asks=True)


async def quarantine_message(connection: ReadingConnection, delivery: Delivery, services: Services) -> Message:
    """The same as it is to look now."""
    return build_quarantine_message(await load_cards(connection, services.library.metrics, _references(delivery)))


def _references(delivery: Delivery) -> list[tuple[str, str]]:
    return [(source, text) for source, text in delivery.payload.get("references", [])]
