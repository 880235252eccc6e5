"""What is kept about one person at a customer: all of it to read, and taken out when they ask for that."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Table, func, update
from sqlalchemy import select as core_select
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.journal import record
from bot.engine.mentions import REMOVED, about, names_them, naming, rooms, scrubbed, wordy
from bot.engine.own_signals import note_sponsor
from bot.engine.state import lock_account
from bot.errors import NotFound
from bot.models import (
    AdvocacyAsk,
    Contact,
    EmailMessage,
    EmailStatus,
    QuarantinedSignal,
    Signal,
    SignalKind,
    TimelineKind,
)

REMOVED_NAME = "Removed contact"
NOT_SENT = "The contact asked to be taken out before it went."


async def export_contact(session: AsyncSession, email: str) -> dict[str, Any]:
    """Everything that names the person with this email, by table; values are of JSON types.

    The rows of other tables are those of the person's accounts that name them, by full name or email, or refer to them.
    """
    contacts = await _contacts(session, email)
    person = naming(contacts)
    found: dict[str, Any] = {"contacts": [contact.model_dump(mode="json") for contact in contacts]}
    connection = await session.connection()
    for contact in contacts:
        for table in rooms():
            rows = await connection.execute(core_select(table).where(about(table, contact.account_id)))
            for row in rows.mappings():
                if row.get("contact_id") == contact.id or names_them(person, table, row):
                    told = {name: _json(value) for name, value in row.items()}
                    if told not in found.setdefault(table.name, []):  # what is of no account is met with each of theirs
                        found[table.name].append(told)
    return found


async def erase_contact(session: AsyncSession, email: str, now: datetime) -> int:
    """Take a person out: their row keeps no personal data, and whatever names them has `[removed]` there.

    Numbers stay, as nobody's: scores count in the averages of their accounts. A mail that waits does not go. Returns
    how many rows were changed. What was posted to Slack or mailed stands where it is. Raises NotFound.
    """
    contacts = await _contacts(session, email)
    person = naming(contacts)
    changed = len(contacts)
    for contact in contacts:
        await lock_account(session, contact.account_id)
        await session.flush()
        await _forget_words(session, contact)
        for table in rooms():
            changed += await _scrub(session, table, contact.account_id, person)
    for contact in contacts:
        await _forget(session, contact, now)
    return changed


async def _contacts(session: AsyncSession, email: str) -> Sequence[Contact]:
    query = select(Contact).where(func.lower(Contact.email) == email.strip().lower()).order_by(col(Contact.account_id))
    found = (await session.exec(query)).all()
    if not found:
        raise NotFound(f"Nobody with the email {email} is on file.")
    return found


async def _forget_words(session: AsyncSession, contact: Contact) -> None:
    """What the person said themselves, and what was written to them."""
    theirs = update(Signal).where(col(Signal.contact_id) == contact.id)
    await session.exec(theirs.values(comment=None))
    in_words = col(Signal.kind) != SignalKind.SPONSOR_CHANGE.value
    await session.exec(theirs.where(in_words, col(Signal.number).is_(None)).values(label=None))
    asks = update(AdvocacyAsk).where(col(AdvocacyAsk.contact_id) == contact.id)
    await session.exec(asks.values(outcome=None))
    mails = update(EmailMessage).where(col(EmailMessage.contact_id) == contact.id)
    await session.exec(mails.values(subject=REMOVED, body=REMOVED))
    waiting = mails.where(col(EmailMessage.status) == EmailStatus.QUEUED)
    await session.exec(waiting.values(status=EmailStatus.HELD, why=NOT_SENT))
    references = {contact.email.lower(), *(value.lower() for value in contact.external_ids.values())}
    for signal in (await session.exec(select(QuarantinedSignal))).all():
        if str(signal.payload.get("contact", "")).lower() in references:
            kept = {name: value for name, value in signal.payload.items() if name != "comment"}
            signal.payload = kept | {"contact": REMOVED}
    await session.flush()


async def _forget(session: AsyncSession, contact: Contact, now: datetime) -> None:
    former_roles = contact.roles
    contact.name, contact.email = REMOVED_NAME, f"removed-{contact.id}@removed.invalid"
    contact.title, contact.external_ids, contact.roles = None, {}, []
    contact.may_email, contact.advocate, contact.advocacy = False, None, []
    summary = "took out the personal data of a contact who asked for it"
    record(session, TimelineKind.CONTACT_CHANGED, summary, now, account_id=contact.account_id)
    await session.flush()
    await note_sponsor(session, contact, former_roles, now)


async def _scrub(session: AsyncSession, table: Table, account_id: int, person: re.Pattern[str]) -> int:
    connection = await session.connection()
    of_account = core_select(table.c.id, *wordy(table)).where(about(table, account_id))
    changed = 0
    for row in (await connection.execute(of_account)).mappings().all():
        if different := scrubbed(person, table, row):
            await connection.execute(update(table).where(table.c.id == row["id"]).values(different))
            changed += 1
    return changed


def _json(value: Any) -> Any:
    return value if isinstance(value, str | int | float | bool | list | dict | None) else str(value)
