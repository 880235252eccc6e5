"""Sending the mail of an email step: the step is completed and the mails are queued in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from secrets import token_urlsafe
from uuid import uuid4

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.actors import Actor
from bot.engine.answers import NOTHING_SAID, Completion
from bot.engine.journal import record
from bot.engine.outbox import enqueue
from bot.engine.steps import StepChange, complete_step
from bot.errors import InvalidInput
from bot.library.library import Library
from bot.library.rendering import holes_in
from bot.models import Contact, DeliveryKind, EmailMessage, EmailStatus, Member, Step, TimelineKind

LANES = 8
SUBJECT_LENGTH = 250
BODY_LENGTH = 20_000


@dataclass(frozen=True)
class Mail:
    contact_id: int
    subject: str
    body: str


async def send_step_email(
    session: AsyncSession,
    library: Library,
    step_id: int,
    actor: Actor | None,
    now: datetime,
    mails: Sequence[Mail],
    completion: Completion = NOTHING_SAID,
) -> StepChange:
    """Send a step's mails, one to each contact, and complete the step. Sending again changes nothing.

    Without an actor they go by themselves, in the name of the step's assignee.

    Raises InvalidInput when there is nobody to write to, somebody asked not to be written to, or a draft has a hole.
    """
    _check(mails)
    change = await complete_step(session, library, step_id, actor, now, completion)
    if not change.changed:
        return change
    step = change.step
    recipients = await _recipients(session, step.account_id, mails)
    sender = await session.get_one(Member, actor.member_id if actor else step.assignee_id)
    step.effects = {**step.effects, "sent": True}
    for mail in mails:
        email = await _write(session, step, mail, sender, now, automatic=actor is None)
        await enqueue(
            session,
            DeliveryKind.EMAIL,
            now,
            lane=lane_of(mail.contact_id),
            account_id=step.account_id,
            payload={"email_id": email.id},
        )
        record(
            session,
            TimelineKind.EMAIL_SENT,
            f"emailed {recipients[mail.contact_id].name}: {email.subject}",
            now,
            account_id=step.account_id,
            actor=actor,
            run_id=step.run_id,
            step_id=step.id,
        )
    return change


def lane_of(contact_id: int) -> str:
    """Mails to one contact go in their order. A slow mail server keeps no more than LANES deliveries busy."""
    return f"mail:{contact_id % LANES}"


async def _write(
    session: AsyncSession, step: Step, mail: Mail, sender: Member, now: datetime, *, automatic: bool
) -> EmailMessage:
    email = EmailMessage(
        account_id=step.account_id,
        contact_id=mail.contact_id,
        run_id=step.run_id,
        step_id=step.id,
        sender_id=sender.id,
        automatic=automatic,
        message_id=f"<{uuid4().hex}@{_domain(sender.email)}>",
        in_reply_to=await _latest_of_thread(session, step.run_id, mail.contact_id),
        unsubscribe_key=token_urlsafe(32),
        subject=" ".join(mail.subject.split())[:SUBJECT_LENGTH],
        body=mail.body.strip(),
        queued_at=now,
    )
    session.add(email)
    await session.flush()
    return email


async def _latest_of_thread(session: AsyncSession, run_id: int, contact_id: int) -> str | None:
    """What a run's mails to one contact answer: the one before."""
    query = select(EmailMessage.message_id).where(
        EmailMessage.run_id == run_id,
        EmailMessage.contact_id == contact_id,
        col(EmailMessage.status).in_([EmailStatus.QUEUED, EmailStatus.SENT]),
    )
    return (await session.exec(query.order_by(col(EmailMessage.id).desc()).limit(1))).first()


def _domain(address: str) -> str:
    """Of a message id, which is ASCII."""
    try:
        return address.rpartition("@")[2].encode("idna").decode("ascii")
    except UnicodeError:
        return "playcall.invalid"


def _check(mails: Sequence[Mail]) -> None:
    if not mails:
        raise InvalidInput("There is nobody to write to. Add a contact with `/account contact`.", field="to")
    for mail in mails:
        if not mail.subject.strip():
            raise InvalidInput("The mail needs a subject.", field="subject")
        if not mail.body.strip():
            raise InvalidInput("The mail is empty.", field="body")
        if len(mail.body) > BODY_LENGTH:
            raise InvalidInput(f"The mail is longer than {BODY_LENGTH:,} characters. Shorten it.", field="body")
        for field, text in (("subject", mail.subject), ("body", mail.body)):
            if missing := holes_in(text):
                parts = ", ".join(missing)
                raise InvalidInput(f"Fill in what is marked [[missing: …]] before you send this: {parts}.", field=field)


async def _recipients(session: AsyncSession, account_id: int, mails: Sequence[Mail]) -> dict[int, Contact]:
    query = select(Contact).where(
        Contact.account_id == account_id, col(Contact.id).in_([mail.contact_id for mail in mails])
    )
    found = {contact.id: contact for contact in (await session.exec(query)).all()}
    for mail in mails:
        contact = found.get(mail.contact_id)
        if contact is None:
            raise InvalidInput("That contact is not there any more. Pick another.", field="to")
        if contact.unsubscribed_at:
            raise InvalidInput(f"{contact.name} has unsubscribed from mail. Pick someone else.", field="to")
        if not contact.may_email:
            raise InvalidInput(f"{contact.name} asked not to get mail from us. Pick someone else.", field="to")
    return found
