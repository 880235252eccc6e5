import asyncio
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from pytest_mock import MockerFixture
from sqlalchemy import update

from bot.clock import FixedClock
from bot.engine import steps as use
from bot.engine.accounts import edit_account
from bot.engine.escalations import acknowledge_escalation
from bot.engine.milestones import reach_milestone
from bot.engine.outbox import enqueue_steps
from bot.errors import TryAgain
from bot.models import (
    Delivery,
    DeliveryKind,
    DeliveryStatus,
    Escalation,
    Member,
    MemberRole,
    Rung,
    StepStatus,
    Touchpoint,
    TouchpointKind,
    TouchpointStatus,
)
from bot.schedule import firing
from bot.schedule.daily import run_daily
from bot.schedule.firing import fire_due, next_due_at
from bot.services import Services
from bot.settings import Settings
from tests.support.world import World, use_playbook


@pytest.fixture
def services(world: World, clock: FixedClock) -> Services:
    settings = Settings(_env_file=None)
    return Services(settings, world.database, world.library, clock, lambda: None)


async def test_a_step_due_today_is_told_once(world: World, services: Services) -> None:
    await world.start({"key": "first"})
    assert (await fire_due(services, world.now)).fired == 1
    assert (await fire_due(services, world.now)).total == 0
    [delivery] = await world.deliveries(kind=DeliveryKind.STEPS)
    assert delivery.member_id == world.maya.member_id


async def test_a_step_due_later_waits_for_nine_oclock_of_its_assignee(world: World, services: Services) -> None:
    await world.start({"key": "first", "role": "ae", "due": "1d"})
    async with world.database.reading() as connection:
        assert await next_due_at(connection) == datetime(2026, 3, 3, 14, tzinfo=UTC)
    assert (await fire_due(services, datetime(2026, 3, 3, 13, 59, tzinfo=UTC))).total == 0
    assert (await fire_due(services, datetime(2026, 3, 3, 14, tzinfo=UTC))).fired == 1


async def test_several_steps_for_one_person_are_one_message(world: World, services: Services) -> None:
    await world.start({"key": "first"}, {"key": "second"}, {"key": "third", "role": "ae"})
    await fire_due(services, datetime(2026, 3, 2, 15, tzinfo=UTC))
    messages = await world.deliveries(kind=DeliveryKind.STEPS)
    assert {m.member_id: len(await world.touchpoints(delivery_id=m.id)) for m in messages} == {
        world.maya.member_id: 2,
        world.leo.member_id: 1,
    }


async def test_steps_that_come_due_while_a_message_waits_go_into_it(world: World, services: Services) -> None:
    await world.start({"key": "first", "due": "1d"})
    await fire_due(services, datetime(2026, 3, 3, 8, tzinfo=UTC))
    await world.start({"key": "second", "due": "1d"}, key="other-play")
    await fire_due(services, datetime(2026, 3, 3, 8, 1, tzinfo=UTC))
    [message] = await world.deliveries(kind=DeliveryKind.STEPS)
    assert len(await world.touchpoints(delivery_id=message.id)) == 2


async def test_after_a_long_downtime_everything_missed_is_one_message_each(world: World, services: Services) -> None:
    await world.start(*({"key": f"step-{n}", "due": f"{n}d", "role": "ae" if n % 2 else "csm"} for n in range(1, 9)))
    report = await fire_due(services, datetime(2026, 6, 10, 14, tzinfo=UTC))
    assert (report.fired, report.skipped) == (8, 8)  # each step once: its overdue nudge says what its due date would
    messages = await world.deliveries(kind=DeliveryKind.STEPS)
    assert sorted(message.member_id or 0 for message in messages) == [world.maya.member_id, world.leo.member_id]


async def test_what_was_missed_waits_for_the_recipients_working_hours(world: World, services: Services) -> None:
    await world.start({"key": "first", "role": "ae", "due": "1d"})
    report = await fire_due(services, datetime(2026, 3, 4, 3, tzinfo=UTC))  # 22:00 in New York
    assert report.deferred == 1
    async with world.database.reading() as connection:
        assert await next_due_at(connection) == datetime(2026, 3, 4, 14, tzinfo=UTC)


