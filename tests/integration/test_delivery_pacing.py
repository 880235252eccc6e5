import asyncio
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from sqlmodel import select

from bot.clock import FixedClock
from bot.db import Database
from bot.delivery.courier import Outcome
from bot.delivery.pacing import LANE_INTERVAL, WORKSPACE, Pacing
from bot.delivery.pausing import Pause, Stopping
from bot.delivery.writing import Writer
from bot.models import DeliveryKind, DeliveryStatus, Lane
from tests.support.outboxes import Desk
from tests.support.slack_double import Fault, SlackDouble, rate_limited, refused, server_error
from tests.support.sleeping import AdvancingSleep, Slumber


def pacing(database: Database, clock: FixedClock, rate: float = 1000) -> Pacing:
    return Pacing(database, Writer(database), clock, Pause(AdvancingSleep(clock), asyncio.Event()), rate)


async def take(pacing: Pacing, lane: str, times: int) -> list[datetime]:
    return [await pacing.take(lane) for _ in range(times)]


async def test_a_lane_is_free_once_a_second(database: Database, clock: FixedClock, now: datetime) -> None:
    taken = await take(pacing(database, clock), "C1", 4)
    assert taken == [now + timedelta(seconds=second) for second in range(4)]


async def test_two_lanes_do_not_wait_for_each_other(database: Database, clock: FixedClock, now: datetime) -> None:
    one = pacing(database, clock)
    await take(one, "C1", 2)
    assert await one.take("C2") < now + timedelta(seconds=1.1)


async def test_two_processes_never_take_the_same_second_of_a_lane(database: Database, clock: FixedClock) -> None:
    one, other = pacing(database, clock), pacing(database, clock)
    first, second = await asyncio.gather(take(one, "C1", 5), take(other, "C1", 5))
    taken = sorted(first + second)
    assert len(taken) == 10
    assert all(later - earlier >= LANE_INTERVAL for earlier, later in pairwise(taken))


async def test_all_lanes_together_stay_under_the_cap_in_every_minute(database: Database, clock: FixedClock) -> None:
    """Also when a process takes up after a pause what it has missed."""
    one = pacing(database, clock, rate=1)
    taken = [await one.take(f"C{number}") for number in range(40)]
    clock.set(clock.now() + timedelta(seconds=10))
    taken += [await one.take(f"C{number}") for number in range(40, 120)]
    assert all(later - earlier >= timedelta(minutes=1) for earlier, later in zip(taken, taken[60:], strict=False))


async def test_what_was_missed_of_the_cap_is_made_up_for_one_second(database: Database, clock: FixedClock) -> None:
    one, other = pacing(database, clock, rate=5), pacing(database, clock, rate=5)
    await one.take("C0")
    clock.set(clock.now() + timedelta(minutes=1))
    start = clock.now()
    made_up = [await process.take(f"C{number}") - start for number, process in enumerate([one, other] * 5, 1)]
    assert made_up[3] == timedelta()
    assert made_up[9] >= timedelta(seconds=0.8)


async def test_a_lane_that_slack_wants_left_alone_is_left_alone_by_every_process(
    database: Database, clock: FixedClock, now: datetime
) -> None:
    one, other = pacing(database, clock), pacing(database, clock)
    await one.hold("C1", now + timedelta(seconds=30))
    assert await other.take("C1") == now + timedelta(seconds=30)


async def test_a_shorter_hold_does_not_cut_a_longer_one(database: Database, clock: FixedClock, now: datetime) -> None:
    one = pacing(database, clock)
    await one.hold("C1", now + timedelta(seconds=30))
    await one.hold("C1", now + timedelta(seconds=5))
    assert await one.held_until("C1") == now + timedelta(seconds=30)


async def test_a_hold_is_over_at_its_end(database: Database, clock: FixedClock, now: datetime) -> None:
    one = pacing(database, clock)
    await one.hold("views.publish", now + timedelta(seconds=30))
    clock.set(now + timedelta(seconds=30))
    assert await one.held_until("views.publish") is None


async def test_waiting_ends_at_once_when_the_outbox_stops(sqlite: Database, clock: FixedClock, now: datetime) -> None:
    stopping = asyncio.Event()
    waiting = Pacing(sqlite, Writer(sqlite), clock, Pause(Slumber(), stopping), 1000)
    await waiting.hold("C1", now + timedelta(hours=1))
    taking = asyncio.create_task(waiting.take("C1"))
    stopping.set()
    with pytest.raises(Stopping):
        await taking


async def test_after_a_slow_answer_the_next_message_keeps_its_distance_from_it(
    database: Database, clock: FixedClock, now: datetime
) -> None:
    one = pacing(database, clock)
    await one.take("C1")
    one.leaves("C1")
    clock.set(now + timedelta(seconds=0.6))
    one.answered("C1")
    assert await one.take("C1") == now + timedelta(seconds=1.5)


async def test_messages_of_a_channel_go_out_a_second_apart_without_a_refusal(desk: Desk, slack: SlackDouble) -> None:
    start = desk.clock.now()
    for number in range(5):
        await desk.put(f"message {number}")
    await desk.outbox().drain()
    assert slack.state.accepted_at == [start + timedelta(seconds=second) for second in range(5)]
    assert slack.answers["ratelimited"] == 0


