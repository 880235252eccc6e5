"""Winding the demo's clock: everything on the way happens at its own time."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.clock import FixedClock
from bot.delivery.builders import BUILDERS
from bot.demo.winding import Worker
from bot.models import TouchpointKind, TouchpointStatus
from tests.support.outboxes import Desk, make_desk
from tests.support.slack_double import SlackDouble
from tests.support.world import World, use_playbook

NINE_IN_BERLIN = 8


@pytest.fixture
def demo_desk(world: World, clock: FixedClock, slack_client: AsyncWebClient) -> Desk:
    return make_desk(world, clock, slack_client, coalesce_seconds=2, heartbeat_seconds=60)


@pytest.fixture
def worker(demo_desk: Desk, clock: FixedClock) -> Worker:
    return Worker(demo_desk.services, clock, demo_desk.client, BUILDERS, asyncio.Event())


async def test_steps_that_come_due_on_two_days_are_two_messages(
    world: World, worker: Worker, clock: FixedClock, slack: SlackDouble
) -> None:
    await world.start({"key": "write", "due": "1bd"}, {"key": "call", "due": "3bd"})
    journey = await worker.wind_to(clock.now() + timedelta(days=3))
    due = [t for t in await world.touchpoints(kind=TouchpointKind.DUE) if t.status is TouchpointStatus.FIRED]
    assert [t.fired_at for t in due] == [
        datetime(2026, 3, 3, NINE_IN_BERLIN, tzinfo=UTC),
        datetime(2026, 3, 5, NINE_IN_BERLIN, tzinfo=UTC),
    ]
    first, second = slack.texts("U0MAYA")
    assert "Write" in first
    assert "Call" not in first
    assert "Call" in second
    assert journey.fired == 3  # on the second day, the first step is overdue as well


async def test_clock_ends_where_it_was_wound_to(worker: Worker, clock: FixedClock) -> None:
    target = clock.now() + timedelta(hours=5)
    journey = await worker.wind_to(target)
    assert clock.now() == target
    assert (journey.fired, journey.started, journey.next_due) == (0, 0, None)


async def test_journey_tells_what_is_due_next(world: World, worker: Worker, clock: FixedClock) -> None:
    await world.start({"key": "write", "due": "3bd"})
    journey = await worker.wind_to(clock.now() + timedelta(days=1))
    assert journey.next_due == datetime(2026, 3, 5, NINE_IN_BERLIN, tzinfo=UTC)


async def test_playbook_that_waits_for_a_date_starts_on_its_day(world: World, worker: Worker) -> None:
    trigger = {"on": "anchor", "anchor": "renewal_date", "offset": "-180d"}
    use_playbook(world.library, {"key": "read"}, triggers=[trigger])
    assert (await worker.wind_to(datetime(2026, 3, 4, 12, tzinfo=UTC))).started == 0
    assert (await worker.wind_to(datetime(2026, 3, 6, 12, tzinfo=UTC))).started == 1


async def test_worker_goes_on_after_the_clock_was_wound(
    worker: Worker, demo_desk: Desk, clock: FixedClock, slack: SlackDouble
) -> None:
    worker.start()
    await worker.stop()
    await worker.wind_to(clock.now() + timedelta(days=1))
    worker.start()
    await demo_desk.put("Hello")
    await slack.until_called("chat.postMessage")
    await worker.stop()
    await worker.stop()  # twice is once