async def test_what_fires_what_is_put_off_and_what_is_skipped_do_not_mix_in_a_batch(
    world: World, services: Services
) -> None:
    run = await world.start({"key": "hers", "due": "1d"}, {"key": "his", "role": "ae", "due": "1d"})
    steps = await world.steps(run)
    later = datetime(2026, 6, 10, 8, tzinfo=UTC)  # 10:00 in Berlin, 4:00 in New York
    report = await fire_due(services, later)
    assert (report.fired, report.skipped, report.deferred) == (1, 2, 1)
    [message] = await world.deliveries(kind=DeliveryKind.STEPS)
    [home] = await world.deliveries(kind=DeliveryKind.HOME, member_id=world.maya.member_id)
    assert (message.member_id, home.status) == (world.maya.member_id, DeliveryStatus.PENDING)
    [fired] = await world.touchpoints(status=TouchpointStatus.FIRED)
    assert (fired.step_id, fired.fired_at, fired.delivery_id) == (steps["hers"].id, later, message.id)
    skipped = await world.touchpoints(status=TouchpointStatus.SKIPPED)
    assert {t.step_id for t in skipped} == {steps["hers"].id, steps["his"].id}
    assert {(t.skip_reason, t.fired_at, t.delivery_id) for t in skipped} == {
        ("the overdue touchpoint says it", None, None)
    }
    [put_off] = await world.touchpoints(status=TouchpointStatus.PLANNED)
    assert (put_off.step_id, put_off.fire_at) == (steps["his"].id, datetime(2026, 6, 10, 13, tzinfo=UTC))
    assert (put_off.fired_at, put_off.delivery_id) == (None, None)


async def test_what_does_not_fit_in_a_batch_fires_in_the_next_and_into_the_same_message(
    world: World, services: Services, mocker: MockerFixture
) -> None:
    mocker.patch("bot.schedule.firing.BATCH", 3)
    await world.start(*({"key": f"step-{n}"} for n in range(8)))
    assert (await fire_due(services, world.now)).fired == 8
    [message] = await world.deliveries(kind=DeliveryKind.STEPS)
    assert len(await world.touchpoints(delivery_id=message.id)) == 8


async def test_a_snoozed_touchpoint_is_not_fired_before_its_time(world: World, services: Services) -> None:
    run = await world.start({"key": "first", "due": "1d"})
    step = (await world.steps(run))["first"]
    async with world.database.transaction() as session:
        await use.snooze_step(session, world.library, step.id, world.maya, world.now, until=date(2026, 3, 10))
    assert (await fire_due(services, datetime(2026, 3, 9, 12, tzinfo=UTC))).total == 0
    assert (await fire_due(services, datetime(2026, 3, 10, 9, tzinfo=UTC))).fired == 1


async def test_an_overdue_step_is_nudged_once(world: World, services: Services) -> None:
    await world.start({"key": "first", "due": "1d"})
    fired = [await fire_due(services, datetime(2026, 3, day, 9, tzinfo=UTC)) for day in range(3, 20)]
    assert sum(report.fired for report in fired) == 2
    kinds = [t.kind for t in await world.touchpoints(status=TouchpointStatus.FIRED)]
    assert kinds == [TouchpointKind.DUE, TouchpointKind.OVERDUE]


async def test_a_meeting_that_needs_preparation_is_announced_before(world: World, services: Services) -> None:
    await world.start({"key": "visit", "due": "10d", "remind_before": "3bd"})
    await fire_due(services, datetime(2026, 3, 9, 9, tzinfo=UTC))
    assert [t.kind for t in await world.touchpoints(status=TouchpointStatus.FIRED)] == [TouchpointKind.REMINDER]


async def test_the_step_of_someone_who_left_is_told_to_the_csm(world: World, services: Services) -> None:
    await world.start({"key": "first", "role": "ae", "due": "1d"})
    async with world.database.transaction() as session:
        (await session.get_one(Member, world.leo.member_id)).active = False
    await fire_due(services, datetime(2026, 3, 3, 15, tzinfo=UTC))
    [delivery] = await world.deliveries(kind=DeliveryKind.STEPS)
    assert delivery.member_id == world.maya.member_id


