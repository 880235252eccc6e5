"""A fresh demo workspace: what is still open is posted again, once; what is over is not."""

from datetime import timedelta

import pytest
from sqlmodel import col, select

from bot.demo.reposting import release_leases, repost_open
from bot.engine.raising import raise_escalation
from bot.engine.steps import complete_step
from bot.models import DeliveryKind, DeliveryStatus, MemberRole, Severity, Step, StepStatus
from tests.support.outboxes import Desk

STEPS, ESCALATION = DeliveryKind.STEPS, DeliveryKind.ESCALATION


async def post_steps(desk: Desk, *step_ids: int) -> int:
    delivery = await desk.put("Steps", kind=STEPS, steps=list(step_ids))
    await desk.outbox().drain()
    return delivery


async def complete(desk: Desk, step_id: int) -> None:
    async with desk.world.database.transaction() as session:
        await complete_step(session, desk.world.library, step_id, desk.world.maya, desk.clock.now())


async def test_message_with_an_open_step_is_posted_again(desk: Desk) -> None:
    _, (first, second) = await desk.open_steps("first", "second")
    delivery = await post_steps(desk, first, second)
    before = await desk.row(delivery)
    await complete(desk, first)
    assert await repost_open(desk.world.database, desk.clock.now()) == 1
    again = await desk.row(delivery)
    assert (again.status, again.attempts, again.finished_at) == (DeliveryStatus.PENDING, 0, None)
    assert again.key != before.key
    assert await desk.posted() == []


async def test_message_whose_steps_are_all_finished_is_not_posted_again(desk: Desk) -> None:
    _, (only,) = await desk.open_steps("only")
    await post_steps(desk, only)
    await complete(desk, only)
    assert await repost_open(desk.world.database, desk.clock.now()) == 0


async def test_of_several_messages_about_a_step_the_newest_is_posted_again(desk: Desk) -> None:
    _, (only,) = await desk.open_steps("only")
    await post_steps(desk, only)
    newest = await post_steps(desk, only)
    assert await repost_open(desk.world.database, desk.clock.now()) == 1
    assert [row.id for row in await desk.pending()] == [newest]


async def test_step_that_is_put_off_is_not_posted_again_before_its_day(desk: Desk) -> None:
    _, (only,) = await desk.open_steps("only")
    await post_steps(desk, only)
    async with desk.world.database.transaction() as session:
        step = (await session.exec(select(Step).where(col(Step.id) == only))).one()
        step.snoozed_until = (desk.clock.now() + timedelta(days=2)).date()
        assert step.status is StepStatus.OPEN
    assert await repost_open(desk.world.database, desk.clock.now()) == 0


@pytest.mark.parametrize(("resolved", "posted_again"), [(False, 1), (True, 0)])
async def test_escalation_is_posted_again_until_it_is_resolved(desk: Desk, resolved: bool, posted_again: int) -> None:
    world = desk.world
    async with world.database.transaction() as session:
        escalation = await raise_escalation(
            session,
            world.library,
            world.account_id,
            world.maya,
            desk.clock.now(),
            target=MemberRole.LEADER,
            severity=Severity.HIGH,
            ask="Please call their CFO.",
        )
        escalation_id = escalation.id
    for row in await desk.pending():
        await desk.change(row.id, status=DeliveryStatus.SENT)
    await desk.put("Escalation", kind=ESCALATION, channel="cs-escalations", escalation=escalation_id)
    await desk.outbox().drain()
    if resolved:
        async with world.database.transaction() as session:
            (await session.get_one(type(escalation), escalation_id)).status = type(escalation.status)("resolved")
    assert await repost_open(world.database, desk.clock.now()) == posted_again


async def test_second_look_posts_nothing_more(desk: Desk) -> None:
    _, (only,) = await desk.open_steps("only")
    await post_steps(desk, only)
    await repost_open(desk.world.database, desk.clock.now())
    assert await repost_open(desk.world.database, desk.clock.now()) == 0
    assert len(await desk.pending()) == 1


async def test_what_a_killed_bot_was_about_to_send_is_free_at_once(desk: Desk) -> None:
    delivery = await desk.put("Hello")
    later = desk.clock.now() + timedelta(minutes=1)
    await desk.change(delivery, status=DeliveryStatus.LEASED, lease_until=later, attempts=1)
    await release_leases(desk.world.database, desk.clock.now())
    await desk.outbox().drain()
    assert (await desk.row(delivery)).status is DeliveryStatus.SENT
