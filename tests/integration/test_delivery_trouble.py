"""What goes wrong between the outbox and Slack, and that nothing is lost or said twice."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import delete

from bot.delivery import builders
from bot.delivery.courier import Outcome
from bot.delivery.failures import ABOUT
from bot.delivery.outgoing import Builder, Outgoing
from bot.engine.accounts import edit_account
from bot.engine.outbox import enqueue_steps
from bot.engine.steps import complete_step
from bot.models import (
    Account,
    AccountRole,
    DeliveryKind,
    DeliveryStatus,
    Member,
    MemberRole,
    Touchpoint,
    TouchpointKind,
)
from tests.support.outboxes import BUILDERS, Desk, make_desk
from tests.support.play import buttons
from tests.support.slack_double import (
    Fault,
    SlackDouble,
    answer_lost,
    connection_reset,
    refused,
    server_error,
    slow_answer,
)
from tests.support.sleeping import Slumber


@pytest.mark.parametrize("fault", [server_error(), connection_reset(), refused("internal_error")])
async def test_a_message_slack_could_not_take_is_sent_a_little_later(
    fault: Fault, desk: Desk, slack: SlackDouble
) -> None:
    delivery = await desk.put("Hello")
    slack.fail("chat.postMessage", fault)
    outbox = desk.outbox()
    assert await outbox.drain() == {Outcome.RETRY: 1}
    row = await desk.row(delivery)
    assert (row.status, row.available_at) == (DeliveryStatus.PENDING, desk.clock.now() + timedelta(seconds=2))
    assert row.last_error
    desk.pass_time(seconds=2)
    assert await outbox.drain() == {Outcome.SENT: 1}
    assert slack.texts("U0MAYA") == ["Hello"]
    assert (await desk.row(delivery)).last_error is None


@pytest.mark.parametrize("fault", [answer_lost(), server_error(carried_out=True)])
async def test_a_message_whose_answer_got_lost_is_found_and_not_sent_again(
    fault: Fault, desk: Desk, slack: SlackDouble
) -> None:
    _, (step,) = await desk.open_steps("one")
    delivery = await desk.put("One step", kind=DeliveryKind.STEPS, steps=[step])
    slack.fail("chat.postMessage", fault)
    outbox = desk.outbox()
    assert await outbox.drain() == {Outcome.RETRY: 1}
    desk.pass_time(seconds=2)
    assert (await outbox.drain())[Outcome.FOUND] == 1  # and what it shows is drawn anew
    (message,) = slack.messages("U0MAYA")
    assert (await desk.row(delivery)).status is DeliveryStatus.SENT
    assert [row.ts for row in await desk.posted()] == [message["ts"]]


async def test_an_outbox_that_dies_between_posting_and_recording_posts_nothing_twice(
    desk: Desk, slack: SlackDouble
) -> None:
    delivery = await desk.put("Hello", channel="cs-leaders")
    await die_after_posting(desk, slack)
    assert (await desk.row(delivery)).status is DeliveryStatus.LEASED
    assert await desk.outbox().drain() == {}
    desk.pass_time(seconds=61)
    assert await desk.outbox().drain() == {Outcome.FOUND: 1}
    assert (await desk.row(delivery)).status is DeliveryStatus.SENT
    assert slack.texts("cs-leaders") == ["Hello"]


@pytest.mark.parametrize("finished", [1, 2])
async def test_steps_finished_after_a_crash_lose_their_buttons_in_the_message_that_had_been_posted(
    finished: int, desk: Desk, slack: SlackDouble
) -> None:
    _, steps = await desk.open_steps("one", "two")
    delivery = await desk.announce(steps)
    await die_after_posting(desk, slack, builders.BUILDERS)
    assert buttons(slack.messages("U0MAYA")[-1]).count("Complete") == 2
    for step in steps[:finished]:
        async with desk.world.database.transaction() as session:
            await complete_step(session, desk.world.library, step, desk.world.maya, desk.clock.now())
    desk.pass_time(seconds=61)
    outcomes = await desk.outbox(builders=builders.BUILDERS).drain()
    assert outcomes[Outcome.FOUND] == 1
    assert (await desk.row(delivery)).status is DeliveryStatus.SENT
    (message,) = slack.messages("U0MAYA")
    assert [await desk.steps_shown(row.id) for row in await desk.posted()] == [steps]
    assert buttons(message).count("Complete") == 2 - finished


async def test_steps_handed_over_after_a_crash_lose_their_buttons_in_the_message_that_had_been_posted(
    desk: Desk, slack: SlackDouble
) -> None:
    """That an account was handed over is told of its run, and not of each step."""
    world = desk.world
    _, steps = await desk.open_steps("one")
    await desk.announce(steps)
    await die_after_posting(desk, slack, builders.BUILDERS)
    async with world.database.transaction() as session:
        changes = {"csm_id": world.eve.member_id}
        await edit_account(session, world.library, world.account_id, changes, world.dana, desk.clock.now())
    desk.pass_time(seconds=61)
    await desk.outbox(builders=builders.BUILDERS).drain()
    (message,) = slack.messages("U0MAYA")
    assert "Complete" not in buttons(message)


async def test_steps_finished_after_a_crash_that_came_before_posting_are_not_announced(
    desk: Desk, slack: SlackDouble
) -> None:
    _, steps = await desk.open_steps("one")
    delivery = await desk.announce(steps)
    await desk.change(delivery, status=DeliveryStatus.LEASED, lease_until=desk.clock.now(), attempts=1)
    async with desk.world.database.transaction() as session:
        await complete_step(session, desk.world.library, steps[0], desk.world.maya, desk.clock.now())
    outcomes = await desk.outbox(builders=builders.BUILDERS).drain()
    assert outcomes[Outcome.NOTHING] == 1
    assert slack.texts("U0MAYA") == []
    assert await desk.posted() == []


async def test_steps_finished_meanwhile_are_not_reported_when_their_assignee_cannot_be_reached(
    desk: Desk, slack: SlackDouble
) -> None:
    delivery = await desk.put("", kind=DeliveryKind.STEPS, nothing=True)
    await desk.change(delivery, status=DeliveryStatus.LEASED, lease_until=desk.clock.now(), attempts=1)
    slack.users["U0MAYA"]["deleted"] = True
    assert await desk.outbox().drain() == {Outcome.NOTHING: 1}
    assert await desk.pending() == []


async def test_a_reply_in_a_thread_is_looked_for_in_its_thread(desk: Desk, slack: SlackDouble) -> None:
    await desk.put("Help", channel="cs-escalations")
    await desk.outbox().drain()
    thread = slack.messages("cs-escalations")[0]["ts"]
    desk.pass_time(seconds=1)
    await desk.put("Leo has it", channel="cs-escalations", thread=thread)
    await die_after_posting(desk, slack)
    desk.pass_time(seconds=61)
    assert await desk.outbox().drain() == {Outcome.FOUND: 1}
    assert slack.texts("cs-escalations") == ["Help", "Leo has it"]


async def test_an_outbox_that_dies_before_posting_loses_nothing(desk: Desk, slack: SlackDouble) -> None:
    await desk.put("Hello")
    slack.fail("conversations.open", slow_answer(until=asyncio.Event()))
    dying = asyncio.create_task(desk.outbox().drain())
    await slack.until_called("conversations.open")
    dying.cancel()
    await asyncio.gather(dying, return_exceptions=True)
    desk.pass_time(seconds=61)
    assert await desk.outbox().drain() == {Outcome.SENT: 1}
    assert slack.texts("U0MAYA") == ["Hello"]


async def test_a_worker_that_hung_finds_its_lease_taken_and_sends_nothing(desk: Desk, slack: SlackDouble) -> None:
    delivery = await desk.put("Hello")
    hangs, goes_on = asyncio.Event(), asyncio.Event()

    async def build_slowly(*given: Any) -> Outgoing | None:
        hangs.set()
        await goes_on.wait()
        return await BUILDERS[DeliveryKind.NOTICE](*given)

    hung = asyncio.create_task(desk.outbox(builders={DeliveryKind.NOTICE: build_slowly}).drain())
    await hangs.wait()
    desk.pass_time(seconds=61)
    assert await desk.outbox().drain() == {Outcome.SENT: 1}
    goes_on.set()
    assert await hung == {Outcome.LOST: 1}
    assert slack.texts("U0MAYA") == ["Hello"]
    assert (await desk.row(delivery)).status is DeliveryStatus.SENT


async def test_a_message_that_lies_far_back_in_the_channel_is_found(desk: Desk, slack: SlackDouble) -> None:
    await desk.put("Hello", channel="cs-leaders")
    await die_after_posting(desk, slack)
    chatter = [{"type": "message", "user": "U0DANA", "text": "hm", "ts": f"1.{n:06d}"} for n in range(450)]
    slack.state.conversation("cs-leaders").messages += chatter
    desk.pass_time(seconds=61)
    assert await desk.outbox().drain() == {Outcome.FOUND: 1}


async def test_a_permanent_error_ends_the_delivery_and_tells_the_csm(desk: Desk, slack: SlackDouble) -> None:
    slack.state.add_channel("away", bot_is_in=False)
    delivery = await desk.put("Help", kind=DeliveryKind.ESCALATION, channel="away")
    assert await desk.outbox().drain() == {Outcome.FAILED: 1, Outcome.SENT: 1}
    row = await desk.row(delivery)
    assert (row.status, row.last_error) == (DeliveryStatus.FAILED, "not_in_channel")
    assert slack.texts("U0MAYA") == [
        "Playcall could not deliver an escalation for Acme to #away: "
        "Playcall is not in that channel. Invite it there with /invite."
    ]


async def test_when_the_csm_is_the_one_who_cannot_be_reached_the_leader_is_told(desk: Desk, slack: SlackDouble) -> None:
    slack.users["U0MAYA"]["deleted"] = True
    await desk.put("Hello")
    assert await desk.outbox().drain() == {Outcome.FAILED: 1, Outcome.SENT: 1}
    (told,) = slack.texts("U0DANA")
    assert told.startswith("Playcall could not deliver a message for Acme to Maya Lindt: their Slack account is")


async def test_a_notice_of_failure_that_fails_leads_to_no_other(desk: Desk, slack: SlackDouble) -> None:
    slack.users["U0MAYA"]["deleted"] = slack.users["U0DANA"]["deleted"] = True
    await desk.put("Hello")
    assert await desk.outbox().drain() == {Outcome.FAILED: 2}
    assert await desk.pending() == []


async def test_the_ops_channel_is_told_too(desk: Desk, slack: SlackDouble) -> None:
    slack.state.add_channel("playcall-ops")
    settled = make_desk(desk.world, desk.clock, desk.client, ops_channel="playcall-ops")
    await settled.put("Hello", channel="no-such-channel")
    await settled.outbox().drain()
    assert len(slack.texts("playcall-ops")) == len(slack.texts("U0MAYA")) == 1


async def test_the_ops_channel_is_not_told_of_itself(desk: Desk) -> None:
    settled = make_desk(desk.world, desk.clock, desk.client, ops_channel="#playcall-ops")
    await settled.put("Hello", channel="playcall-ops")
    await settled.outbox().drain()
    assert [row.member_id for row in await desk.world.deliveries() if ABOUT in row.payload] == [
        desk.world.maya.member_id
    ]


async def test_an_account_without_anybody_to_tell_fails_all_the_same(desk: Desk, slack: SlackDouble) -> None:
    async with desk.world.database.transaction() as session:
        await session.exec(delete(AccountRole).where(AccountRole.role != MemberRole.AE))  # type: ignore[arg-type]
        (await session.get_one(Member, desk.world.dana.member_id)).active = False
    delivery = await desk.put("Hello", channel="no-such-channel")
    assert await desk.outbox().drain() == {Outcome.FAILED: 1}
    assert (await desk.row(delivery)).last_error == "channel_not_found"
    assert slack.calls_of("conversations.open") == []


async def test_due_steps_nobody_can_be_sent_are_told_to_the_csms_of_their_accounts_once_each(
    desk: Desk, slack: SlackDouble
) -> None:
    maya, leo, eve = (person.member_id for person in (desk.world.maya, desk.world.leo, desk.world.eve))
    slack.users["U0LEO"]["deleted"] = True
    theirs = [
        desk.world.account_id,
        await add_account(desk, "Globex", csm=maya),
        await add_account(desk, "Hooli", csm=eve),
        await add_account(desk, "Initech", csm=leo, leader=desk.world.dana.member_id),
        await add_account(desk, "Umbrella", csm=leo),  # without a leader of its own: any leader hears of it
    ]
    delivery = await due_steps(desk, leo, theirs)
    await desk.outbox().drain()
    assert (await desk.row(delivery)).status is DeliveryStatus.FAILED
    why = "to Leo Park: their Slack account is deactivated. Please reassign their open steps."
    assert slack.texts("U0MAYA") == [f"Playcall could not deliver the steps that are due for Acme and Globex {why}"]
    assert slack.texts("U0EVE") == [f"Playcall could not deliver the steps that are due for Hooli {why}"]
    assert slack.texts("U0DANA") == [
        f"Playcall could not deliver the steps that are due for Initech and Umbrella {why}"
    ]
    assert await desk.pending() == []


async def test_many_accounts_are_told_of_in_one_sentence(desk: Desk, slack: SlackDouble) -> None:
    slack.users["U0LEO"]["deleted"] = True
    maya = desk.world.maya.member_id
    theirs = [await add_account(desk, f"Account {n}", csm=maya) for n in range(9)]
    await due_steps(desk, desk.world.leo.member_id, theirs)
    await desk.outbox().drain()
    (told,) = slack.texts("U0MAYA")
    assert " for Account 0, Account 1, Account 2, Account 3 and 5 more to Leo Park: " in told


async def test_a_csm_who_has_left_is_not_the_one_who_is_told(desk: Desk, slack: SlackDouble) -> None:
    async with desk.world.database.transaction() as session:
        (await session.get_one(Member, desk.world.maya.member_id)).active = False
    await desk.put("Hello", channel="no-such-channel")
    await desk.outbox().drain()
    assert slack.texts("U0MAYA") == []
    assert len(slack.texts("U0DANA")) == 1


async def test_a_redraw_that_fails_for_good_bothers_nobody(desk: Desk, slack: SlackDouble) -> None:
    slack.fail("views.publish", refused("not_enabled"))
    await desk.put("", kind=DeliveryKind.HOME)
    assert await desk.outbox().drain() == {Outcome.FAILED: 1}
    assert await desk.pending() == []


async def test_what_a_builder_cannot_send_fails_with_its_reason(desk: Desk, slack: SlackDouble) -> None:
    delivery = await desk.put("", kind=DeliveryKind.EMAIL, refuse="no mail server is set up.")
    await desk.outbox().drain()
    assert (await desk.row(delivery)).last_error == "no mail server is set up."
    (told,) = slack.texts("U0DANA")
    assert told == "Playcall could not deliver an email for Acme to Maya Lindt: no mail server is set up."


async def test_a_builder_with_a_bug_is_tried_again_and_stops_nobody_else(desk: Desk) -> None:
    broken = await desk.put("Hello")
    await desk.change(broken, payload={})
    await desk.put("Hello", member_id=desk.world.leo.member_id)
    assert await desk.outbox().drain() == {Outcome.RETRY: 1, Outcome.SENT: 1}
    assert (await desk.row(broken)).last_error == "'text'"


async def test_a_revoked_token_loses_nothing(desk: Desk, slack: SlackDouble) -> None:
    slack.fail("conversations.open", refused("token_revoked"))
    await desk.put("Hello")
    assert await desk.outbox().drain() == {Outcome.RETRY: 1}
    desk.pass_time(seconds=2)
    assert await desk.outbox().drain() == {Outcome.SENT: 1}


async def test_running_sends_what_it_is_woken_for(desk: Desk, slack: SlackDouble) -> None:
    stop, woken = asyncio.Event(), asyncio.Event()
    running = asyncio.create_task(desk.outbox(sleep=Slumber(), woken=woken).run(stop))
    await desk.put("Hello")
    woken.set()
    await slack.until_called("chat.postMessage")
    stop.set()
    await running
    assert slack.texts("U0MAYA") == ["Hello"]


async def test_stopping_finishes_what_is_on_the_wire_and_hands_back_the_rest(desk: Desk, slack: SlackDouble) -> None:
    stop, answer, woken, sleep = asyncio.Event(), asyncio.Event(), asyncio.Event(), Slumber()
    slack.fail("chat.postMessage", slow_answer(until=answer), channel="D0LEO")
    await desk.put("to maya")
    await desk.outbox().drain()
    desk.pass_time(seconds=0.5)
    sent = await desk.put("to leo", member_id=desk.world.leo.member_id)
    running = asyncio.create_task(desk.outbox(sleep=sleep, woken=woken).run(stop))
    await slack.until_called("chat.postMessage", 2)
    await sleep.begun.wait()
    sleep.begun.clear()
    waiting = await desk.put("maya must wait a second")
    woken.set()
    await sleep.begun.wait()  # it is claimed
    stop.set()
    answer.set()
    await running
    assert (await desk.row(sent)).status is DeliveryStatus.SENT
    row = await desk.row(waiting)
    assert (row.status, row.lease_until, row.attempts) == (DeliveryStatus.PENDING, None, 0)


async def test_a_stopped_outbox_can_run_again(desk: Desk) -> None:
    outbox = desk.outbox()
    stop = asyncio.Event()
    stop.set()
    await outbox.run(stop)
    await desk.put("one")
    await desk.put("two")
    assert await outbox.drain() == {Outcome.SENT: 2}


async def add_account(desk: Desk, name: str, **roles: int) -> int:
    now = desk.clock.now()
    account = Account(key=name.lower().replace(" ", "-"), name=name, created_at=now, updated_at=now)
    async with desk.world.database.transaction() as session:
        session.add(account)
        await session.flush()
        for role, member in roles.items():
            session.add(AccountRole(account_id=account.id, role=MemberRole(role), member_id=member))
    return account.id


async def due_steps(desk: Desk, member_id: int, accounts: list[int]) -> int:
    """What firing leaves behind: one message for the member, which touchpoints of these accounts went into."""
    now = desk.clock.now()
    async with desk.world.database.transaction() as session:
        delivery = (await enqueue_steps(session, {member_id: timedelta()}, now))[member_id]
        for account in accounts:
            session.add(Touchpoint(kind=TouchpointKind.DUE, account_id=account, fire_at=now, delivery_id=delivery))
    await desk.change(delivery, payload={"text": "Steps"})
    return delivery


async def die_after_posting(
    desk: Desk, slack: SlackDouble, builders: Mapping[DeliveryKind, Builder] = BUILDERS
) -> None:
    """Let an outbox be killed after Slack has taken a message and before the outbox knows."""
    posts = len(slack.calls_of("chat.postMessage"))
    slack.fail("chat.postMessage", slow_answer(until=asyncio.Event()))
    dying = asyncio.create_task(desk.outbox(builders=builders).drain())
    await slack.until_called("chat.postMessage", posts + 1)
    dying.cancel()
    await asyncio.gather(dying, return_exceptions=True)
