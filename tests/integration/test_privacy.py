"""A person at a customer asks what is kept about them, and to be taken out."""

import json
import sqlite3
from contextlib import closing
from typing import Any

import pytest
from sqlalchemy import JSON, Boolean, Column, Date, Enum, Table
from sqlmodel import AutoString, SQLModel, col, select

from bot.engine.accounts import ContactDraft, save_contact
from bot.engine.mentions import REMOVED, rooms, wordy
from bot.engine.notes import add_note
from bot.engine.privacy import erase_contact, export_contact
from bot.errors import NotFound
from bot.models import (
    AdvocacyAsk,
    AskKind,
    Contact,
    ContactRole,
    Delivery,
    DeliveryKind,
    EmailMessage,
    EmailStatus,
    Note,
    NoteSource,
    QuarantinedSignal,
    Signal,
    TimelineEntry,
)
from bot.models.columns import UtcDateTime
from tests.support.world import World

WORDS = "Ada Byron <ada@acme.test> said so"
OURS = {  # what we wrote for ourselves: our people, keys and tokens, the playbooks and who decided what about them
    "api_tokens",
    "bulk_starts",
    "lanes",
    "members",
    "playbook_entries",
    "playbook_switches",
    "playbook_variants",
    "playbook_versions",
    "posted_messages",  # where in Slack they stand
    "rule_states",
}


@pytest.fixture
async def ada(world: World) -> Contact:
    """A contact who answered a survey and whom a note and a mail that waits to be sent name."""
    async with world.database.transaction() as session:
        draft = ContactDraft(name="Ada Byron", email="ada@acme.test", roles=[ContactRole.CHAMPION], nps=9)
        contact = await save_contact(session, world.library, world.account_id, draft, world.maya, world.now)
        words = "Ada Byron (ADA@acme.test) likes it. Adana is a town."
        await add_note(session, world.account_id, world.maya, world.now, body=words, source=NoteSource.COMMAND)
        session.add(
            Delivery(
                key="mail",
                kind=DeliveryKind.EMAIL,
                lane="#emails",
                account_id=world.account_id,
                payload={"contact_id": contact.id, "body": "Dear Ada Byron"},
                available_at=world.now,
                created_at=world.now,
            )
        )
        session.add(
            QuarantinedSignal(
                source="zendesk",
                external_id="7",
                account_ref="unknown.test",
                payload={"contact": "ada@acme.test", "kind": "csat"},
                created_at=world.now,
            )
        )
        return contact


async def everything(world: World) -> str:
    async with world.database.transaction() as session:
        rows: list[Any] = []
        for table in (Contact, Note, TimelineEntry, Delivery, Signal, QuarantinedSignal):
            rows += (await session.exec(select(table))).all()
        return " ".join(str(row) for row in rows)


async def test_all_that_names_a_person_is_exported(world: World, ada: Contact) -> None:
    async with world.database.transaction() as session:
        found = await export_contact(session, "Ada@ACME.test")
    assert {"contacts", "notes", "timeline", "signals", "deliveries", "quarantined_signals"} <= set(found)
    assert found["contacts"][0]["name"] == ada.name
    assert [row["number"] for row in found["signals"] if row["kind"] == "nps"] == [9]
    json.dumps(found)


async def test_nothing_names_a_person_who_was_taken_out(world: World, ada: Contact) -> None:
    assert "Ada Byron" in await everything(world)
    async with world.database.transaction() as session:
        assert await erase_contact(session, ada.email, world.now) >= 4
    left = await everything(world)
    assert "Ada Byron" not in left
    assert "ada@acme" not in left.lower()
    assert f"{REMOVED} ({REMOVED}) likes it. Adana is a town." in left
    async with world.database.transaction() as session:
        contact = await session.get_one(Contact, ada.id)
        assert (contact.name, contact.may_email, contact.roles) == ("Removed contact", False, [])
        assert contact.nps == 9  # as nobody's, in the average
        with pytest.raises(NotFound, match="Nobody with the email"):
            await erase_contact(session, "ada@acme.test", world.now)


def test_every_table_with_words_is_looked_through_or_is_about_ourselves() -> None:
    looked_through = {table.name for table in rooms()} | {"contacts"}
    others = {table.name for table in SQLModel.metadata.sorted_tables if _has_words(table)} - looked_through
    assert others == OURS


async def test_whatever_column_of_whatever_table_names_a_person_does_so_no_more(
    world_on_sqlite: World, ada_on_sqlite: Contact
) -> None:
    """Every column that can hold words names them, in a row of every table."""
    file = str(world_on_sqlite.database.url.database)
    with closing(sqlite3.connect(file)) as connection:
        for table in rooms():
            if table.name != "accounts":
                row = {column.name: _filled(column, ada_on_sqlite) for column in table.columns}
                marks = ", ".join("?" * len(row))
                names = ", ".join(f'"{name}"' for name in row)
                connection.execute(f"INSERT INTO {table.name} ({names}) VALUES ({marks})", list(row.values()))  # noqa: S608  # ours
        connection.execute("UPDATE accounts SET outcome = ?, attributes = ?", [WORDS, json.dumps({"boss": [WORDS]})])
        connection.commit()
        assert "".join(connection.iterdump()).count(WORDS) > 40
    async with world_on_sqlite.database.long_transaction() as session:
        exported = await export_contact(session, ada_on_sqlite.email)
        await erase_contact(session, ada_on_sqlite.email, world_on_sqlite.now)
    assert set(exported) == {table.name for table in rooms()} | {"contacts"}
    with closing(sqlite3.connect(file)) as connection:
        left = [line for line in connection.iterdump() if "ada byron" in line.lower() or "ada@acme" in line.lower()]
    assert left == []