async def test_two_workers_fire_each_touchpoint_once(world: World, services: Services) -> None:
    await world.start(*({"key": f"step-{n}"} for n in range(40)))
    reports = await asyncio.gather(fire_due(services, world.now), fire_due(services, world.now))
    assert sum(report.fired for report in reports) == 40


async def test_moving_the_renewal_moves_the_steps_that_hang_on_it(world: World, services: Services) -> None:
    run = await world.start({"key": "ebr", "due": "renewal_date - 90d"}, {"key": "sign", "due": "renewal_date"})
    async with world.database.transaction() as session:
        changes = {"renewal_date": "2026-10-01"}
        edit = await edit_account(session, world.library, world.account_id, changes, world.maya, world.now)
    assert edit.sentences == [
        "“Ebr” (Test play) moved from 3 Jun 2026 to 3 Jul 2026.",
        "“Sign” (Test play) moved from 1 Sep 2026 to 1 Oct 2026.",
    ]
    assert (await world.steps(run))["ebr"].due_on == date(2026, 7, 3)
    assert (await fire_due(services, datetime(2026, 6, 4, 9, tzinfo=UTC))).total == 0
    assert (await fire_due(services, datetime(2026, 7, 3, 9, tzinfo=UTC))).fired == 1


RENEWAL = {"key": "renewal-play", "triggers": [{"on": "anchor", "anchor": "renewal_date", "offset": "-120d"}]}


async def test_a_playbook_starts_by_itself_when_its_date_comes_near_and_once(world: World, services: Services) -> None:
    use_playbook(world.library, {"key": "look", "due": "renewal_date - 120d"}, **RENEWAL)
    assert await run_daily(services, datetime(2026, 5, 3, 9, tzinfo=UTC)) == 0
    assert await run_daily(services, datetime(2026, 5, 4, 9, tzinfo=UTC)) == 1
    assert await run_daily(services, datetime(2026, 5, 4, 10, tzinfo=UTC)) == 0


async def test_steps_already_past_are_due_now_when_a_renewal_playbook_starts_late(
    world: World, services: Services
) -> None:
    use_playbook(
        world.library,
        {"key": "look", "due": "renewal_date - 120d"},
        {"key": "ebr", "due": "renewal_date - 90d"},
        {"key": "sign", "due": "renewal_date - 10d"},
        **RENEWAL,
    )
    late = datetime(2026, 6, 15, 9, tzinfo=UTC)
    await run_daily(services, late)
    assert (await fire_due(services, late)).fired == 2


async def test_moving_a_renewal_a_little_does_not_start_its_playbook_again(world: World, services: Services) -> None:
    use_playbook(world.library, {"key": "look"}, **RENEWAL)
    await run_daily(services, datetime(2026, 5, 4, 9, tzinfo=UTC))
    async with world.database.transaction() as session:
        changes = {"renewal_date": "2026-09-20"}
        await edit_account(session, world.library, world.account_id, changes, world.maya, world.now)
    assert await run_daily(services, datetime(2026, 5, 24, 9, tzinfo=UTC)) == 0


async def test_a_milestone_is_celebrated_and_starts_what_waits_for_it(world: World, services: Services) -> None:
    use_playbook(world.library, {"key": "hooray"}, triggers=[{"on": "milestone", "milestone": "go-live"}])
    async with world.database.transaction() as session:
        await reach_milestone(session, world.library, world.account_id, "go-live", world.maya, world.now)
    async with world.database.transaction() as session:  # again: nothing more
        await reach_milestone(session, world.library, world.account_id, "go-live", world.maya, world.now)
    await fire_due(services, world.now)
    [celebration] = await world.deliveries(kind=DeliveryKind.CELEBRATION)
    assert celebration.member_id == world.maya.member_id
    assert len(await world.deliveries(kind=DeliveryKind.STEPS)) == 1


