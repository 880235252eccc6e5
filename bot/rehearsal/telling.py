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
STAGE = "REHEARSAL"  # the conversation in which the messages would stand


async def tell(services: Services, cast: Cast, mark: int, now: datetime) -> list[Entry]:
    """Take what waits in the outbox, in its order, as sent. `mark` is how far the timeline had come."""
    entries = []
    async with services.database.transaction() as session:
        deliveries = await _claim(session, now)
    for delivery in deliveries:
        message = None if delivery.kind in UNSEEN else await _build(services, delivery, now)
        async with services.database.transaction() as session:
            if isinstance(message, PostMessage):
                await record_posted(session, delivery, message, Posted(STAGE, str(delivery.id)), mark, now)
            else:
                await record_sent(session, delivery, now)
        if message is not None:
            entries.append(_entry(message, cast, now))
    return entries


async def _claim(session: AsyncSession, now: datetime) -> Sequence[Delivery]:
    statement = (
        update(Delivery)
        .where(col(Delivery.status) == constant(DeliveryStatus.PENDING), col(Delivery.available_at) <= now)
        .values(status=DeliveryStatus.LEASED)
        .returning(Delivery)
    )
    return sorted((await session.scalars(statement)).all(), key=lambda delivery: delivery.id)


async def _build(services: Services, delivery: Delivery, now: datetime) -> PostMessage | str | None:
    """The message; the reason, when it is one that could not be sent."""
    async with services.database.reading() as connection:
        try:
            outgoing = await BUILDERS[DeliveryKind(delivery.kind)](connection, delivery, services, now)
        except CannotSend as error:
            return error.message
    return outgoing if isinstance(outgoing, PostMessage) else None


def _entry(message: PostMessage | str, cast: Cast, now: datetime) -> Entry:
    at = now.astimezone(cast.zone)
    if isinstance(message, str):
        return Entry(at, cast.name_of(None), EntryKind.DOES, f"could not send a message: {message}")
    who = cast.name_of(message.member_id) if message.member_id else f"#{message.channel}"
    return Entry(at, who, EntryKind.GETS, cast.words_of(message.blocks))
