"""What each kind of delivery becomes, read from saved state at the moment of sending."""

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.db import reading_session
from bot.delivery.outgoing import Builder, CannotSend, Outgoing, PostMessage, PublishHome, UpdateMessage
from bot.engine.actors import Actor
from bot.engine.outbox import LEADERS
from bot.models import (
    Contact,
    Delivery,
    DeliveryKind,
    DeliveryStatus,
    ExemptionStatus,
    Member,
    PostedMessage,
    StepStatus,
    VersionStatus,
)
from bot.reports.blocked import load_blocked_card
from bot.reports.celebration import load_celebration
from bot.reports.escalation import load_escalation_card
from bot.reports.exemptions import ended_for, load_exemption_card
from bot.reports.home import load_home
from bot.reports.journey import load_stage_wait
from bot.reports.steps_message import load_cards_for, steps_posted, steps_to_announce
from bot.reports.versions import load_version_card
from bot.services import Services
from bot.slack.blocked_message import BlockedCard, build_blocked_message
from bot.slack.blocks import Message, context, section
from bot.slack.celebration import build_celebration_message
from bot.slack.escalation_message import build_escalation_message
from bot.slack.exemption_views import build_exemption_over, build_exemption_question
from bot.slack.home_view import build_home_view
from bot.slack.journey_view import build_stage_wait_message
from bot.slack.limits import SECTION_TEXT
from bot.slack.steps_message import build_steps_message
from bot.slack.text import fit, label, mention, shorten
from bot.slack.version_views import build_draft_message, build_news_message

NOTICE_LINES = 12  # of a message that gathers several
NOTICE_LINE = 220


async def build_steps(
    connection: AsyncConnection, delivery: Delivery, services: Services, now: datetime
) -> Outgoing | None:
    """A person's due steps; nothing when all of them were dealt with before it was their turn."""
    session, member_id = reading_session(connection), _member_id(delivery)
    step_ids = await steps_to_announce(session, delivery.id)
    cards = await load_cards_for(session, services.library, step_ids, member_id, now)
    if not any(card.wants_something for card in cards):
        return None
    text, blocks = build_steps_message(cards)
    return PostMessage(member_id=member_id, text=text, blocks=blocks, step_ids=tuple(card.step_id for card in cards))


async def build_celebration(
    connection: AsyncConnection, delivery: Delivery, _: Services, __: datetime
) -> Outgoing | None:
    celebration = await load_celebration(reading_session(connection), delivery.payload["milestone_id"])
    if celebration is None:
        return None
    text, blocks = build_celebration_message(celebration)
    return PostMessage(member_id=_member_id(delivery), text=text, blocks=blocks, takes_notes=True)


async def build_escalation(
    connection: AsyncConnection, delivery: Delivery, services: Services, now: datetime
) -> Outgoing | None:
    escalation_id = delivery.payload["escalation_id"]
    card = await load_escalation_card(reading_session(connection), services.library, escalation_id, now)
    if card is None:
        return None
    text, blocks = build_escalation_message(card)
    channel = services.settings.escalation_channel
    return PostMessage(channel=channel, text=text, blocks=blocks, escalation_id=escalation_id)


