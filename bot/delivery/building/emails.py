"""Mails, while a channel stands in for a mail server."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.db import reading_session
from bot.delivery.outgoing import CannotSend, Outgoing, PostMessage
from bot.models import Contact, Delivery, Member
from bot.services import Services
from bot.slack.blocks import context, section
from bot.slack.limits import SECTION_TEXT
from bot.slack.text import fit, label


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
