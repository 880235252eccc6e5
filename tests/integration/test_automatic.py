"""Emails that go by themselves, and what makes a person look at them first."""

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pytest_mock import MockerFixture
from sqlmodel import select

from bot.clock import FixedClock
from bot.engine.code_red import call_code_red
from bot.engine.runs import start_run
from bot.engine.state import lock_account
from bot.errors import DatabaseUnavailable, PlaycallError, TryAgain
from bot.models import Account, Contact, DeliveryKind, EmailMessage, Step, StepStatus, Touch, TouchpointStatus
from bot.schedule import automatic, firing
from bot.schedule.automatic import send_automatic
from bot.schedule.firing import fire_due
from bot.services import Services
from bot.settings import Settings
from tests.support.rules import add_accounts
from tests.support.world import World, make_playbook, use_playbook

TEMPLATES = {
    "welcome": "Subject: Welcome, {{ contact.first_name }}\n\nHello {{ contact.first_name }}.\n",
    "holed": "Subject: Your goal\n\nYou bought us for {{ account.outcome }}.\n",
}


@pytest.fixture
def services(world: World, clock: FixedClock, tmp_path: Path) -> Services:
    folder = tmp_path / "email" / "test"
    folder.mkdir(parents=True)
    for name, text in TEMPLATES.items():
        (folder / f"{name}.j2").write_text(text)
    settings = Settings(_env_file=None, templates_dir=tmp_path, email_channel="cs-emails")
    return Services(settings, world.database, world.library, clock, lambda: None)


def email_step(template: str = "welcome", **more: Any) -> dict[str, Any]:
    email = {"template": f"test/{template}", "to": ["champion"]}
    return {"key": "send", "kind": "email", "mode": "automatic", "email": email, **more}


async def serve(world: World, touch: Touch) -> None:
    async with world.database.transaction() as session:
        (await session.get_one(Account, world.account_id)).touch = touch


async def the_step(world: World) -> Step:
    async with world.database.transaction() as session:
        return (await session.exec(select(Step).where(Step.key == "send"))).one()


@pytest.fixture
async def low_touch(world: World) -> World:
    await serve(world, Touch.LOW)
    return world


async def test_an_automatic_email_goes_by_itself_when_it_is_due(low_touch: World, services: Services) -> None:
    """Row 4.56: standard mail is automated; the step is completed, and nobody is prompted."""
    world = low_touch
    await world.start(email_step(), {"key": "next", "needs": ["send"]})
    await fire_due(services, world.now)
    [mail] = await world.deliveries(kind=DeliveryKind.EMAIL)
    async with world.database.transaction() as session:
        email = await session.get_one(EmailMessage, mail.payload["email_id"])
    assert (email.subject, email.sender_id, email.automatic) == ("Welcome, Jane", world.maya.member_id, True)
    step = await the_step(world)
    assert (step.status, step.finished_by_id) == (StepStatus.DONE, None)
    assert {"completed “Send”", "emailed Jane Doe: Welcome, Jane"} <= set(await world.timeline())


async def test_an_automatic_email_goes_once(low_touch: World, services: Services) -> None:
    world = low_touch
    await world.start(email_step())
    for _ in range(3):
        await fire_due(services, world.now)
    assert len(await world.deliveries(kind=DeliveryKind.EMAIL)) == 1


async def test_an_automatic_email_waits_for_its_day_and_for_the_morning(low_touch: World, services: Services) -> None:
    world = low_touch
    await world.start(email_step(due="1d"))
    await fire_due(services, world.now)
    at_night = datetime.fromisoformat("2026-03-02T23:30:00+00:00")
    await fire_due(services, at_night)
    assert await world.deliveries(kind=DeliveryKind.EMAIL) == []
    await fire_due(services, world.now + timedelta(days=1))
    assert len(await world.deliveries(kind=DeliveryKind.EMAIL)) == 1


async def hold_reason(world: World, services: Services, template: str = "welcome", touch: Touch = Touch.LOW) -> str:
    """Start the step, serve the account with this touch from then on, and fire: it must have become a person's."""
    await world.start(email_step(template))
    await serve(world, touch)
    await fire_due(services, world.now)
    assert await world.deliveries(kind=DeliveryKind.EMAIL) == []
    assert len(await world.deliveries(kind=DeliveryKind.STEPS)) == 1
    step = await the_step(world)
    assert step.status is StepStatus.OPEN
    return str(step.reason)


async def test_high_touch_never_sends_by_itself(world: World, services: Services) -> None:
    """Row 0.13: high touch prompts a human and never sends by itself."""
    await serve(world, Touch.HIGH)
    await hold_reason(world, services, touch=Touch.HIGH)


async def test_an_account_that_comes_to_high_touch_later_gets_no_automatic_mail(
    low_touch: World, services: Services
) -> None:
    """Row 0.13."""
    assert "high touch" in await hold_reason(low_touch, services, touch=Touch.HIGH)


