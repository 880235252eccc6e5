from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlmodel import select

from bot.engine import accounts as use
from bot.engine.emails import Mail, send_step_email
from bot.engine.milestones import miss_milestone, plan_milestone, reach_milestone
from bot.engine.notes import add_note
from bot.engine.state import load_team
from bot.errors import InvalidInput, NotAllowed
from bot.models import (
    Account,
    Contact,
    DeliveryKind,
    EmailMessage,
    MilestoneStatus,
    NoteSource,
    Run,
    Sentiment,
    StepStatus,
)
from tests.support.world import World, use_playbook


async def edit(world: World, who: str = "maya", **changes: Any) -> use.AccountEdit:
    async with world.database.transaction() as session:
        return await use.edit_account(session, world.library, world.account_id, changes, getattr(world, who), world.now)


async def contact(world: World, **fields: Any) -> Contact:
    draft = use.check(use.ContactDraft, {"name": "Jo", "email": "jo@acme.example", **fields})
    async with world.database.transaction() as session:
        return await use.save_contact(session, world.library, world.account_id, draft, world.maya, world.now)


async def runs(world: World) -> list[Run]:
    async with world.database.transaction() as session:
        return list((await session.exec(select(Run))).all())


async def test_a_new_account_belongs_to_the_csm_who_adds_it(world: World) -> None:
    draft = use.check(use.AccountDraft, {"key": "Initech", "name": " Initech ", "domain": "INITECH.example"})
    async with world.database.transaction() as session:
        account = await use.add_account(session, world.library, draft, world.eve, world.now)
    assert (account.key, account.name, account.domain) == ("initech", "Initech", "initech.example")
    async with world.database.transaction() as session:
        csm = (await load_team(session, account.id)).csm
    assert csm
    assert csm.id == world.eve.member_id


