"""A call for help, and what is said in its thread."""

from datetime import datetime

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.db import ReadingConnection, reading_session
from bot.delivery.building.people import call_words
from bot.delivery.outgoing import Outgoing, PostMessage
from bot.models import Delivery, DeliveryKind, DeliveryStatus, PostedMessage
from bot.reports.escalation import load_escalation_card
from bot.services import Services
from bot.slack.blocks import section
from bot.slack.escalation_message import build_escalation_message
from bot.slack.limits import SECTION_TEXT
from bot.slack.text import fit


async def build_escalation(
    connection: ReadingConnection, delivery: Delivery, services: Services, now: datetime
) -> Outgoing | None:
    escalation_id = delivery.payload["escalation_id"]
    card = await load_escalation_card(reading_session(connection), services.library, escalation_id, now)
    if card is None:
        return None
    text, blocks = build_escalation_message(card)
    channel = services.settings.escalation_channel
    return PostMessage(channel=channel, text=text, blocks=blocks, escalation_id=escalation_id)


async def build_escalation_update(
    connection: ReadingConnection, delivery: Delivery, _: Services, __: datetime
) -> Outgoing | None:
    """A reply in the escalation's thread. Until its message stands there is no thread: the outbox tries again."""
    session = reading_session(connection)
    escalation_id = delivery.payload["escalation_id"]
    query = select(PostedMessage).where(PostedMessage.escalation_id == escalation_id)
    posted = (await session.exec(query)).first()
    if posted is None and await _was_never_posted(session, delivery, escalation_id):
        return None
    if posted is None:
        raise NotPostedYet
    called = await call_words(session, delivery.payload.get("mention_member_ids", ()))
    text = called + fit(str(delivery.payload["text"]), SECTION_TEXT - len(called))
    return PostMessage(channel=posted.channel, thread_ts=posted.ts, text=text, blocks=[section(text)])


async def _was_never_posted(session: AsyncSession, delivery: Delivery, escalation_id: int) -> bool:
    """Whether there will never be a message to reply to: its delivery failed, which has been reported."""
    query = select(Delivery).where(
        Delivery.kind == DeliveryKind.ESCALATION,
        Delivery.account_id == delivery.account_id,
        Delivery.status == DeliveryStatus.FAILED,
    )
    return any(row.payload["escalation_id"] == escalation_id for row in (await session.exec(query)).all())


class NotPostedYet(Exception):
    """What a delivery follows has not been sent. It is tried again later, like any passing trouble."""
