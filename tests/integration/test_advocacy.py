"""Favours asked of contacts (rows 1.11, 1.12, 1.37): by hand, from a playbook's step, within the limit."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import col, select

from bot.engine.actors import Actor
from bot.engine.advocacy import answer_ask, ask_contact, ask_first
from bot.engine.answers import Completion
from bot.engine.runs import start_run
from bot.engine.steps import complete_step, undo_step
from bot.errors import InvalidInput, NotAllowed, WrongState
from bot.library.advocacy import AdvocacyPolicy
from bot.models import (
    AdvocacyAsk,
    AdvocateStatus,
    AskKind,
    AskStatus,
    Contact,
    ContactRole,
)
from tests.support.world import World, use_playbook

OUTCOMES: list[dict[str, Any]] = [
    {"key": "agreed", "label": "Agreed", "ask": "accepted"},
    {"key": "declined", "label": "Declined", "ask": "declined"},
    {"key": "later", "label": "Did not ask"},
]
ASKING = {"key": "ask-them", "ask": {"kind": "referral", "to": ["champion"]}, "outcomes": OUTCOMES}
INTRODUCED = {
    "key": "introduced",
    "needs": ["ask-them"],
    "ask": {"kind": "referral", "to": ["champion"]},
    "outcomes": [{"key": "done", "label": "Introduced", "ask": "delivered"}],
}


async def jane(world: World) -> Contact:
    async with world.database.transaction() as session:
        return (await session.exec(select(Contact).where(Contact.name == "Jane Doe"))).one()


async def asks(world: World) -> list[AdvocacyAsk]:
    async with world.database.transaction() as session:
        return list((await session.exec(select(AdvocacyAsk).order_by(col(AdvocacyAsk.id)))).all())


async def ask(world: World, kind: AskKind = AskKind.REVIEW, actor: Actor | None = None, **said: Any) -> AdvocacyAsk:
    contact = await jane(world)
    async with world.database.transaction() as session:
        change = await ask_contact(session, world.library, contact.id, kind, actor or world.maya, world.now, **said)
        return change.ask


async def answer(world: World, found: AdvocacyAsk, status: AskStatus, outcome: str | None = None) -> str:
    async with world.database.transaction() as session:
        return (await answer_ask(session, found.id, status, world.maya, world.now, outcome=outcome)).sentence


async def complete(
    world: World, run_id: int, key: str, outcome: str, actor: Actor | None = None, why: str = ""
) -> None:
    step = (await world.steps(run_id))[key]
    async with world.database.transaction() as session:
        completion = Completion(outcome=outcome, reason=why)
        await complete_step(session, world.library, step.id, actor or world.maya, world.now, completion)


def limit(world: World, **changes: Any) -> None:
    world.library.advocacy_policy = AdvocacyPolicy.model_validate(changes)


# --- by hand ----------------------------------------------------------------------------------------------------------


async def test_a_yes_makes_an_advocate_and_what_they_did_is_kept(world: World) -> None:
    """Row 1.12."""
    found = await ask(world)
    assert (await jane(world)).asked_at == world.now
    assert await answer(world, found, AskStatus.ACCEPTED) == "Jane Doe said yes to a review."
    await answer(world, found, AskStatus.DELIVERED, "Five stars on the app store")
    contact, [kept] = await jane(world), await asks(world)
    assert (contact.advocate, contact.advocacy) == (AdvocateStatus.ADVOCATE, ["review"])
    assert (kept.status, kept.outcome) == (AskStatus.DELIVERED, "Five stars on the app store")
    assert (await world.timeline())[-3:] == [
        "asked Jane Doe for a review",
        "noted that Jane Doe said yes to a review",
        "noted that Jane Doe delivered a review: Five stars on the app store",
    ]


async def test_a_no_is_remembered_but_an_advocate_stays_one(world: World) -> None:
    await answer(world, await ask(world), AskStatus.DECLINED)
    assert (await jane(world)).advocate is AdvocateStatus.DECLINED
    limit(world, quiet_days_after_no=0, contact={"asks": 9, "days": 1})
    await answer(world, await ask(world, AskKind.REFERENCE), AskStatus.ACCEPTED)
    await answer(world, await ask(world, AskKind.SOCIAL), AskStatus.DECLINED)
    assert (await jane(world)).advocate is AdvocateStatus.ADVOCATE


async def test_saying_the_same_again_changes_nothing(world: World) -> None:
    found = await ask(world)
    await answer(world, found, AskStatus.ACCEPTED)
    before = await world.timeline()
    assert await answer(world, found, AskStatus.ACCEPTED) == "It is noted already: Jane Doe said yes to a review."
    assert await world.timeline() == before


async def test_what_was_delivered_cannot_be_declined(world: World) -> None:
    found = await ask(world)
    await answer(world, found, AskStatus.DELIVERED)
    with pytest.raises(WrongState):
        await answer(world, found, AskStatus.DECLINED)


async def test_nobody_is_asked_twice_for_the_same(world: World) -> None:
    await ask(world)
    with pytest.raises(WrongState, match="was asked for a review just now already"):
        await ask(world)


async def test_only_the_team_asks(world: World) -> None:
    with pytest.raises(NotAllowed):
        await ask(world, actor=world.eve)
    assert await asks(world) == []


async def test_the_limit_refuses_with_a_day_and_a_leader_overrides_it_with_a_reason(world: World) -> None:
    """Row 1.37."""
    limit(world, contact={"asks": 1, "days": 30})
    await answer(world, await ask(world), AskStatus.DELIVERED)
    with pytest.raises(InvalidInput, match=r"asked once in the last 30 days\. .* from Wed 1 Apr 2026"):
        await ask(world, AskKind.REFERENCE)
    with pytest.raises(NotAllowed, match="Only a leader"):
        await ask(world, AskKind.REFERENCE, override="I want to")
    with pytest.raises(InvalidInput, match="give a reason"):
        await ask(world, AskKind.REFERENCE, world.dana)
    await ask(world, AskKind.REFERENCE, world.dana, override="She offered it herself")
    assert (await world.timeline())[-1] == "asked Jane Doe for a reference, against the limit: She offered it herself"


async def test_nobody_is_asked_during_an_escalation_or_an_at_risk_playbook(world: World) -> None:
    await world.start({"key": "call-them"}, key="usage-drop", title="Usage drop", category="at-risk")
    with pytest.raises(InvalidInput, match="“Usage drop” is running on Acme"):
        await ask(world)
    await world.escalate()
    with pytest.raises(InvalidInput, match="Acme has an open escalation"):
        await ask(world)


async def test_the_first_who_may_be_asked_is_asked(world: World) -> None:
    """Row 1.11: one tap asks, and a second tap tells of the first."""
    limit(world, contact={"asks": 1, "days": 30})
    await ask(world)
    async with world.database.transaction() as session:
        session.add(
            Contact(
                account_id=world.account_id,
                name="Joe Bloggs",
                email="joe@acme.example",
                roles=["executive_sponsor"],
                created_at=world.now,
            )
        )
    roles = (ContactRole.CHAMPION, ContactRole.EXECUTIVE_SPONSOR)
    said = []
    for _ in range(2):
        async with world.database.transaction() as session:
            change = await ask_first(
                session, world.library, world.account_id, roles, AskKind.REFERRAL, world.maya, world.now
            )
            said.append(change.sentence)
    assert said == ["Joe Bloggs was asked for a referral.", "Joe Bloggs was asked for a referral just now."]
    assert len(await asks(world)) == 2


# --- from a playbook's step -------------------------------------------------------------------------------------------


async def test_a_step_logs_the_ask_with_its_outcome_and_a_later_one_closes_it(world: World) -> None:
    """Row 1.11."""
    run_id = await world.start(ASKING, INTRODUCED)
    await complete(world, run_id, "ask-them", "agreed", why="Knows two people")
    [found] = await asks(world)
    assert (found.kind, found.status, found.outcome) == (AskKind.REFERRAL, AskStatus.ACCEPTED, "Knows two people")
    await complete(world, run_id, "introduced", "done")
    assert [one.status for one in await asks(world)] == [AskStatus.DELIVERED]


async def test_a_step_that_ended_without_asking_logs_nothing(world: World) -> None:
    run_id = await world.start(ASKING)
    await complete(world, run_id, "ask-them", "later")
    assert await asks(world) == []


async def test_a_step_cannot_break_the_limit_unless_a_leader_says_why(world: World) -> None:
    """Row 1.37."""
    limit(world, contact={"asks": 1, "days": 30})
    await ask(world)
    run_id = await world.start(ASKING)
    with pytest.raises(InvalidInput, match="possible again from") as refused:
        await complete(world, run_id, "ask-them", "agreed", why="She is so happy")
    assert refused.value.field == "outcome"
    assert (await world.steps(run_id))["ask-them"].status == "open"
    await complete(world, run_id, "ask-them", "agreed", world.dana, "She offered it herself")
    assert [one.kind for one in await asks(world)] == [AskKind.REVIEW, AskKind.REFERRAL]


async def test_undoing_the_step_takes_the_ask_back(world: World) -> None:
    run_id = await world.start(ASKING, INTRODUCED)
    await complete(world, run_id, "ask-them", "agreed")
    await complete(world, run_id, "introduced", "done")
    steps = await world.steps(run_id)
    for key, left in (("introduced", [AskStatus.ACCEPTED]), ("ask-them", [])):
        async with world.database.transaction() as session:
            await undo_step(session, world.library, steps[key].id, world.maya, world.now + timedelta(minutes=1))
        assert [one.status for one in await asks(world)] == left
    contact = await jane(world)
    assert (contact.advocate, contact.advocacy, contact.asked_at) == (None, [], None)


async def test_a_step_about_a_contact_asks_that_contact(world: World) -> None:
    written = use_playbook(world.library, {**ASKING, "ask": {"kind": "review"}}, subject="contact")
    async with world.database.transaction() as session:
        joe = Contact(account_id=world.account_id, name="Joe", email="joe@acme.example", created_at=world.now)
        session.add(joe)
        await session.flush()
        run = await start_run(
            session, world.library, world.account_id, written.key, world.now, actor=world.maya, contact_id=joe.id
        )
    await complete(world, run.id, "ask-them", "declined")
    assert [one.contact_id for one in await asks(world)] == [joe.id]


async def test_a_step_without_anybody_to_ask_says_whom_to_add(world: World) -> None:
    run_id = await world.start({**ASKING, "ask": {"kind": "referral", "to": ["power_user"]}})
    with pytest.raises(InvalidInput, match="Acme has no power user to ask"):
        await complete(world, run_id, "ask-them", "agreed")