async def test_a_key_that_is_taken_is_refused(world: World) -> None:
    draft = use.check(use.AccountDraft, {"key": "acme", "name": "Another"})
    with pytest.raises(InvalidInput) as refused:
        async with world.database.transaction() as session:
            await use.add_account(session, world.library, draft, world.maya, world.now)
    assert refused.value.field == "key"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"renewal_date": "soon"}, "renewal_date"),
        ({"arr": "-5"}, "arr"),
        ({"segment": "huge"}, "segment"),
        ({"name": "  "}, "name"),
        ({"maturity": 9}, "maturity"),
        ({"currency": "dollars"}, "currency"),
    ],
)
async def test_a_value_that_cannot_be_used_names_its_field_and_changes_nothing(
    world: World, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        await edit(world, **changes)
    assert refused.value.field == field
    assert (await world.account()).name == "Acme"


async def test_an_edit_changes_only_what_is_given_and_is_on_the_timeline(world: World) -> None:
    changed = await edit(world, industry="Steel", renewal_date="2026-09-01", ae_id=world.sam.member_id)
    assert changed.changed == ["industry", "ae"]
    assert "changed industry, ae" in await world.timeline()
    assert (await edit(world, industry="Steel")).changed == []


@pytest.mark.parametrize("who", ["sam", "eve"])
async def test_people_outside_the_account_cannot_edit_it(world: World, who: str) -> None:
    with pytest.raises(NotAllowed):
        await edit(world, who, industry="Steel")


async def test_a_red_sentiment_while_onboarding_starts_what_waits_for_both(world: World) -> None:
    trigger = {"on": "sentiment", "sentiment": "red", "when": 'account.stage == "onboarding"'}
    use_playbook(world.library, {"key": "rescue"}, triggers=[trigger])

    async def feel() -> list[Run]:
        async with world.database.transaction() as session:
            return await use.log_sentiment(
                session, world.library, world.account_id, Sentiment.RED, "silent for weeks", world.maya, world.now
            )

    assert await feel() == []
    await edit(world, stage="onboarding")
    assert [run.playbook_key for run in await feel()] == ["test-play"]
    assert await feel() == []  # it is under way


async def test_a_contact_is_known_by_email_and_gathers_roles(world: World) -> None:
    first = await contact(world, roles=["champion"])
    again = await contact(world, name="Jo Lund", email="JO@acme.example", roles=["admin"])
    assert (again.id, again.name, again.roles) == (first.id, "Jo Lund", ["champion", "admin"])


async def test_tagging_an_admin_starts_the_playbook_on_the_contact_once(world: World) -> None:
    use_playbook(world.library, {"key": "hello"}, subject="contact", triggers=[{"on": "contact_role", "role": "admin"}])
    jo = await contact(world, roles=["admin"])
    await contact(world, roles=["admin"])
    [run] = await runs(world)
    assert (run.contact_id, run.title) == (jo.id, "Test play: Jo")


async def test_each_contact_has_a_run_of_its_own(world: World) -> None:
    use_playbook(world.library, {"key": "hello"}, subject="contact", triggers=[{"on": "contact_role", "role": "admin"}])
    await contact(world, roles=["admin"])
    await contact(world, name="Al", email="al@acme.example", roles=["admin"])
    assert len(await runs(world)) == 2


async def test_a_milestone_is_planned_missed_and_reached(world: World) -> None:
    async with world.database.transaction() as session:
        await plan_milestone(session, world.account_id, "go-live", world.maya, world.now, target=date(2026, 4, 1))
        await miss_milestone(session, world.account_id, "go-live", world.maya, world.now)
        milestone = await reach_milestone(
            session, world.library, world.account_id, "go-live", world.maya, world.now, evidence="first invoice"
        )
    assert (milestone.status, milestone.title) == (MilestoneStatus.REACHED, "Go live")
    assert "reached Go live: first invoice" in await world.timeline()


async def test_a_milestone_cannot_be_planned_for_the_past(world: World) -> None:
    with pytest.raises(InvalidInput) as refused:
        async with world.database.transaction() as session:
            await plan_milestone(session, world.account_id, "go-live", world.maya, world.now, target=date(2026, 3, 1))
    assert refused.value.field == "target"


async def test_a_note_is_kept_whole_and_counts_as_contact(world: World) -> None:
    body = "met <!channel> & *everyone* " * 100
    async with world.database.transaction() as session:
        note = await add_note(session, world.account_id, world.sam, world.now, body=body, source=NoteSource.COMMAND)
    assert note
    assert note.body == body.strip()
    assert (await world.account()).last_contact_at == world.now


async def test_a_message_is_noted_once(world: World) -> None:
    async def take() -> object:
        async with world.database.transaction() as session:
            return await add_note(
                session,
                world.account_id,
                world.maya,
                world.now,
                body="x",
                source=NoteSource.THREAD,
                channel="C1",
                ts="1.1",
            )

    assert await take() is not None
    assert await take() is None


@pytest.mark.parametrize("body", ["  ", "x" * 12_001])
async def test_an_empty_or_endless_note_is_refused(world: World, body: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        async with world.database.transaction() as session:
            await add_note(session, world.account_id, world.maya, world.now, body=body, source=NoteSource.MODAL)
    assert refused.value.field == "note"


EMAIL = {"key": "welcome", "kind": "email", "email": {"template": "onboarding/welcome"}}


async def send(world: World, step_id: int, *mails: Mail) -> bool:
    async with world.database.transaction() as session:
        return (await send_step_email(session, world.library, step_id, world.maya, world.now, mails)).changed


async def test_sending_queues_the_mail_completes_the_step_and_happens_once(world: World) -> None:
    run = await world.start(EMAIL)
    step = (await world.steps(run))["welcome"]
    jo = await contact(world)
    mail = Mail(jo.id, "Welcome", "Hello Jo")
    assert await send(world, step.id, mail)
    assert not await send(world, step.id, mail)
    [delivery] = await world.deliveries(kind=DeliveryKind.EMAIL)
    async with world.database.transaction() as session:
        queued = await session.get_one(EmailMessage, delivery.payload["email_id"])
    assert (queued.subject, queued.contact_id) == ("Welcome", jo.id)
    assert (await world.steps(run))["welcome"].status is StepStatus.DONE


@pytest.mark.parametrize(
    ("subject", "body", "field"), [("", "Hello", "subject"), ("Hi", " ", "body"), ("Hi", "Dear [[missing: x]]", "body")]
)
async def test_a_mail_with_a_hole_is_not_sent(world: World, subject: str, body: str, field: str) -> None:
    run = await world.start(EMAIL)
    jo = await contact(world)
    with pytest.raises(InvalidInput) as refused:
        await send(world, (await world.steps(run))["welcome"].id, Mail(jo.id, subject, body))
    assert refused.value.field == field
    assert (await world.steps(run))["welcome"].status is StepStatus.OPEN


async def test_nobody_is_mailed_who_asked_not_to_be(world: World) -> None:
    run = await world.start(EMAIL)
    jo = await contact(world, may_email=False)
    with pytest.raises(InvalidInput, match="Jo asked not to get mail"):
        await send(world, (await world.steps(run))["welcome"].id, Mail(jo.id, "Hi", "Hello"))
    assert await world.deliveries(kind=DeliveryKind.EMAIL) == []


async def test_the_account_of_another_key_is_left_alone(world: World) -> None:
    async with world.database.transaction() as session:
        session.add(Account(key="globex", name="Globex", created_at=world.now, updated_at=world.now))
    await edit(world, industry="Steel")
    async with world.database.transaction() as session:
        globex = (await session.exec(select(Account).where(Account.key == "globex"))).one()
    assert globex.industry is None


async def test_today_is_the_day_it_is_where_the_one_who_edits_is(world: World) -> None:
    world.now = datetime(2026, 3, 3, 1, 30, tzinfo=UTC)  # in New York it is the evening of the second
    await edit(world, "leo", trial_end=date(2026, 3, 2))
    assert (await world.account()).trial_end == date(2026, 3, 2)
    with pytest.raises(InvalidInput, match="2026-03-01 is past"):
        await edit(world, "leo", trial_end=date(2026, 3, 1))
    with pytest.raises(InvalidInput, match="2026-03-02 is past"):
        await edit(world, "maya", renewal_date=date(2026, 3, 2))
