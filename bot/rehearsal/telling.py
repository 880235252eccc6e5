"""What would be sent: the deliveries of a rehearsal, built by the builders that really send, and read out."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.delivery.builders import BUILDERS
from bot.delivery.outgoing import CannotSend, PostMessage
from bot.delivery.recording import record_posted, record_sent
from bot.delivery.web_api import Posted
from bot.models import Delivery, DeliveryKind, DeliveryStatus
from bot.models.columns import constant
from bot.rehearsal.cast import Cast
from bot.services import Services
from bot.slack.rehearsal_view import Entry, EntryKind

UNSEEN = (DeliveryKind.REDRAW, DeliveryKind.HOME)  # what changes where somebody may not be looking
DIRECT = "direct"  # the conversation in which direct messages would stand
CUSTOMER = "The customer"


async def tell(services: Services, cast: Cast, mark: int, now: datetime) -> list[Entry]:
    """Take what waits in the outbox, in its order, as sent. `mark` is how far the timeline had come."""
    entries = []
    async with services.database.transaction() as session:
        deliveries = await _claim(session, now)
    for delivery in deliveries:
        message = None if delivery.kind in UNSEEN else await _build(services, delivery, now)
        async with services.database.transaction() as session:
            if isinstance(message, PostMessage):
                await record_posted(session, delivery, message, _posted(message, delivery), mark, now)
            else:
                await record_sent(session, delivery, now)
        if message is not None:
            entries.append(_entry(message, delivery, cast, now))
    return entries


def _posted(message: PostMessage, delivery: Delivery) -> Posted:
    return Posted(message.channel or DIRECT, str(delivery.id))


async def _claim(session: AsyncSession, now: datetime) -> Sequence[Delivery]:
    statement = (
        update(Delivery)
        .where(col(Delivery.status) == constant(DeliveryStatus.PENDING), col(Delivery.available_at) <= now)
        .values(status=DeliveryStatus.LEASED)
        .returning(Delivery)
    )
    claimed = (await session.exec(statement)).all()
    return sorted((delivery for (delivery,) in claimed), key=lambda delivery: delivery.id)


async def _build(services: Services, delivery: Delivery, now: datetime) -> PostMessage | str | None:
    """The message; the reason, when it is one that could not be sent."""
    async with services.database.reading() as connection:
        try:
            outgoing = await BUILDERS[DeliveryKind(delivery.kind)](connection, delivery, services, now)
        except CannotSend as error:
            return error.message
    return outgoing if isinstance(outgoing, PostMessage) else None


def _entry(message: PostMessage | str, delivery: Delivery, cast: Cast, now: datetime) -> Entry:
    at = now.astimezone(cast.zone)
    if isinstance(message, str):
        return Entry(at, cast.name_of(None), EntryKind.DOES, f"could not send a message: {message}")
    return Entry(at, _receiver(message, delivery, cast), EntryKind.GETS, cast.words_of(message.blocks))


def _receiver(message: PostMessage, delivery: Delivery, cast: Cast) -> str:
    if message.member_id:
        return cast.name_of(message.member_id)
    if delivery.kind is DeliveryKind.EMAIL:
        return CUSTOMER
    return f"#{message.channel}, in the thread," if message.thread_ts else f"#{message.channel}"