async def test_two_who_were_known_by_their_emails_can_both_be_taken_out(world: World) -> None:
    """Their answers stay two, though nothing tells them apart by name any more."""
    for name in ("Ada Byron", "Bo Li"):
        draft = ContactDraft(name=name, email=f"{name[:2].lower()}@acme.test")
        async with world.database.transaction() as session:
            contact = await save_contact(session, world.library, world.account_id, draft, world.maya, world.now)
            session.add(
                Signal(
                    account_id=world.account_id,
                    contact_id=contact.id,
                    kind="csat",
                    number=4,
                    source="survey",
                    external_id=draft.email,
                    observed_at=world.now,
                    created_at=world.now,
                )
            )
    for email in ("ad@acme.test", "bo@acme.test"):
        async with world.database.transaction() as session:
            await erase_contact(session, email, world.now)
    async with world.database.transaction() as session:
        answers = (await session.exec(select(Signal).where(Signal.source == "survey"))).all()
    assert len({answer.external_id for answer in answers}) == 2
    assert not [answer for answer in answers if "acme.test" in answer.external_id]


async def test_a_short_name_in_a_long_note_leaves_a_note_that_fits(world: World) -> None:
    draft = ContactDraft(name="Bo Li", email="bo@acme.test")
    async with world.database.transaction() as session:
        await save_contact(session, world.library, world.account_id, draft, world.maya, world.now)
        body = ("Bo Li " * 2000).strip()
        await add_note(session, world.account_id, world.maya, world.now, body=body, source=NoteSource.COMMAND)
    async with world.database.transaction() as session:
        await erase_contact(session, draft.email, world.now)
    async with world.database.transaction() as session:
        note = (await session.exec(select(Note))).one()
    assert "Bo Li" not in note.body
    assert len(note.body) == 12_000


async def test_what_they_said_is_forgotten_and_what_was_to_be_mailed_does_not_go(
    world_on_sqlite: World, ada_on_sqlite: Contact
) -> None:
    world = world_on_sqlite
    about: dict[str, Any] = {"account_id": world.account_id, "contact_id": ada_on_sqlite.id}
    at: dict[str, Any] = {"created_at": world.now, "observed_at": world.now}
    async with world.database.transaction() as session:
        session.add(
            EmailMessage(
                **about,
                sender_id=world.maya.member_id,
                message_id="<one@ours.example>",
                unsubscribe_key="k",
                subject="Your launch",
                body="Dear all",
                queued_at=world.now,
            )
        )
        asked: dict[str, Any] = {"kind": AskKind.REFERRAL, "asked_by_id": world.maya.member_id, "asked_at": world.now}
        session.add(AdvocacyAsk(**about, **asked, outcome="Only after my divorce"))
        session.add(Signal(**about, **at, kind="csat", number=2, comment="I am ill", source="survey", external_id="1"))
        session.add(Signal(**about, **at, kind="reason", label="My burn-out", source="survey", external_id="2"))
        waiting = {"contact": ada_on_sqlite.email.upper(), "kind": "csat", "comment": "I am ill"}
        session.add(
            QuarantinedSignal(
                source="zendesk", external_id="8", account_ref="acme.io", payload=waiting, created_at=world.now
            )
        )
    async with world.database.transaction() as session:
        await erase_contact(session, ada_on_sqlite.email, world.now)
    async with world.database.transaction() as session:
        mail = (await session.exec(select(EmailMessage))).one()
        ask = (await session.exec(select(AdvocacyAsk))).one()
        signals = (await session.exec(select(Signal).where(Signal.source == "survey").order_by(col(Signal.id)))).all()
        kept_aside = (await session.exec(select(QuarantinedSignal))).one()
    assert (mail.status, mail.subject, mail.body) == (EmailStatus.HELD, REMOVED, REMOVED)
    assert ask.outcome is None
    assert [(signal.number, signal.label, signal.comment) for signal in signals] == [
        (2, None, None),
        (None, None, None),
    ]
    assert kept_aside.payload == {"contact": REMOVED, "kind": "csat"}


@pytest.fixture
async def ada_on_sqlite(world_on_sqlite: World) -> Contact:
    world = world_on_sqlite
    draft = ContactDraft(name="Ada Byron", email="ada@acme.test")
    async with world.database.transaction() as session:
        return await save_contact(session, world.library, world.account_id, draft, world.maya, world.now)


def _has_words(table: Table) -> bool:
    return any(isinstance(column.type, AutoString | JSON) for column in table.columns)


def _filled(column: Column[Any], contact: Contact) -> Any:
    """A value for the column in a row of the contact's account: words that name them wherever words may be."""
    match column.type:
        case JSON():
            return json.dumps({"said": [WORDS], "kind": "note"})
        case AutoString():
            return WORDS if column in wordy(column.table) else f"{column.name}-1"
        case Enum() as kind:
            return kind.enums[0]
        case Boolean():
            return False
        case Date():
            return "2026-03-02"
        case UtcDateTime():
            return "2026-03-02 10:00:00.000000"
        case _:
            return {"account_id": contact.account_id, "contact_id": contact.id}.get(column.name, 9001)
