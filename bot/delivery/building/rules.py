"""What is asked about rules: whether one may act that is new, or would act on very many accounts."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from bot.db import ReadingConnection, reading_session
from bot.delivery.building.people import member_of
from bot.delivery.outgoing import Outgoing, PostMessage
from bot.models import Delivery, RuleStatus
from bot.reports.rules import load_held_rule
from bot.services import Services
from bot.slack.rule_views import HeldRule, build_held_message


async def build_rule_held(
    connection: ReadingConnection, delivery: Delivery, services: Services, _: datetime
) -> Outgoing | None:
    """The question to whoever decides; nothing when it was answered before it was asked."""
    held = await held_rule(reading_session(connection), delivery, services)
    if held is None or held.status is not RuleStatus.HELD:
        return None
    text, blocks = build_held_message(held)
    return PostMessage(member_id=member_of(delivery), text=text, blocks=blocks, asks=True)


async def held_rule(session: AsyncSession, asked: Delivery, services: Services) -> HeldRule | None:
    """What the question is about, as it stands now; None once the rule is another or gone."""
    return await load_held_rule(session, services.library, asked.payload["rule"], asked.payload["digest"])
