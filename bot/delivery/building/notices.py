"""Sentences: to one person, to a channel, several gathered in one message."""

from datetime import datetime

from bot.db import ReadingConnection, reading_session
from bot.delivery.building.people import call_words, member_of
from bot.delivery.outgoing import Outgoing, PostMessage
from bot.engine.outbox import LEADERS
from bot.models import Delivery
from bot.services import Services
from bot.slack.blocks import section
from bot.slack.limits import SECTION_TEXT
from bot.slack.text import fit, shorten

NOTICE_LINES = 12  # of a message that gathers several
NOTICE_LINE = 220


async def build_notice(
    connection: ReadingConnection, delivery: Delivery, services: Services, _: datetime
) -> Outgoing | None:
    called = await call_words(reading_session(connection), delivery.payload.get("mention_member_ids", ()))
    text = called + _notice_text(delivery, SECTION_TEXT - len(called))
    place = delivery.payload.get("place")
    if channel := services.settings.leaders_channel if place == LEADERS else delivery.payload.get("channel"):
        return PostMessage(channel=str(channel), text=text, blocks=[section(text)])
    return PostMessage(member_id=member_of(delivery), text=text, blocks=[section(text)])


def _notice_text(delivery: Delivery, room: int) -> str:
    head, lines = str(delivery.payload["text"]), [str(line) for line in delivery.payload.get("lines", [])]
    if len(lines) == 1:
        return fit(lines[0], room)
    if len(lines) > NOTICE_LINES:
        lines = [*lines[:NOTICE_LINES], f"and {len(lines) - NOTICE_LINES} more"]
    return fit("\n".join([head, *(f"•  {shorten(line, NOTICE_LINE)}" for line in lines)]), room)