async def raised(world: World, target: MemberRole = MemberRole.AE) -> Escalation:
    return await world.escalate(target=target, ask="Please call their CFO.")


async def test_an_escalation_nobody_takes_climbs_to_the_deputy_and_then_the_leader(
    world: World, services: Services
) -> None:
    async with world.database.transaction() as session:
        (await session.get_one(Member, world.leo.member_id)).deputy_id = world.eve.member_id
    escalation = await raised(world)
    owners = []
    for hours in (4, 8, 12):
        await fire_due(services, world.now + timedelta(hours=hours))
        async with world.database.transaction() as session:
            now_with = await session.get_one(Escalation, escalation.id)
            owners.append((now_with.owner_id, now_with.rung))
    assert owners == [
        (world.eve.member_id, Rung.DEPUTY),
        (world.dana.member_id, Rung.LEADER),
        (world.dana.member_id, Rung.LEADER),
    ]


async def test_what_even_the_leader_does_not_take_is_told_to_the_leaders_channel_once(
    world: World, services: Services
) -> None:
    await raised(world)
    for hours in (4, 8, 12, 16):
        await fire_due(services, world.now + timedelta(hours=hours))
    told = [d.payload["text"] for d in await world.deliveries(kind=DeliveryKind.NOTICE) if d.payload.get("place")]
    assert told == ["Nobody has taken the high escalation of Acme. It is with Dana Reyes: Please call their CFO."]


async def test_an_acknowledged_escalation_does_not_climb(world: World, services: Services) -> None:
    escalation = await raised(world)
    async with world.database.transaction() as session:
        await acknowledge_escalation(session, escalation.id, world.leo, world.now)
    assert (await fire_due(services, world.now + timedelta(days=2))).fired == 0


async def test_a_step_finished_elsewhere_is_not_told(world: World, services: Services) -> None:
    run = await world.start({"key": "first", "due": "1d"}, {"key": "second", "due": "1d"})
    first = (await world.steps(run))["first"]
    async with world.database.transaction() as session:
        await use.complete_step(session, world.library, first.id, world.dana, world.now)
    assert (await fire_due(services, datetime(2026, 3, 3, 9, tzinfo=UTC))).fired == 1
    assert (await world.steps(run))["second"].status is StepStatus.OPEN


async def test_what_fires_while_its_message_goes_out_is_in_the_next_message(
    world: World, services: Services, mocker: MockerFixture
) -> None:
    """With several workers, one may find a message that another sends before anything was added to it."""
    find = firing._find_messages

    async def find_and_send(*given: Any) -> dict[int, int]:
        found = await find(*given)
        async with world.database.transaction() as session:
            await session.exec(update(Delivery).values(status=DeliveryStatus.SENT))
        return found

    mocker.patch.object(firing, "_find_messages", find_and_send)
    await world.start({"key": "first"})
    assert (await fire_due(services, world.now)).fired == 1
    [waiting] = await world.deliveries(kind=DeliveryKind.STEPS, status=DeliveryStatus.PENDING)
    [touchpoint] = await world.touchpoints(status=TouchpointStatus.FIRED)
    assert touchpoint.delivery_id == waiting.id


async def test_firing_and_who_adds_to_the_same_message_do_not_wait_for_each_other_for_ever(
    world: World, services: Services
) -> None:
    """PostgreSQL ends such a circle, when it can see it: of the two one carries on."""
    await world.start({"key": "first"})
    firing = None
    async with asyncio.timeout(20):
        with suppress(TryAgain):
            async with world.database.transaction() as session:
                await enqueue_steps(session, {world.maya.member_id: timedelta()}, world.now)
                firing = asyncio.create_task(fire_due(services, world.now))
                await asyncio.sleep(0.2)  # until it holds the touchpoint, on PostgreSQL
                await session.exec(update(Touchpoint).values(at_once=True))
        assert firing
        with suppress(TryAgain):
            await firing
        await fire_due(services, world.now)
    assert len(await world.touchpoints(status=TouchpointStatus.FIRED)) == 1
