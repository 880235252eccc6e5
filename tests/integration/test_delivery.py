import asyncio
from collections import Counter
from datetime import timedelta

import pytest
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy import update
from sqlmodel import col

from bot.delivery.courier import Outcome
from bot.engine.outbox import enqueue_steps
from bot.models import DeliveryKind, DeliveryStatus, Escalation, Member, MemberRole, Severity
from tests.support.outboxes import Desk
from tests.support.slack_double import SlackDouble, refused, slow_answer
from tests.support.sleeping import Slumber


async def test_a_message_is_posted_with_its_key_and_recorded(desk: Desk, slack: SlackDouble) -> None:
    delivery = await desk.put("Hello")
    assert await desk.outbox().drain() == {Outcome.SENT: 1}
    row = await desk.row(delivery)
    assert (row.status, row.finished_at, row.lease_until) == (DeliveryStatus.SENT, desk.clock.now(), None)
    (message,) = slack.messages("U0MAYA")
    assert message["text"] == "Hello"
    assert message["metadata"] == {"event_type": "playcall_delivery", "event_payload": {"delivery": row.key}}


async def test_an_outbox_with_nothing_due_sends_nothing(desk: Desk, slack: SlackDouble) -> None:
    await desk.put("Later", delay=timedelta(seconds=120))
    assert await desk.outbox().drain() == {}
    assert slack.calls == []


async def test_a_delayed_message_is_sent_when_its_time_comes(desk: Desk, slack: SlackDouble) -> None:
    await desk.put("Later", delay=timedelta(seconds=120))
    desk.pass_time(seconds=120)
    await desk.outbox().drain()
    assert slack.texts("U0MAYA") == ["Later"]


async def test_a_message_with_steps_is_remembered_with_them_in_their_order(desk: Desk, slack: SlackDouble) -> None:
    _, (one, two) = await desk.open_steps("one", "two")
    delivery = await desk.put("Two steps", kind=DeliveryKind.STEPS, steps=[two, one])
    await desk.outbox().drain()
    (posted,) = await desk.posted()
    (message,) = slack.messages("U0MAYA")
    assert (posted.channel, posted.ts, posted.kind) == ("D0MAYA", message["ts"], DeliveryKind.STEPS)
    assert posted.delivery_id == delivery
    assert await desk.steps_shown(posted.id) == [two, one]


async def test_a_message_about_nothing_that_changes_is_not_remembered(desk: Desk) -> None:
    await desk.put("Hello")
    await desk.outbox().drain()
    assert await desk.posted() == []


async def test_an_escalation_gives_its_run_a_thread(desk: Desk, slack: SlackDouble) -> None:
    run, _ = await desk.open_steps("one")
    escalation = await add_escalation(desk, run)
    await desk.put("Help", kind=DeliveryKind.ESCALATION, channel="cs-escalations", escalation=escalation)
    await desk.outbox().drain()
    (message,) = slack.messages("cs-escalations")
    stored = await desk.world.run(run)
    assert (stored.thread_channel, stored.thread_ts) == ("C0CSESCALATIONS", message["ts"])
    assert [row.escalation_id for row in await desk.posted()] == [escalation]


async def test_a_delivery_with_nothing_left_to_say_is_done(desk: Desk, slack: SlackDouble) -> None:
    delivery = await desk.put("", nothing=True)
    assert await desk.outbox().drain() == {Outcome.NOTHING: 1}
    assert (await desk.row(delivery)).status is DeliveryStatus.SENT
    assert slack.calls == []


async def test_messages_of_a_lane_keep_their_order(desk: Desk, slack: SlackDouble) -> None:
    texts = [f"message {number}" for number in range(6)]
    for text in texts:
        await desk.put(text)
    await desk.outbox().drain()
    assert slack.texts("U0MAYA") == texts


async def test_a_message_that_failed_for_now_keeps_its_place_in_the_lane(desk: Desk, slack: SlackDouble) -> None:
    await desk.put("first")
    await desk.put("second")
    slack.fail("chat.postMessage", refused("internal_error"))
    outbox = desk.outbox()
    assert await outbox.drain() == {Outcome.RETRY: 1}
    desk.pass_time(seconds=2)
    await outbox.drain()
    assert slack.texts("U0MAYA") == ["first", "second"]


async def test_a_message_that_keeps_failing_lets_the_others_pass(desk: Desk, slack: SlackDouble) -> None:
    first = await desk.put("first")
    await desk.put("second")
    await desk.change(first, attempts=6, available_at=desk.clock.now() + timedelta(minutes=2))
    await desk.outbox().drain()
    assert slack.texts("U0MAYA") == ["second"]


