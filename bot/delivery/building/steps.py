"""Steps that are due, and steps that are blocked."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from bot.db import ReadingConnection, reading_session
from bot.delivery.building.people import member_of
from bot.delivery.outgoing import Outgoing, PostMessage
from bot.models import Delivery, StepStatus
from bot.reports.blocked import load_blocked_card
from bot.reports.steps_message import load_cards_for, steps_to_announce
from bot.services import Services
from bot.slack.blocked_message import BlockedCard, build_blocked_message
from bot.slack.steps_message import build_steps_message


async def build_steps(
    connection: ReadingConnection, delivery: Delivery, services: Services, now: datetime
) -> Outgoing | None:
    """A person's due steps; nothing when all of them were dealt with before it was their turn."""
    session, member_id = reading_session(connection), member_of(delivery)
    step_ids = await steps_to_announce(session, delivery.id)
    cards = await load_cards_for(session, services.library, step_ids, member_id, now)
    if not any(card.wants_something for card in cards):
        return None
    text, blocks = build_steps_message(cards)
    return PostMessage(member_id=member_id, text=text, blocks=blocks, step_ids=tuple(card.step_id for card in cards))


async def build_blocked(
    connection: ReadingConnection, delivery: Delivery, services: Services, now: datetime
) -> Outgoing | None:
    """A blocked step, to somebody who is asked to help; nothing when it goes on already."""
    card = await blocked_card(reading_session(connection), delivery, services, now)
    if card is None or card.step.status is not StepStatus.BLOCKED:
        return None
    text, blocks = build_blocked_message(card)
    return PostMessage(member_id=member_of(delivery), text=text, blocks=blocks, step_ids=(card.step.step_id,))


async def blocked_card(
    session: AsyncSession, delivery: Delivery, services: Services, now: datetime
) -> BlockedCard | None:
    step_id, asked_by_id = delivery.payload["step_id"], delivery.payload["asked_by_id"]
    return await load_blocked_card(session, services.library, step_id, asked_by_id, member_of(delivery), now)