async def test_two_lanes_that_lead_to_one_channel_share_its_pace(desk: Desk, slack: SlackDouble) -> None:
    for number in range(4):
        await desk.put(f"message {number}", channel="cs-leaders", lane=f"#lane-{number % 2}")
    await desk.outbox().drain()
    assert sorted(slack.texts("cs-leaders")) == [f"message {number}" for number in range(4)]
    async with desk.world.database.reading() as connection:
        assert set((await connection.execute(select(Lane.name))).scalars()) == {WORKSPACE, "C0CSLEADERS"}


async def test_a_channel_named_by_name_and_by_id_has_one_pace(desk: Desk, slack: SlackDouble) -> None:
    await put_by_name_and_id(desk)
    await asyncio.gather(desk.outbox().drain(), desk.outbox().drain())
    assert sorted(slack.texts("cs-escalations")) == ["by id", "by name"]
    assert slack.answers["ratelimited"] == 0


async def test_a_rate_limit_met_under_a_channels_name_holds_what_goes_to_its_id(desk: Desk, slack: SlackDouble) -> None:
    start = desk.clock.now()
    slack.fail("chat.postMessage", rate_limited(30))
    await put_by_name_and_id(desk)
    await desk.outbox().drain()
    assert slack.answers["ratelimited"] == 1
    assert min(slack.state.accepted_at) >= start + timedelta(seconds=30)


@pytest.mark.parametrize("trouble", [refused("missing_scope"), rate_limited(60), server_error()])
async def test_a_message_does_not_wait_for_the_list_of_channels(
    trouble: Fault, desk: Desk, slack: SlackDouble, now: datetime
) -> None:
    slack.fail("conversations.list", trouble)
    await desk.put("Help", channel="cs-escalations")
    await desk.put("Help again", channel="cs-escalations")
    assert await desk.outbox().drain() == {Outcome.SENT: 2}
    assert slack.state.accepted_at[0] == now
    assert len(slack.calls_of("conversations.list")) == 1  # the answer to the first message told the id


async def put_by_name_and_id(desk: Desk) -> None:
    """Two messages to one channel, as an escalation's own and a reply in its thread are addressed."""
    await desk.put("by name", channel="cs-escalations")
    await desk.put("by id", channel="C0CSESCALATIONS")


async def test_a_rate_limited_message_goes_out_when_slack_allows_it_and_before_its_followers(
    desk: Desk, slack: SlackDouble
) -> None:
    start = desk.clock.now()
    slack.fail("chat.postMessage", rate_limited(7))
    for text in ("first", "second"):
        await desk.put(text)
    assert await desk.outbox().drain() == {Outcome.SENT: 2}
    assert slack.texts("U0MAYA") == ["first", "second"]
    assert slack.state.accepted_at == [start + timedelta(seconds=7), start + timedelta(seconds=8)]


async def test_a_rate_limit_of_one_process_is_kept_by_another(desk: Desk, slack: SlackDouble) -> None:
    start = desk.clock.now()
    slack.fail("chat.postMessage", rate_limited(30))
    await desk.put("first", channel="cs-leaders", lane="#one")
    slumber = Slumber()
    first = asyncio.create_task(desk.outbox(sleep=slumber).drain())
    await slumber.begun.wait()
    first.cancel()
    await desk.put("second", channel="cs-leaders", lane="#two")
    await desk.outbox().drain()
    assert slack.state.accepted_at[0] >= start + timedelta(seconds=30)


async def test_a_wait_longer_than_the_lease_keeps_the_delivery_ours(desk: Desk, slack: SlackDouble) -> None:
    slack.fail("chat.postMessage", rate_limited(300))
    delivery = await desk.put("Hello")
    assert await desk.outbox().drain() == {Outcome.SENT: 1}
    assert (await desk.row(delivery)).attempts == 1
    assert slack.texts("U0MAYA") == ["Hello"]


async def test_a_rate_limited_redraw_is_handed_back_until_slack_allows_it(desk: Desk, slack: SlackDouble) -> None:
    slack.fail("views.publish", rate_limited(20))
    delivery = await desk.put("", kind=DeliveryKind.HOME, merge_key="home:1")
    outbox = desk.outbox()
    assert await outbox.drain() == {Outcome.HANDED_BACK: 1}
    row = await desk.row(delivery)
    assert (row.status, row.attempts) == (DeliveryStatus.PENDING, 0)
    assert row.available_at == desk.clock.now() + timedelta(seconds=20)
    desk.pass_time(seconds=20)
    assert await outbox.drain() == {Outcome.SENT: 1}


async def test_while_slack_wants_a_method_left_alone_it_is_not_called(desk: Desk, slack: SlackDouble) -> None:
    slack.fail("views.publish", rate_limited(20))
    for member in (desk.world.maya, desk.world.leo):
        await desk.put("", kind=DeliveryKind.HOME, member_id=member.member_id, merge_key=f"home:{member.member_id}")
        await desk.outbox().drain()
    assert len(slack.calls_of("views.publish")) == 1