async def test_a_conversation_is_opened_once_for_a_member(desk: Desk, slack: SlackDouble) -> None:
    outbox = desk.outbox()
    for text in ("one", "two"):
        await desk.put(text)
    await outbox.drain()
    assert len(slack.calls_of("conversations.open")) == 1


async def test_a_member_known_by_email_alone_is_looked_up_and_remembered(desk: Desk, slack: SlackDouble) -> None:
    await forget_slack_user(desk, desk.world.leo.member_id)
    await desk.put("Hello", member_id=desk.world.leo.member_id)
    await desk.outbox().drain()
    assert slack.texts("U0LEO") == ["Hello"]
    async with desk.world.database.transaction() as session:
        assert (await session.get_one(Member, desk.world.leo.member_id)).slack_user_id == "U0LEO"


async def test_a_slack_user_who_belongs_to_another_member_is_not_taken_from_them(
    desk: Desk, slack: SlackDouble
) -> None:
    async with desk.world.database.transaction() as session:
        twin = Member(email="leo.park@ours.example", name="Leo", role=MemberRole.AE, created_at=desk.clock.now())
        session.add(twin)
    slack.users["U0LEO"]["profile"]["email"] = "leo.park@ours.example"
    await desk.put("Hello", member_id=twin.id)
    await desk.outbox().drain()
    assert slack.texts("U0LEO") == ["Hello"]
    async with desk.world.database.transaction() as session:
        assert (await session.get_one(Member, twin.id)).slack_user_id is None


async def test_a_pending_delivery_takes_up_a_second_one_with_its_merge_key(desk: Desk, slack: SlackDouble) -> None:
    first = await desk.put("Home", kind=DeliveryKind.HOME, merge_key="home:1")
    assert await desk.put("Home", kind=DeliveryKind.HOME, merge_key="home:1") == first
    await desk.outbox().drain()
    assert len(slack.calls_of("views.publish")) == 1


@pytest.mark.parametrize("delays", [(120, 0), (0, 120)])
async def test_a_message_that_takes_up_another_is_sent_at_the_earlier_of_their_times(
    delays: tuple[int, int], desk: Desk
) -> None:
    maya, leo = desk.world.maya.member_id, desk.world.leo.member_id
    ids = []
    for delay in delays:
        waits = {maya: timedelta(seconds=delay), leo: timedelta(seconds=120)}
        async with desk.world.database.transaction() as session:
            ids.append(await enqueue_steps(session, waits, desk.clock.now()))
    assert ids[0] == ids[1]
    assert (await desk.row(ids[0][maya])).available_at == desk.clock.now()
    assert (await desk.row(ids[0][leo])).available_at == desk.clock.now() + timedelta(seconds=120)


async def test_what_is_asked_for_while_the_first_is_under_way_is_sent_after_it(desk: Desk, slack: SlackDouble) -> None:
    first = await desk.put("Home", kind=DeliveryKind.HOME, merge_key="home:1")
    await desk.outbox().drain()
    assert await desk.put("Home", kind=DeliveryKind.HOME, merge_key="home:1") != first
    await desk.outbox().drain()
    assert len(slack.calls_of("views.publish")) == 2


async def test_a_home_tab_that_changed_meanwhile_is_built_and_published_again(desk: Desk, slack: SlackDouble) -> None:
    delivery = await desk.put("", kind=DeliveryKind.HOME, merge_key="home:1")
    slack.fail("views.publish", refused("hash_conflict"))
    outbox = desk.outbox()
    assert await outbox.drain() == {Outcome.RETRY: 1}
    desk.pass_time(seconds=2)
    assert await outbox.drain() == {Outcome.SENT: 1}
    assert (await desk.row(delivery)).status is DeliveryStatus.SENT
    assert "U0MAYA" in slack.state.homes


async def test_a_retried_redraw_gives_way_to_a_newer_one(desk: Desk, slack: SlackDouble) -> None:
    older = await desk.put("", kind=DeliveryKind.HOME, merge_key="home:1")
    await desk.change(older, status=DeliveryStatus.LEASED, lease_until=desk.clock.now(), attempts=1)
    newer = await desk.put("", kind=DeliveryKind.HOME, merge_key="home:1")
    slack.fail("views.publish", refused("hash_conflict"))
    assert await desk.outbox().drain() == {Outcome.RETRY: 1, Outcome.SENT: 1}
    assert [(await desk.row(one)).status for one in (older, newer)] == [DeliveryStatus.SENT] * 2
    assert len(slack.calls_of("views.publish")) == 2


