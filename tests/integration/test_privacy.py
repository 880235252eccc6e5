"""A person at a customer asks what is kept about them, and to be taken out."""

import json
from typing import Any

import pytest
from sqlmodel import select

from bot.engine.accounts import ContactDraft, save_contact
from bot.engine.notes import add_note
from bot.engine.privacy import REMOVED, erase_contact, export_contact
from bot.errors import NotFound
from bot.models import (
    Contact,
    ContactRole,
    Delivery,
    DeliveryKind,
    Note,
    NoteSource,
    QuarantinedSignal,
    Signal,
    TimelineEntry,
)
from tests.support.world import World


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
