"""Mails: whether they still may go, whom they come from, and how their reader ends them."""

from datetime import datetime
from email.utils import parseaddr
from urllib.parse import quote

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.db import ReadingConnection, reading_session
from bot.delivery.outgoing import CannotSend, HoldMail, Mailbox, Outgoing, PostMessage, SendMail, Unsubscribe
from bot.engine.email_fates import Moment, decide_sending, is_called_off
from bot.models import Contact, Delivery, EmailMessage, EmailStatus, Escalation, EscalationStatus, Member, Run
from bot.models.columns import constant
from bot.services import Services
from bot.settings import Settings
from bot.slack.blocks import context, section
from bot.slack.limits import SECTION_TEXT
from bot.slack.text import fit, label

THREAD = 20  # how much of a thread a mail names
OLD = "It was written before an update of Playcall, which cannot send it any more. Please send it from your own mail."


async def build_email(
    connection: ReadingConnection, delivery: Delivery, services: Services, now: datetime
) -> Outgoing | None:
    """The mail as it goes to the mail server, or to the channel that stands in for one; or why it is held."""
    session = reading_session(connection)
    if "email_id" not in delivery.payload:
        raise CannotSend(OLD)
    email = await session.get(EmailMessage, delivery.payload["email_id"])
    if email is None or email.status is not EmailStatus.QUEUED:
        return None
    contact = await session.get_one(Contact, email.contact_id)
    if why := decide_sending(await _load_moment(session, email, contact)):
        return HoldMail(email.id, why)
    sender = await session.get_one(Member, email.sender_id)
    if services.settings.email_channel is not None:
        return _show(services.settings.email_channel, email, sender, contact)
    return await _mail(session, services.settings, email, sender, contact, now)


async def _load_moment(session: AsyncSession, email: EmailMessage, contact: Contact) -> Moment:
    run = await session.get(Run, email.run_id) if email.run_id else None
    escalated = select(Escalation.id).where(
        Escalation.account_id == email.account_id, col(Escalation.status) != constant(EscalationStatus.RESOLVED)
    )
    return Moment(
        contact=contact.name,
        may_email=contact.may_email,
        unsubscribed=contact.unsubscribed_at is not None,
        automatic=email.automatic,
        playbook=run.title if run else None,
        called_off=is_called_off(email, run),
        is_escalated=email.automatic and (await session.exec(escalated.limit(1))).first() is not None,
    )


def _show(channel: str, email: EmailMessage, sender: Member, contact: Contact) -> PostMessage:
    subject = label(email.subject, 250)
    head = f"From {label(sender.name)} to {label(contact.name)} ({label(contact.email, 320)})"
    return PostMessage(
        channel=channel,
        text=f"Mail to {label(contact.name)}: {subject}",
        blocks=[context(head), section(f"*{subject}*"), section(fit(email.body, SECTION_TEXT))],
        email_id=email.id,
    )


async def _mail(
    session: AsyncSession, settings: Settings, email: EmailMessage, sender: Member, contact: Contact, now: datetime
) -> SendMail:
    written_by = choose_sender(settings, sender.name, sender.email)
    return SendMail(
        email_id=email.id,
        message_id=email.message_id,
        sender=written_by,
        reply_to=None if written_by.address == sender.email else Mailbox(sender.name, sender.email),
        to=Mailbox(contact.name, contact.email),
        subject=email.subject,
        text=email.body,
        at=now,
        in_reply_to=email.in_reply_to,
        references=await _thread(session, email) if email.in_reply_to else (),
        unsubscribe=_unsubscribe(settings, email, sender) if await _is_bulk(session, email) else None,
        automatic=email.automatic,
    )


def choose_sender(settings: Settings, name: str, address: str) -> Mailbox:
    """The member themselves when mails may come from their domain; else EMAIL_FROM, which goes in their name.

    Raises CannotSend when neither is possible.
    """
    fixed = parseaddr(settings.email_from or "")[1]
    ours = {domain.strip().lower() for domain in settings.email_domains.split(",") if domain.strip()}
    if not ours and fixed:
        ours = {fixed.rpartition("@")[2].lower()}
    if address.rpartition("@")[2].lower() in ours:
        return Mailbox(name, address)
    if not fixed:
        raise CannotSend(
            f"Mail may not come from {address}. Whoever runs Playcall names its domain in EMAIL_DOMAINS, or an address "
            "in EMAIL_FROM."
        )
    return Mailbox(name, fixed)


async def _thread(session: AsyncSession, email: EmailMessage) -> tuple[str, ...]:
    """The mails of the run to the same contact before this one, oldest first."""
    query = (
        select(EmailMessage.message_id)
        .where(
            EmailMessage.run_id == email.run_id,
            EmailMessage.contact_id == email.contact_id,
            col(EmailMessage.id) < email.id,
            col(EmailMessage.status).in_([EmailStatus.QUEUED, EmailStatus.SENT]),
        )
        .order_by(col(EmailMessage.id).desc())
        .limit(THREAD)
    )
    return tuple(reversed((await session.exec(query)).all()))


async def _is_bulk(session: AsyncSession, email: EmailMessage) -> bool:
    """Whether the reader must be able to end it with a click: nobody wrote it to them alone."""
    if email.automatic or email.step_id is None:
        return email.automatic
    query = select(func.count()).where(EmailMessage.step_id == email.step_id)
    return (await session.exec(query)).one() > 1


def _unsubscribe(settings: Settings, email: EmailMessage, sender: Member) -> Unsubscribe:
    """A mail to the person who wrote it is read by a person; the page is quicker, where web can be reached."""
    mailto = f"mailto:{quote(sender.email, safe='@+')}?subject=unsubscribe"
    if not settings.public_url:
        return Unsubscribe(mailto)
    return Unsubscribe(mailto, f"{settings.public_url.rstrip('/')}/unsubscribe/{email.unsubscribe_key}")
