"""Rehearsing a playbook with the real engine on a copy of an account (rows 1.49 and 4.31)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import count
from typing import Any

import pytest
import sqlmodel
from pytest_mock import MockerFixture
from sqlalchemy import func, select
from sqlmodel import SQLModel

from bot.clock import FixedClock
from bot.db import Database
from bot.errors import InvalidInput, PlaycallError
from bot.library.library import Library
from bot.library.schema import Playbook
from bot.library.standing import Mark, Standing
from bot.models import AccountRole, Contact
from bot.rehearsal import playing
from bot.rehearsal.assuming import Assumptions
from bot.rehearsal.performing import rehearse
from bot.services import Services
from bot.settings import ROOT, Settings
from bot.slack.blocks import Message
from bot.slack.limits import violations
from bot.slack.rehearsal_view import Entry, EntryKind, Transcript, build_rehearsal
from tests.support.reading import dumped, shown
from tests.support.world import World, make_playbook, make_world, use_playbook

SHIPPED = (
    "onboarding-90",
    "renewal-120",
    "code-red",
    "reference",
    "new-team-setup",
)  # the longest, and one of each kind


@pytest.fixture
async def small(sqlite: Database, now: Any) -> World:
    """The team over SQLite, where the kind of database does not matter."""
    return await make_world(sqlite, now)


def services_of(world: World, library: Library | None = None) -> Services:
    settings = Settings(_env_file=None, database_url=str(world.database.url))
    return Services(settings, world.database, library or world.library, FixedClock(world.now), lambda: None)


async def perform(world: World, playbook: Playbook, **how: Any) -> Transcript:
    return await rehearse(services_of(world), playbook, world.account_id, world.now, **how)


async def row_counts(database: Database) -> dict[str, int]:
    async with database.reading() as connection:
        return {
            table.name: (await connection.execute(select(func.count()).select_from(table))).scalar_one()
            for table in SQLModel.metadata.sorted_tables
        }


def told(transcript: Transcript, kind: EntryKind | None = None) -> list[Entry]:
    return [entry for entry in transcript.entries if kind in {None, entry.kind}]


def said(transcript: Transcript) -> str:
    return "\n".join(f"{entry.at:%a %d %b %H:%M} {entry.who} {entry.kind}: {entry.words}" for entry in told(transcript))


def pages_of(transcript: Transcript) -> Iterator[Message]:
    for number in count(1):
        page = build_rehearsal(transcript, number)
        yield page
        if "Next page" not in dumped({"blocks": page.blocks}):
            return


async def test_rehearsing_shipped_playbooks_leaves_the_database_as_it_is(small: World) -> None:
    """Row 1.49: nothing is started, stored or put into the outbox; and each of them comes to its end."""
    library = Library(ROOT / "playbooks")
    library.load()
    before, account = await row_counts(small.database), await small.account()
    for key in SHIPPED:
        playbook = library.playbook(key)
        transcript = await rehearse(services_of(small, library), playbook, small.account_id, small.now)
        assert "is completed on" in transcript.ending, (playbook.key, transcript.ending)
        assert not [entry for entry in told(transcript) if "cannot go on" in entry.words], playbook.key
        pages = list(pages_of(transcript))
        for page in pages:
            assert not violations({"text": page.text, "blocks": page.blocks}), playbook.key
        assert transcript.ending in shown({"blocks": pages[-1].blocks}), playbook.key
    assert await row_counts(small.database) == before
    assert await small.account() == account


async def test_each_touchpoint_is_told_with_its_date_person_and_message(world: World) -> None:
    """Rows 1.49 and 4.31: whoever reads it learns what the real messages say."""
    before = await row_counts(world.database)
    playbook = make_playbook(
        {"key": "kickoff", "due": "2bd", "guidance": "Ask *Acme* for the goal.", "remind_before": "1bd"},
        {"key": "contract", "due": "kickoff + 1w", "role": "ae", "needs": ["kickoff"]},
    )
    transcript = await perform(world, playbook)
    lines = said(transcript)
    assert "Mon 02 Mar 09:00 Maya Lindt does: started Test play" in lines
    assert "Tue 03 Mar 09:00 Maya Lindt gets: Kickoff  ·  due tomorrow (Wed 4 Mar)" in lines
    assert "Wed 04 Mar 09:00 Maya Lindt gets: Kickoff  ·  due today (Wed 4 Mar)" in lines
    assert "Ask Acme for the goal." in lines
    assert "Wed 04 Mar 10:00 Maya Lindt does: completed “Kickoff”" in lines
    assert "Wed 11 Mar 14:00 Leo Park gets: Contract" in lines  # nine in New York, which is on summer time already
    assert transcript.ending == "Test play is completed on Wed 11 Mar 2026."
    assert await row_counts(world.database) == before


async def test_the_same_day_gives_the_same_transcript_whenever_it_is_asked_for(small: World) -> None:
    playbook = make_playbook({"key": "kickoff", "due": "1bd"}, {"key": "recap", "due": "3bd", "needs": ["kickoff"]})
    first = await perform(small, playbook, started_on=date(2026, 4, 1))
    small = replace(small, now=small.now.replace(hour=16, minute=7))
    assert await perform(small, playbook, started_on=date(2026, 4, 1)) == first


async def test_people_who_are_late_are_nudged(small: World) -> None:
    playbook = make_playbook({"key": "kickoff", "due": "1bd"})
    on_time = await perform(small, playbook)
    late = await perform(small, playbook, assumptions=Assumptions(late=3))
    assert "overdue" not in said(on_time)
    assert "Thu 05 Mar 09:00 Maya Lindt gets: Kickoff  ·  2 days overdue (was due Tue 3 Mar)" in said(late)
    assert "Fri 06 Mar 10:00 Maya Lindt does: completed “Kickoff”" in said(late)


FORK = (
    {
        "key": "decide",
        "outcomes": [
            {"key": "agreed", "label": "They will"},
            {"key": "declined", "label": "They will not", "needs_reason": True, "then": "cancel_run"},
        ],
    },
    {"key": "carry-out", "needs": ["decide"]},
)


async def test_the_outcome_decides_how_it_goes_on(small: World) -> None:
    playbook = make_playbook(*FORK)
    assert "is completed" in (await perform(small, playbook)).ending
    declined = await perform(small, playbook, assumptions=Assumptions({"decide": "declined"}))
    assert "is cancelled" in declined.ending
    assert "(They will not): as the rehearsal assumes" in said(declined)
    assert "Carry out" not in said(declined)


async def test_an_outcome_that_sends_steps_back_does_so_once(small: World) -> None:
    playbook = make_playbook(
        {"key": "draft"},
        {
            "key": "accept",
            "needs": ["draft"],
            "outcomes": [
                {"key": "good", "label": "Good"},
                {"key": "back", "label": "Not yet", "reopen": ["draft"]},
            ],
        },
    )
    transcript = await perform(small, playbook, assumptions=Assumptions({"accept": "back"}))
    assert said(transcript).count("sent “Draft” back") == 1
    assert said(transcript).count("does: completed “Draft”") == 2
    assert "is completed" in transcript.ending


async def test_a_mail_is_drafted_with_its_holes_and_goes_nowhere(small: World) -> None:
    playbook = make_playbook(
        {"key": "welcome", "kind": "email", "email": {"template": "onboarding/welcome", "to": ["admin"]}}
    )
    library = Library(ROOT / "playbooks")
    transcript = await rehearse(services_of(small, library), playbook, small.account_id, small.now)
    (draft,) = told(transcript, EntryKind.DRAFTS)
    assert draft.who == "Maya Lindt"
    assert draft.words.startswith("To nobody: no contact fits; to be filled in: contact.first_name")
    assert "[[missing: contact.first_name]]" in draft.words


async def test_placeholder_answers_have_the_type_that_is_asked_for_and_known_ones_stay(small: World) -> None:
    kinds = ["text", "long_text", "number", "date", "yes_no", "link", "choice"]
    questions = [
        {"key": kind, "label": kind, "type": kind, **({"options": ["One", "Two"]} if kind == "choice" else {})}
        for kind in kinds
    ]
    known = {"key": "renewal", "label": "When?", "type": "date", "prefill": "account.renewal_date"}
    artefact = {"label": "Notes", "type": "link"}
    step = {"key": "ask", "questions": [*questions, {**known, "saves_to": "renewal_date"}], "artefact": artefact}
    transcript = await perform(small, make_playbook(step))
    assert "answers assumed: number 1, date 2026-04-01, yes no True, link https://example.com/rehearsal" in (
        words := said(transcript)
    )
    assert "choice One, renewal 2026-09-01, 2 in words" in words
    assert "is completed" in transcript.ending


async def test_an_escalation_is_raised_taken_and_resolved_in_its_thread(small: World) -> None:
    call = {"to": "leader", "severity": "high", "ask": "Please call {{ account.name }}."}
    transcript = await perform(small, make_playbook({"key": "help", "kind": "escalation", "escalation": call}))
    words = said(transcript)
    assert "#cs-escalations gets: 🟠  High escalation: Acme\nDana Reyes please take this one" in words
    assert "Dana Reyes does: acknowledged" in words
    assert "#cs-escalations, in the thread, gets: Dana Reyes resolved this" in words
    late = await perform(
        small,
        make_playbook({"key": "help", "kind": "escalation", "escalation": call}),
        assumptions=Assumptions(late=2),
    )
    assert "it still waits for you" in said(late)


async def test_what_a_milestone_would_start_is_named_and_not_carried_out(small: World) -> None:
    use_playbook(
        small.library,
        {"key": "cake"},
        key="celebrate",
        title="Celebrate",
        triggers=[{"on": "milestone", "milestone": "live"}],
    )
    step = {"key": "go", "outcomes": [{"key": "live", "label": "Live", "milestone": "live"}]}
    words = said(await perform(small, make_playbook(step)))
    assert "Playcall does: would start “Celebrate” now, which is not part of this rehearsal" in words
    assert "Maya Lindt gets: 🎉  Acme reached Live" in words
    assert "Cake" not in words


async def test_what_cannot_be_started_can_be_rehearsed(small: World) -> None:
    """A draft that nobody has approved, and a playbook that is under way on the account."""
    playbook = use_playbook(small.library, {"key": "kickoff"})
    await small.start({"key": "kickoff"})
    small.library.standing = Standing(Mark(1, 1, small.now))
    with pytest.raises(PlaycallError, match="approval"):
        small.library.playbook(playbook.key)
    assert "is completed" in (await perform(small, playbook)).ending


async def test_a_playbook_about_a_contact_is_rehearsed_on_one_who_fits(small: World) -> None:
    async with small.database.transaction() as session:
        ada = Contact(account_id=small.account_id, name="Ada", email="ada@acme.example", created_at=small.now)
        ada.roles = ["admin"]
        session.add(ada)
    trigger = [{"on": "contact_role", "role": "admin"}]
    playbook = make_playbook({"key": "greet"}, subject="contact", triggers=trigger)
    transcript = await perform(small, playbook)
    assert transcript.remarks == ("It is about Ada here.",)
    async with small.database.transaction() as session:
        for contact in (await session.exec(sqlmodel.select(Contact))).all():
            await session.delete(contact)
    with pytest.raises(InvalidInput, match=r"has none yet\. Add one with `/account contact acme"):
        await perform(small, playbook)


async def test_a_date_that_is_not_set_is_named_with_how_to_set_it(small: World) -> None:
    playbook = make_playbook({"key": "plan", "due": "go_live_date - 5d"}, {"key": "party", "due": "go_live_date"})
    transcript = await perform(small, playbook)
    assert transcript.remarks == (
        "Acme has no go live date, so 2 steps are due as soon as they can be done. Set it with `/account edit acme`.",
    )


async def test_it_stops_on_the_last_day_and_says_what_is_left(small: World) -> None:
    playbook = make_playbook({"key": "kickoff", "due": "1bd"}, {"key": "recap", "due": "30d"})
    transcript = await perform(small, playbook, until=date(2026, 3, 20))
    assert transcript.ending == "It is not over on Fri 20 Mar 2026. Still to do: Recap."
    assert max(entry.at.date() for entry in transcript.entries) <= date(2026, 3, 20)


async def test_steps_that_send_each_other_back_for_ever_come_to_an_end(small: World, mocker: MockerFixture) -> None:
    mocker.patch.object(playing, "MOST_MOMENTS", 50)
    outcome = {"key": "back", "label": "Again", "reopen": ["draft"]}
    playbook = make_playbook({"key": "draft"}, {"key": "accept", "needs": ["draft"], "outcomes": [outcome]})
    assert "It is not over" in (await perform(small, playbook, until=date(2026, 3, 10))).ending


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"assumptions": Assumptions({"decied": "agreed"})}, "Did you mean `decide`"),
        ({"assumptions": Assumptions({"decide": "agred"})}, "Did you mean `agreed`"),
        ({"assumptions": Assumptions({"carry-out": "done"})}, "ends in one way only"),
        ({"started_on": date(2026, 4, 1), "until": date(2026, 3, 1)}, "2026-03-01, is before the first, 2026-04-01"),
    ],
)
async def test_what_does_not_fit_is_refused_with_what_would(small: World, how: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        await perform(small, make_playbook(*FORK), **how)


def test_nobody_is_a_year_late() -> None:
    with pytest.raises(InvalidInput, match="0 to 90 days"):
        Assumptions(late=365)


async def test_an_account_without_a_csm_says_how_to_set_one(small: World) -> None:
    async with small.database.transaction() as session:
        for role in (await session.exec(sqlmodel.select(AccountRole))).all():
            await session.delete(role)
    with pytest.raises(InvalidInput, match=r"Acme has no CSM\. Set one with `/account edit acme`"):
        await perform(small, make_playbook({"key": "kickoff"}))


async def test_an_account_that_is_gone_is_said_to_be(small: World) -> None:
    with pytest.raises(PlaycallError, match="not there any more"):
        await rehearse(services_of(small), make_playbook({"key": "kickoff"}), 999, small.now)