async def build_escalation_update(
    connection: AsyncConnection, delivery: Delivery, _: Services, __: datetime
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
    called = await _call(session, delivery.payload.get("mention_member_id"))
    text = called + fit(str(delivery.payload["text"]), SECTION_TEXT - len(called))
    return PostMessage(channel=posted.channel, thread_ts=posted.ts, text=text, blocks=[section(text)])


async def _call(session: AsyncSession, member_id: int | None) -> str:
    """The mention that a reply begins with; nothing for a member we do not know in Slack: the text has their name."""
    member = await session.get(Member, member_id) if member_id else None
    return f"{mention(member.slack_user_id, member.name)}: " if member and member.slack_user_id else ""


class NotPostedYet(Exception):
    """What a delivery follows has not been sent. It is tried again later, like any passing trouble."""


async def build_notice(_: AsyncConnection, delivery: Delivery, services: Services, __: datetime) -> Outgoing | None:
    text = _notice_text(delivery)
    place = delivery.payload.get("place")
    if channel := services.settings.leaders_channel if place == LEADERS else delivery.payload.get("channel"):
        return PostMessage(channel=str(channel), text=text, blocks=[section(text)])
    return PostMessage(member_id=_member_id(delivery), text=text, blocks=[section(text)])


def _notice_text(delivery: Delivery) -> str:
    head, lines = str(delivery.payload["text"]), [str(line) for line in delivery.payload.get("lines", [])]
    if len(lines) == 1:
        return fit(lines[0], SECTION_TEXT)
    if len(lines) > NOTICE_LINES:
        lines = [*lines[:NOTICE_LINES], f"and {len(lines) - NOTICE_LINES} more"]
    return fit("\n".join([head, *(f"•  {shorten(line, NOTICE_LINE)}" for line in lines)]), SECTION_TEXT)


async def build_version_draft(
    connection: AsyncConnection, delivery: Delivery, _: Services, __: datetime
) -> Outgoing | None:
    """The question to an owner; nothing when it was answered before it was asked."""
    card = await load_version_card(reading_session(connection), delivery.payload["version_id"])
    if card is None or card.status is not VersionStatus.DRAFT:
        return None
    text, blocks = build_draft_message(card)
    return PostMessage(member_id=_member_id(delivery), text=text, blocks=blocks, asks=True)


async def build_version_news(
    connection: AsyncConnection, delivery: Delivery, services: Services, _: datetime
) -> Outgoing | None:
    payload = delivery.payload
    card = await load_version_card(reading_session(connection), payload["version_id"], payload["former_id"])
    if card is None:
        return None
    text, blocks = build_news_message(card)
    settings = services.settings
    return PostMessage(channel=settings.changes_channel or settings.leaders_channel, text=text, blocks=blocks)


async def build_exemption_request(
    connection: AsyncConnection, delivery: Delivery, services: Services, now: datetime
) -> Outgoing | None:
    """The question to an owner; nothing when it was answered before it was asked."""
    card = await load_exemption_card(reading_session(connection), services.library, delivery.payload["exemption_id"])
    if card is None or card.status is not ExemptionStatus.REQUESTED:
        return None
    text, blocks = build_exemption_question(card, now.date())
    return PostMessage(member_id=_member_id(delivery), text=text, blocks=blocks, asks=True)


async def build_exemption_end(
    connection: AsyncConnection, delivery: Delivery, services: Services, _: datetime
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


async def build_blocked(
    connection: AsyncConnection, delivery: Delivery, services: Services, now: datetime
) -> Outgoing | None:
    """A blocked step, to somebody who is asked to help; nothing when it goes on already."""
    card = await _blocked_card(reading_session(connection), delivery, services, now)
    if card is None or card.step.status is not StepStatus.BLOCKED:
        return None
    text, blocks = build_blocked_message(card)
    return PostMessage(member_id=_member_id(delivery), text=text, blocks=blocks, step_ids=(card.step.step_id,))


async def _blocked_card(
    session: AsyncSession, delivery: Delivery, services: Services, now: datetime
) -> BlockedCard | None:
    step_id, asked_by_id = delivery.payload["step_id"], delivery.payload["asked_by_id"]
    return await load_blocked_card(session, services.library, step_id, asked_by_id, _member_id(delivery), now)


async def build_stage_waits(
    connection: AsyncConnection, delivery: Delivery, services: Services, now: datetime
) -> Outgoing | None:
    """What keeps an account from its next stage; nothing when it has moved since."""
    if delivery.account_id is None:
        return None
    session = reading_session(connection)
    stage = str(delivery.payload["stage"])
    waiting = await load_stage_wait(session, services.library, delivery.account_id, stage, now)
    if waiting is None:
        return None
    text, blocks = build_stage_wait_message(waiting)
    return PostMessage(member_id=_member_id(delivery), text=text, blocks=blocks)


async def build_redraw(
    connection: AsyncConnection, delivery: Delivery, services: Services, now: datetime
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
    if posted.kind is DeliveryKind.BLOCKED:
        blocked = await _blocked_card(session, original, services, now)
        return build_blocked_message(blocked) if blocked else None
    step_ids = await steps_posted(session, posted.id)
    cards = await load_cards_for(session, services.library, step_ids, _member_id(original), now)
    return build_steps_message(cards) if cards else None


async def build_home(
    connection: AsyncConnection, delivery: Delivery, services: Services, now: datetime
) -> Outgoing | None:
    session = reading_session(connection)
    member = await session.get_one(Member, _member_id(delivery))
    if member.slack_user_id is None or not member.active:
        return None
    home = await load_home(session, services.library, Actor.of(member), now)
    return PublishHome(slack_user_id=member.slack_user_id, view=build_home_view(home))


async def build_email(
    connection: AsyncConnection, delivery: Delivery, services: Services, _: datetime
) -> Outgoing | None:
    """A mail, shown in the channel that stands in for a mail server."""
    channel = services.settings.email_channel
    if channel is None:
        raise CannotSend("No way to send email is set up. Set EMAIL_CHANNEL, and send this one from your own mail.")
    session, payload = reading_session(connection), delivery.payload
    contact = await session.get(Contact, payload["contact_id"])
    sender = await session.get(Member, payload["sender_id"])
    if contact is None or sender is None:
        raise CannotSend("The contact this mail was meant for has been removed.")
    subject = label(str(payload["subject"]), 250)
    head = f"From {label(sender.name)} to {label(contact.name)} ({label(contact.email, 320)})"
    return PostMessage(
        channel=channel,
        text=f"Mail to {label(contact.name)}: {subject}",
        blocks=[context(head), section(f"*{subject}*"), section(fit(str(payload["body"]), SECTION_TEXT))],
    )


async def _was_never_posted(session: AsyncSession, delivery: Delivery, escalation_id: int) -> bool:
    """Whether there will never be a message to reply to: its delivery failed, which has been reported."""
    query = select(Delivery).where(
        Delivery.kind == DeliveryKind.ESCALATION,
        Delivery.account_id == delivery.account_id,
        Delivery.status == DeliveryStatus.FAILED,
    )
    return any(row.payload["escalation_id"] == escalation_id for row in (await session.exec(query)).all())


def _member_id(delivery: Delivery) -> int:
    if delivery.member_id is None:
        raise CannotSend("It says to nobody whom it is for.")
    return delivery.member_id


BUILDERS: Mapping[DeliveryKind, Builder] = {
    DeliveryKind.STEPS: build_steps,
    DeliveryKind.CELEBRATION: build_celebration,
    DeliveryKind.ESCALATION: build_escalation,
    DeliveryKind.ESCALATION_UPDATE: build_escalation_update,
    DeliveryKind.NOTICE: build_notice,
    DeliveryKind.BLOCKED: build_blocked,
    DeliveryKind.STAGE_WAITS: build_stage_waits,
    DeliveryKind.REDRAW: build_redraw,
    DeliveryKind.HOME: build_home,
    DeliveryKind.EMAIL: build_email,
    DeliveryKind.VERSION_DRAFT: build_version_draft,
    DeliveryKind.VERSION_NEWS: build_version_news,
    DeliveryKind.EXEMPTION_REQUEST: build_exemption_request,
    DeliveryKind.EXEMPTION_OVER: build_exemption_end,
}