async def test_a_posted_message_is_redrawn_in_place(desk: Desk, slack: SlackDouble) -> None:
    message_id = await post_step_message(desk)
    key = slack.messages("U0MAYA")[-1]["metadata"]
    await desk.put("", kind=DeliveryKind.REDRAW, message_id=message_id)
    assert await desk.outbox().drain() == {Outcome.SENT: 1}
    assert slack.messages("U0MAYA")[-1]["text"].startswith("redrawn at")
    assert slack.messages("U0MAYA")[-1]["metadata"] == key


async def test_redrawing_a_message_somebody_deleted_forgets_it_quietly(
    desk: Desk, slack: SlackDouble, slack_client: AsyncWebClient
) -> None:
    message_id = await post_step_message(desk)
    (row,) = await desk.posted()
    await slack_client.chat_delete(channel=row.channel, ts=row.ts)
    redraw = await desk.put("", kind=DeliveryKind.REDRAW, message_id=message_id)
    assert await desk.outbox().drain() == {Outcome.NOTHING: 1}
    assert (await desk.row(redraw)).status is DeliveryStatus.SENT
    assert await desk.posted() == []
    assert slack.texts("U0MAYA") == []


async def test_a_redraw_does_not_wait_behind_messages(desk: Desk, slack: SlackDouble) -> None:
    message_id = await post_step_message(desk)
    for number in range(3):
        await desk.put(f"message {number}", lane="D0MAYA")
    await desk.put("", kind=DeliveryKind.REDRAW, lane="D0MAYA", merge_key="redraw:1", message_id=message_id)
    draining = asyncio.create_task(desk.outbox(sleep=Slumber()).drain())  # in which the second message waits for ever
    await slack.until_called("chat.update")
    assert "message 2" not in slack.texts("U0MAYA")
    draining.cancel()


async def test_a_step_that_changed_while_its_message_was_under_way_is_redrawn(desk: Desk, slack: SlackDouble) -> None:
    _, (step,) = await desk.open_steps("one")
    changed = asyncio.Event()
    slack.fail("chat.postMessage", slow_answer(until=changed))
    await desk.put("One step", kind=DeliveryKind.STEPS, steps=[step])
    sending = asyncio.create_task(desk.outbox().drain())
    await slack.until_called("chat.postMessage")
    await desk.change_step(step)
    changed.set()
    assert await sending == {Outcome.SENT: 2}
    assert slack.texts("U0MAYA")[-1].startswith("redrawn at")


async def test_a_step_that_did_not_change_is_not_redrawn(desk: Desk, slack: SlackDouble) -> None:
    await post_step_message(desk)
    assert slack.calls_of("chat.update") == []


@pytest.mark.parametrize("channel", ["cs-escalations", "#cs-escalations", "C0CSESCALATIONS"])
async def test_a_channel_may_be_named_by_name_or_id(channel: str, desk: Desk, slack: SlackDouble) -> None:
    await desk.put("Help", channel=channel)
    await desk.outbox().drain()
    assert slack.texts("cs-escalations") == ["Help"]


async def test_every_delivery_is_sent_once_when_two_outboxes_share_a_database(desk: Desk, slack: SlackDouble) -> None:
    people = [desk.world.maya, desk.world.leo, desk.world.dana, desk.world.sam]
    for person in people:
        for number in range(5):
            await desk.put(f"message {number}", member_id=person.member_id)
    tallies = await asyncio.gather(desk.outbox().drain(), desk.outbox().drain())
    await desk.outbox().drain()
    assert sum(tallies, Counter())[Outcome.FAILED] == 0
    assert set(slack.state.accepted.values()) == {1}
    assert len(slack.state.accepted) == 20
    for person in people:
        assert slack.texts(str(person.slack_user_id)) == [f"message {number}" for number in range(5)]


async def post_step_message(desk: Desk) -> int:
    """A message with one step, posted; returns the id it is remembered under."""
    _, (step,) = await desk.open_steps("one")
    await desk.put("One step", kind=DeliveryKind.STEPS, steps=[step])
    await desk.outbox().drain()
    (row,) = await desk.posted()
    return row.id


async def add_escalation(desk: Desk, run_id: int) -> int:
    escalation = Escalation(
        account_id=desk.world.account_id,
        run_id=run_id,
        target=MemberRole.AE,
        owner_id=desk.world.leo.member_id,
        severity=Severity.HIGH,
        ask="Call them",
        created_at=desk.clock.now(),
        acknowledge_by=desk.clock.now() + timedelta(hours=1),
    )
    async with desk.world.database.transaction() as session:
        session.add(escalation)
    return escalation.id


async def forget_slack_user(desk: Desk, member_id: int) -> None:
    async with desk.world.database.transaction() as session:
        await session.exec(update(Member).where(col(Member.id) == member_id).values(slack_user_id=None))
