"""What becomes of a mail after it was queued: it is sent, held, or fails, and whoever sent it hears of the last two."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.journal import record
from bot.engine.outbox import notify
from bot.models import (
    Account,
    AccountRole,
    Contact,
    EmailMessage,
    EmailStatus,
    Member,
    MemberRole,
    Run,
    RunStatus,
    TimelineKind,
)

WHY_LENGTH = 500


@dataclass(frozen=True, slots=True)
class Moment:
    """What is true of a mail at the moment in which it would be sent."""

    contact: str
    may_email: bool
    unsubscribed: bool
    automatic: bool
    playbook: str | None = None
    called_off: bool = False  # its run was cancelled after it was queued
    is_escalated: bool = False


def decide_sending(moment: Moment) -> str | None:
    """Why a mail that was queued is not sent after all, as a sentence; None when it goes."""
    if moment.unsubscribed:
        return f"{moment.contact} has unsubscribed."
    if not moment.may_email:
        return f"{moment.contact} asked not to get mail from us."
    if moment.called_off:
        return f"“{moment.playbook}” was cancelled before it went."
    if moment.automatic and moment.is_escalated:
        return "an escalation was opened before it went."
    return None


def is_called_off(email: EmailMessage, run: Run | None) -> bool:
    """Whether the mail's reason is gone. A mail whose own step ended the run was queued in the moment of its end."""
    if run is None or run.status is not RunStatus.CANCELLED or run.ended_at is None:
        return False
    return run.ended_at > email.queued_at


async def email_sent(session: AsyncSession, email_id: int, now: datetime) -> None:
    """The mail server has taken it; that it was sent before, or counted as failed, does not matter any more."""
    statement = (
        update(EmailMessage)
        .where(col(EmailMessage.id) == email_id)
        .values(status=EmailStatus.SENT, sent_at=now, why=None)
        .execution_options(synchronize_session=False)
    )
    await session.exec(statement)


async def email_held(session: AsyncSession, email_id: int, why: str, now: datetime) -> None:
    """It is not sent: `why` is a sentence."""
    await _end(session, email_id, EmailStatus.HELD, TimelineKind.EMAIL_HELD, "did not go", why, now)


async def email_failed(session: AsyncSession, email_id: int, why: str, now: datetime, *, bounced: bool = False) -> None:
    """It could not be sent. One that `bounced` marks its contact, whose address is to be corrected."""
    status = EmailStatus.BOUNCED if bounced else EmailStatus.FAILED
    email = await _end(session, email_id, status, TimelineKind.EMAIL_FAILED, "did not arrive", why, now)
    if bounced and email:
        (await session.get_one(Contact, email.contact_id)).bounced_at = now


async def _end(
    session: AsyncSession,
    email_id: int,
    status: EmailStatus,
    kind: TimelineKind,
    what: str,
    why: str,
    now: datetime,
) -> EmailMessage | None:
    """None when that was known already."""
    email = await session.get(EmailMessage, email_id, with_for_update=True)
    if email is None or email.status is not EmailStatus.QUEUED:
        return None
    email.status, email.why = status, why[:WHY_LENGTH]
    contact = await session.get_one(Contact, email.contact_id)
    account = await session.get_one(Account, email.account_id)
    record(
        session,
        kind,
        f"the mail “{email.subject}” to {contact.name} {what}: {why}",
        now,
        account_id=account.id,
        run_id=email.run_id,
        step_id=email.step_id,
    )
    text = f"Your mail “{email.subject}” to {contact.name} ({account.name}) {what}: {why} {_next_step(status, account)}"
    await notify(session, await _who_hears(session, email), text, now, account_id=account.id)
    return email


def _next_step(status: EmailStatus, account: Account) -> str:
    if status is EmailStatus.BOUNCED:
        return f"Correct the address with `/account contact {account.key} NAME EMAIL`, and write to them yourself."
    if status is EmailStatus.HELD:
        return "Nothing was sent. Look at it once more, and write yourself if it is still right."
    return "Send it from your own mail if it is still right."


async def _who_hears(session: AsyncSession, email: EmailMessage) -> int:
    """Whoever sent it; the account's CSM for somebody who has left."""
    sender = await session.get_one(Member, email.sender_id)
    if sender.active:
        return sender.id
    query = select(AccountRole.member_id).where(
        AccountRole.account_id == email.account_id, AccountRole.role == MemberRole.CSM
    )
    return (await session.exec(query)).first() or sender.id
