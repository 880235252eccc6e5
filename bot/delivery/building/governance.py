"""What is decided about playbooks: versions and exemptions."""

from datetime import date, datetime

from bot.db import ReadingConnection, reading_session
from bot.delivery.building.people import member_of
from bot.delivery.outgoing import Outgoing, PostMessage
from bot.models import Delivery, ExemptionStatus, VersionStatus
from bot.reports.exemptions import ended_for, load_exemption_card
from bot.reports.versions import load_version_card
from bot.services import Services
from bot.slack.exemption_views import build_exemption_over, build_exemption_question
from bot.slack.version_views import build_draft_message, build_news_message


async def build_version_draft(
    connection: ReadingConnection, delivery: Delivery, _: Services, __: datetime
) -> Outgoing | None:
    """The question to an owner; nothing when it was answered before it was asked."""
    card = await load_version_card(reading_session(connection), delivery.payload["version_id"])
    if card is None or card.status is not VersionStatus.DRAFT:
        return None
    text, blocks = build_draft_message(card)
    return PostMessage(member_id=member_of(delivery), text=text, blocks=blocks, asks=True)


async def build_version_news(
    connection: ReadingConnection, delivery: Delivery, services: Services, _: datetime
) -> Outgoing | None:
    payload = delivery.payload
    card = await load_version_card(reading_session(connection), payload["version_id"], payload["former_id"])
    if card is None:
        return None
    text, blocks = build_news_message(card)
    settings = services.settings
    return PostMessage(channel=settings.changes_channel or settings.leaders_channel, text=text, blocks=blocks)


async def build_exemption_request(
    connection: ReadingConnection, delivery: Delivery, services: Services, now: datetime
) -> Outgoing | None:
    """The question to an owner; nothing when it was answered before it was asked."""
    card = await load_exemption_card(reading_session(connection), services.library, delivery.payload["exemption_id"])
    if card is None or card.status is not ExemptionStatus.REQUESTED:
        return None
    text, blocks = build_exemption_question(card, now.date())
    return PostMessage(member_id=member_of(delivery), text=text, blocks=blocks, asks=True)


async def build_exemption_end(
    connection: ReadingConnection, delivery: Delivery, services: Services, _: datetime
) -> Outgoing | None:
    """To whoever is the CSM by then; nothing when it was ended on another day."""
    payload = delivery.payload
    until = date.fromisoformat(payload["until"])
    session = reading_session(connection)
    found = await ended_for(session, services.library, payload["exemption_id"], until)
    if found is None:
        return None
    card, csm_id = found
    text, blocks = build_exemption_over(card)
    return PostMessage(member_id=csm_id, text=text, blocks=blocks)
