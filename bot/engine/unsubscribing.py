"""A contact who wants no more mail from us: it holds for the person, in every account in which they are a contact."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.db import Reader
from bot.engine.journal import record
from bot.engine.outbox import notify
from bot.models import Account, AccountRole, Contact, EmailMessage, MemberRole, TimelineKind


async def read_subscriber(reader: Reader, key: str) -> tuple[str, bool] | None:
    """The address behind a mail's key, and whether it gets mail still; None for a key that is none of ours."""
    query = (
        select(col(Contact.email), col(Contact.unsubscribed_at))
        .join(EmailMessage, col(EmailMessage.contact_id) == Contact.id)
        .where(EmailMessage.unsubscribe_key == key)
    )
    row = (await reader.execute(query)).first()
    return (str(row.email), row.unsubscribed_at is None) if row else None


async def unsubscribe(session: AsyncSession, key: str, now: datetime) -> str | None:
    """Send no more mail to the address that a mail with this key went to, which is returned. Twice changes nothing.

    The accounts' CSMs hear of it. None for a key that is none of ours.
    """
    query = (
        select(Contact.email)
        .join(EmailMessage, col(EmailMessage.contact_id) == Contact.id)
        .where(EmailMessage.unsubscribe_key == key)
    )
    address = (await session.exec(query)).first()
    if address is None:
        return None
    for contact, account, csm in await _wherever(session, address):
        contact.may_email, contact.unsubscribed_at = False, now
        summary = f"{contact.name} unsubscribed from mail"
        record(session, TimelineKind.UNSUBSCRIBED, summary, now, account_id=account.id)
        if csm is not None:
            text = (
                f"{contact.name} ({account.name}) has unsubscribed from mail. Playcall writes to them no more; "
                "steps that would have are yours to do some other way."
            )
            await notify(session, csm, text, now, account_id=account.id)
    return address


async def _wherever(session: AsyncSession, address: str) -> Sequence[tuple[Contact, Account, int | None]]:
    """The person in each account in which they still get mail, with its CSM."""
    query = (
        select(Contact, Account, AccountRole.member_id)
        .join(Account, col(Account.id) == Contact.account_id)
        .join(
            AccountRole,
            (col(AccountRole.account_id) == Account.id) & (col(AccountRole.role) == MemberRole.CSM),
            isouter=True,
        )
        .where(func.lower(Contact.email) == address.lower(), col(Contact.unsubscribed_at).is_(None))
        .order_by(col(Contact.id))
        .with_for_update(of=Contact)
    )
    return (await session.exec(query)).all()
