"""Messages that stand in Slack already, as they are to look now."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from bot.db import ReadingConnection, reading_session
from bot.delivery.building.alerts import alert_cards
from bot.delivery.building.data_checks import check_message
from bot.delivery.building.people import member_of
from bot.delivery.building.quarantine import quarantine_message
from bot.delivery.building.rules import held_rule
from bot.delivery.building.steps import blocked_card
from bot.delivery.outgoing import Outgoing, UpdateMessage
from bot.models import Delivery, DeliveryKind, PostedMessage
from bot.reports.escalation import load_escalation_card
from bot.reports.exemptions import load_exemption_card
from bot.reports.steps_message import load_cards_for, steps_posted
from bot.reports.versions import load_version_card
from bot.services import Services
from bot.slack.alert_message import build_alerts_message
from bot.slack.blocked_message import build_blocked_message
from bot.slack.blocks import Message
from bot.slack.escalation_message import build_escalation_message
from bot.slack.exemption_views import build_exemption_question
from bot.slack.rule_views import build_held_message
from bot.slack.steps_message import build_steps_message
from bot.slack.version_views import build_draft_message


async def build_redraw(
    connection: ReadingConnection, delivery: Delivery, services: Services, now: datetime
) -> Outgoing | None:
    session = reading_session(connection)
    posted = await session.get(PostedMessage, delivery.payload["message_id"])
    if posted is None:
        return None
    message = await _redrawn(session, posted, services, now)
    return message and UpdateMessage(channel=posted.channel, ts=posted.ts, text=message.text, blocks=message.blocks)


async def _redrawn(session: AsyncSession, posted: PostedMessage, services: Services, now: datetime) -> Message | None:
    if posted.escalation_id is not None:
        card = await load_escalation_card(session, services.library, posted.escalation_id, now)
        return build_escalation_message(card) if card else None
    original = await session.get_one(Delivery, posted.delivery_id)
    if posted.kind is DeliveryKind.VERSION_DRAFT:
        version = await load_version_card(session, original.payload["version_id"])
        return build_draft_message(version) if version else None
    if posted.kind is DeliveryKind.EXEMPTION_REQUEST:
        exemption = await load_exemption_card(session, services.library, original.payload["exemption_id"])
        return build_exemption_question(exemption, now.date()) if exemption else None
    if posted.kind is DeliveryKind.ALERT:
        alerts = await alert_cards(session, original, services, now)
        return build_alerts_message(alerts) if alerts else None
    if posted.kind is DeliveryKind.QUARANTINE:
        return await quarantine_message(await session.connection(), original, services)
    if posted.kind is DeliveryKind.RULE_HELD:
        held = await held_rule(session, original, services)
        return build_held_message(held) if held else None
    if posted.kind is DeliveryKind.BLOCKED:
        blocked = await blocked_card(session, original, services, now)
        return build_blocked_message(blocked) if blocked else None
    if posted.kind is DeliveryKind.DATA_GAPS:
        return await check_message(await session.connection(), original, services.library, now)
    step_ids = await steps_posted(session, posted.id)
    cards = await load_cards_for(session, services.library, step_ids, member_of(original), now)
    return build_steps_message(cards) if cards else None
