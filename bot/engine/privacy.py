"""What is kept about one person at a customer: all of it to read, and taken out when they ask for that."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, ColumnElement, Table, func, or_, update
from sqlalchemy import select as core_select
from sqlmodel import AutoString, SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.journal import record
from bot.engine.own_signals import note_sponsor
from bot.engine.state import lock_account
from bot.errors import NotFound
from bot.models import Contact, EmailMessage, Signal, TimelineKind

REMOVED = "[removed]"
REMOVED_NAME = "Removed contact"


async def export_contact(session: AsyncSession, email: str) -> dict[str, Any]:
    """Everything that names the person with this email, by table; values are of JSON types.

    The rows of other tables are those of the person's accounts that name them, by full name or email, or refer to them.
    """
    contacts = await _contacts(session, email)
    found: dict[str, Any] = {"contacts": [contact.model_dump(mode="json") for contact in contacts]}
    for contact in contacts:
        naming = _naming(contact)
        for table in _rooms():
            rows = (await session.connection()).execute(core_select(table).where(_about(table, contact)))
            for row in (await rows).mappings():
                if row.get("contact_id") == contact.id or any(naming.search(text) for text in _texts(table, row)):
                    found.setdefault(table.name, []).append({name: _json(value) for name, value in row.items()})
    return found


async def erase_contact(session: AsyncSession, email: str, now: datetime) -> int:
    """Take a person out: their row keeps no personal data, and whatever names them has `[removed]` there.

    Numbers stay, as nobody's: scores count in the averages of their accounts. Returns how many rows were changed.
    What was posted to Slack or mailed stands where it is. Raises NotFound.
    """
    changed = 0
    for contact in await _contacts(session, email):
        await lock_account(session, contact.account_id)
        await session.flush()
        for table in _rooms():
            changed += await _scrub(session, table, contact)
        await _forget(session, contact, now)
        changed += 1
    return changed


async def _contacts(session: AsyncSession, email: str) -> Sequence[Contact]:
    query = select(Contact).where(func.lower(Contact.email) == email.strip().lower()).order_by(col(Contact.id))
    found = (await session.exec(query)).all()
    if not found:
        raise NotFound(f"Nobody with the email {email} is on file.")
    return found


async def _forget(session: AsyncSession, contact: Contact, now: datetime) -> None:
    await session.exec(update(Signal).where(col(Signal.contact_id) == contact.id).values(comment=None))
    mails = update(EmailMessage).where(col(EmailMessage.contact_id) == contact.id)
    await session.exec(mails.values(subject=REMOVED, body=REMOVED))
    former_roles = contact.roles
    contact.name, contact.email = REMOVED_NAME, f"removed-{contact.id}@removed.invalid"
    contact.title, contact.external_ids, contact.roles = None, {}, []
    contact.may_email, contact.advocate, contact.advocacy = False, None, []
    summary = "took out the personal data of a contact who asked for it"
    record(session, TimelineKind.CONTACT_CHANGED, summary, now, account_id=contact.account_id)
    await session.flush()
    await note_sponsor(session, contact, former_roles, now)


def _rooms() -> Iterator[Table]:
    """The tables whose rows are about an account and hold words: a new one is among them by itself."""
    for table in SQLModel.metadata.sorted_tables:
        if "account_id" in table.c and "id" in table.c and table.name != Contact.__tablename__ and _wordy(table):
            yield table


def _about(table: Table, contact: Contact) -> ColumnElement[bool]:
    """The rows of the person's account, and those of none: of signals nobody has assigned, of notices to us."""
    return or_(table.c.account_id == contact.account_id, table.c.account_id.is_(None))


def _wordy(table: Table) -> list[Column[Any]]:
    """The columns that may name somebody."""
    return [column for column in table.columns if isinstance(column.type, AutoString | JSON)]


def _naming(contact: Contact) -> re.Pattern[str]:
    """Finds the person's name and email as words of their own."""
    return re.compile(rf"(?<!\w)(?:{re.escape(contact.name)}|{re.escape(contact.email)})(?!\w)", re.IGNORECASE)


def _texts(table: Table, row: Any) -> Iterator[str]:
    for column in _wordy(table):
        if row[column.name] is not None:
            yield str(row[column.name])


async def _scrub(session: AsyncSession, table: Table, contact: Contact) -> int:
    naming, columns = _naming(contact), _wordy(table)
    connection = await session.connection()
    of_account = core_select(table.c.id, *columns).where(_about(table, contact))
    changed = 0
    for row in (await connection.execute(of_account)).mappings().all():
        scrubbed = {column.name: _without(naming, row[column.name]) for column in columns}
        if different := {name: value for name, value in scrubbed.items() if value != row[name]}:
            await connection.execute(update(table).where(table.c.id == row["id"]).values(different))
            changed += 1
    return changed


def _without(naming: re.Pattern[str], value: Any) -> Any:
    if isinstance(value, str):
        return naming.sub(REMOVED, value)
    if isinstance(value, dict):
        return {key: _without(naming, item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without(naming, item) for item in value]
    return value


def _json(value: Any) -> Any:
    return value if isinstance(value, str | int | float | bool | list | dict | None) else str(value)