async def test_an_open_escalation_stops_automatic_sends(low_touch: World, services: Services) -> None:
    """Row 4.57: automatic sends stop while an escalation is open on the account."""
    world = low_touch
    await world.escalate()
    assert "an escalation is open" in await hold_reason(world, services)


async def test_a_code_red_stops_automatic_sends(low_touch: World, services: Services) -> None:
    """Row 4.57."""
    world = low_touch
    async with world.database.transaction() as session:
        await call_code_red(session, world.library, world.account_id, world.maya, world.now, what="All is down")
    assert "an escalation is open" in await hold_reason(world, services)


async def test_a_mail_with_a_hole_waits_for_a_person(low_touch: World, services: Services) -> None:
    reason = await hold_reason(low_touch, services, "holed")
    assert reason == "It did not go by itself: a merge tag has no value: account.outcome."


async def test_a_mail_without_anybody_to_write_to_waits_for_a_person(low_touch: World, services: Services) -> None:
    async with low_touch.database.transaction() as session:
        (await session.exec(select(Contact))).one().may_email = False
    assert "nobody to write to" in await hold_reason(low_touch, services)


async def test_without_a_way_to_send_email_a_person_does_it(low_touch: World, services: Services) -> None:
    services.settings.email_channel = None
    assert "no way to send email" in await hold_reason(low_touch, services)


async def test_a_broken_template_stops_nothing_else(low_touch: World, services: Services) -> None:
    await low_touch.start(email_step("not-there"), {"key": "other"})
    await fire_due(services, low_touch.now)
    assert (await the_step(low_touch)).reason
    assert len(await low_touch.deliveries(kind=DeliveryKind.STEPS)) == 1


async def test_two_processes_send_one_mail(low_touch: World, services: Services) -> None:
    await low_touch.start(email_step())
    sent = await asyncio.gather(*(send_automatic(services, low_touch.now) for _ in range(3)))
    assert sorted(sent) == [0, 0, 1]
    assert len(await low_touch.deliveries(kind=DeliveryKind.EMAIL)) == 1


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
async def test_processes_share_the_mails_and_wait_for_each_other_last(low_touch: World, services: Services) -> None:
    await start_on_others(low_touch, 2)
    await low_touch.start(email_step(due="-1d"))
    async with low_touch.database.transaction() as session:
        await lock_account(session, low_touch.account_id)  # whose mail is the first
        sending = asyncio.create_task(send_automatic(services, low_touch.now))
        async with asyncio.timeout(20):
            while len(await low_touch.deliveries(kind=DeliveryKind.EMAIL)) < 2:  # noqa: ASYNC110  # of another task
                await asyncio.sleep(0.01)
    assert await sending == 3


async def start_on_others(world: World, number: int) -> None:
    """Start a mail on so many more accounts, each with somebody to write to."""
    playbook = use_playbook(world.library, email_step())
    for account_id in await add_accounts(world, number):
        async with world.database.transaction() as session:
            (await session.get_one(Account, account_id)).touch = Touch.LOW
            kim = Contact(account_id=account_id, name="Kim Poe", email="kim@new.example", created_at=world.now)
            kim.roles = ["champion"]
            session.add(kim)
        async with world.database.transaction() as session:
            await start_run(session, world.library, account_id, playbook.key, world.now, actor=world.maya)


async def test_colleagues_do_not_wait_for_the_mails(
    low_touch: World, services: Services, mocker: MockerFixture
) -> None:
    """Thousands of mails take minutes, and the process may be killed over them."""
    run_id = await low_touch.start(email_step(due="-1d"), {"key": "call"})
    mocker.patch.object(firing, "send_automatic", side_effect=asyncio.CancelledError)
    with suppress(asyncio.CancelledError):
        await fire_due(services, low_touch.now)
    [touchpoint] = await low_touch.touchpoints(status=TouchpointStatus.FIRED)
    assert touchpoint.step_id == (await low_touch.steps(run_id))["call"].id


@pytest.mark.parametrize("error", [DatabaseUnavailable, TryAgain])
async def test_a_mail_is_not_left_to_a_person_for_what_passes(
    low_touch: World, services: Services, mocker: MockerFixture, error: type[PlaycallError]
) -> None:
    await low_touch.start(email_step())
    away = mocker.patch.object(automatic, "send_step_email", side_effect=error)
    with suppress(error):
        await fire_due(services, low_touch.now)
    assert not (await the_step(low_touch)).reason
    mocker.stop(away)
    await fire_due(services, low_touch.now)
    assert len(await low_touch.deliveries(kind=DeliveryKind.EMAIL)) == 1


@pytest.mark.parametrize(
    "step",
    [
        {"key": "call", "mode": "automatic"},
        email_step(artefact={"label": "The thread"}),
        email_step(outcomes=[{"key": "yes", "label": "Yes"}]),
    ],
)
def test_only_an_email_that_asks_nothing_can_be_automatic(step: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="automatic"):
        make_playbook(step)
