"""What goes by itself keeps its distance, expansion waits for calm, and readers can end it."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select

from bot.clock import FixedClock
from bot.db import Database
from bot.engine.escalations import resolve_escalation
from bot.engine.runs import cancel_run
from bot.engine.steps import complete_step
from bot.library.contacting import ContactingPolicy
from bot.models import (
    Account,
    Contact,
    DeliveryKind,
    EmailMessage,
    Step,
    StepStatus,
    TimelineEntry,
    TimelineKind,
    Touch,
    TouchpointKind,
    TouchpointStatus,
)
from bot.schedule.firing import fire_due
from bot.services import Services
from bot.settings import Settings
from tests.support.world import World, make_world


@pytest.fixture
async def world(sqlite: Database, now: datetime) -> World:
    return await make_world(sqlite, now)


@pytest.fixture
def services(world: World, clock: FixedClock, tmp_path: Path) -> Services:
    folder = tmp_path / "email" / "test"
    folder.mkdir(parents=True)
    (folder / "hello.j2").write_text("Subject: Hello\n\nHello {{ contact.first_name }}.\n")
    settings = Settings(_env_file=None, templates_dir=tmp_path, email_channel="cs-emails")
    return Services(settings, world.database, world.library, clock, lambda: None)


def email_step(key: str = "send", **more: Any) -> dict[str, Any]:
    email = {"template": "test/hello", **more.pop("email", {"to": ["champion"]})}
    return {"key": key, "kind": "email", "mode": "automatic", "email": email, **more}


async def low_touch(world: World) -> None:
    async with world.database.transaction() as session:
        (await session.get_one(Account, world.account_id)).touch = Touch.LOW


async def talk(world: World, key: str = "talk") -> None:
    """maya meets acme, in a playbook of its own."""
    run = await world.start({"key": "meet", "kind": "meeting"}, key=key, title="QBR")
    step = (await world.steps(run))["meet"]
    async with world.database.transaction() as session:
        await complete_step(session, world.library, step.id, world.maya, world.now)


async def step(world: World, run_id: int, key: str = "send") -> Step:
    return (await world.steps(run_id))[key]


async def mails(world: World) -> list[EmailMessage]:
    async with world.database.transaction() as session:
        return list((await session.exec(select(EmailMessage).order_by(col(EmailMessage.id)))).all())


async def test_a_mail_by_itself_waits_for_the_first_free_day_after_another_contact(
    world: World, services: Services
) -> None:
    """The collision guard: a minimum gap between contacts holds, and what was put off comes back by itself."""
    await low_touch(world)
    await talk(world)
    run = await world.start(email_step())
    await fire_due(services, world.now)
    assert await mails(world) == []
    assert (await step(world, run)).status is StepStatus.OPEN
    assert "put off “Send” until Wed 4 Mar: Acme has just heard from us (QBR: Meet)" in await world.timeline()
    await fire_due(services, world.now + timedelta(days=1))
    assert await mails(world) == []
    await fire_due(services, world.now + timedelta(days=2))
    assert [mail.subject for mail in await mails(world)] == ["Hello"]


async def test_a_sequence_keeps_the_pace_its_author_gave_it(world: World, services: Services) -> None:
    """Rows 2.33 and 4.42: emails on day 0, 1 and 2 of one playbook go by themselves on these days."""
    await low_touch(world)
    await world.start(*(email_step(f"day-{day}", due=f"{day}d") for day in range(3)))
    for day in range(3):
        await fire_due(services, world.now + timedelta(days=day))
        assert len(await mails(world)) == day + 1


async def test_who_got_enough_mails_is_left_out_of_a_campaign(world: World, services: Services) -> None:
    """Row 2.15: a campaign leaves out whoever is at the limit; consent is asked for in the draft."""
    await low_touch(world)
    world.library.contacting_policy = ContactingPolicy.model_validate({"per_contact": {"low": {"mails": 1, "days": 7}}})
    run = await world.start(email_step("first"), email_step("all", needs=["first"], due="1d", email={"everyone": True}))
    async with world.database.transaction() as session:
        for name, allowed in (("Bob", True), ("Eve", False)):
            session.add(
                Contact(
                    account_id=world.account_id,
                    name=name,
                    email=f"{name.lower()}@acme.example",
                    may_email=allowed,
                    created_at=world.now,
                )
            )
    await fire_due(services, world.now)
    await fire_due(services, world.now + timedelta(days=1))
    async with world.database.transaction() as session:
        to = (await session.exec(select(Contact.name).join(EmailMessage).order_by(col(EmailMessage.id)))).all()
    assert to == ["Jane Doe", "Bob"]
    assert (await step(world, run, "all")).status is StepStatus.DONE


async def test_a_mail_that_was_put_off_for_too_long_is_left_to_a_person(world: World, services: Services) -> None:
    await low_touch(world)
    world.library.contacting_policy = ContactingPolicy(gap_days=30)
    await talk(world)
    run = await world.start(email_step())
    await fire_due(services, world.now)
    assert "did not go by itself" in str((await step(world, run)).reason)
    assert len(await world.deliveries(kind=DeliveryKind.STEPS)) == 1


@pytest.mark.parametrize("trouble", ["at-risk playbook", "escalation"])
async def test_expansion_waits_while_there_is_trouble_and_comes_back_by_itself(
    trouble: str, world: World, services: Services
) -> None:
    """The collision guard: expansion waits while risk is open."""
    risk = await world.start({"key": "save"}, key="usage-drop", title="Usage drop", category="at-risk")
    if trouble == "escalation":
        await cancel(world, risk)
        escalation = await world.escalate()
    await world.start({"key": "pitch", "kind": "meeting"}, key="more", title="Seats", category="expansion")
    for day in range(2):
        await fire_due(services, world.now + timedelta(days=day))
    [waiting] = [t for t in await world.touchpoints(kind=TouchpointKind.DUE) if t.status is TouchpointStatus.PLANNED]
    assert waiting.fire_at > world.now + timedelta(days=1)
    async with world.database.transaction() as session:
        query = select(TimelineEntry.summary).where(TimelineEntry.kind == TimelineKind.STEP_SNOOZED)
        [told] = (await session.exec(query)).all()
    why = "an escalation is open" if trouble == "escalation" else "“Usage drop” is under way"
    assert told == f"put off “Pitch” until that is over: {why}"
    if trouble == "escalation":
        async with world.database.transaction() as session:
            await resolve_escalation(
                session, world.library, escalation.id, world.dana, world.now, resolution="They are happy."
            )
    else:
        await cancel(world, risk)
    await fire_due(services, world.now + timedelta(days=2))
    due = await world.touchpoints(kind=TouchpointKind.DUE)
    assert all(touchpoint.status is not TouchpointStatus.PLANNED for touchpoint in due)


async def cancel(world: World, run_id: int) -> None:
    async with world.database.transaction() as session:
        await cancel_run(session, world.library, run_id, world.maya, world.now, reason="It is over.")
