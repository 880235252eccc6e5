"""The double is as strict as Slack: what a test may rely on."""

from datetime import timedelta

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.clock import FixedClock
from tests.support.outboxes import section
from tests.support.slack_double import SlackDouble, answer_lost

MODAL = {"type": "modal", "title": {"type": "plain_text", "text": "Note"}, "blocks": section("Hello")}
HOME = {"type": "home", "blocks": section("Hello")}
KEY = {"event_type": "playcall_delivery", "event_payload": {"delivery": "k1"}}


def code(raised: pytest.ExceptionInfo[SlackApiError]) -> str:
    return str(raised.value.response["error"])


async def test_it_knows_its_bot(slack_client: AsyncWebClient) -> None:
    assert (await slack_client.auth_test())["team_id"] == "T0OURS"


async def test_a_wrong_token_is_refused(slack: SlackDouble) -> None:
    async with aiohttp.ClientSession() as session:
        stranger = AsyncWebClient(token="xoxb-wrong", base_url=slack.url, session=session)
        with pytest.raises(SlackApiError) as raised:
            await stranger.auth_test()
    assert code(raised) == "invalid_auth"


async def test_a_second_message_within_a_second_is_refused_with_the_time_to_wait(
    slack_client: AsyncWebClient, clock: FixedClock
) -> None:
    slack_client.retry_handlers = []
    await slack_client.chat_postMessage(channel="general", text="one")
    with pytest.raises(SlackApiError) as raised:
        await slack_client.chat_postMessage(channel="general", text="two")
    assert raised.value.response.status_code == 429
    assert raised.value.response.headers["Retry-After"] == "1"
    clock.set(clock.now() + timedelta(seconds=1))
    await slack_client.chat_postMessage(channel="general", text="two")


async def test_the_workspace_has_a_cap(slack: SlackDouble, slack_client: AsyncWebClient) -> None:
    slack.state.messages_per_minute = 2
    for channel in ("general", "cs-leaders"):
        await slack_client.chat_postMessage(channel=channel, text="one")
    with pytest.raises(SlackApiError) as raised:
        await slack_client.chat_postMessage(channel="cs-escalations", text="one")
    assert code(raised) == "ratelimited"


async def test_a_method_may_be_called_as_often_in_a_minute_as_its_tier_says(
    slack_client: AsyncWebClient, clock: FixedClock
) -> None:
    slack_client.retry_handlers = []
    for _ in range(20):
        await slack_client.users_list()
    with pytest.raises(SlackApiError) as raised:
        await slack_client.users_list()
    assert raised.value.response.headers["Retry-After"] == "60"
    await slack_client.users_info(user="U0MAYA")  # a method of its own
    clock.set(clock.now() + timedelta(seconds=60))
    await slack_client.users_list()


@pytest.mark.parametrize("payload", [{"delivery": {"key": "k1"}}, None])
async def test_metadata_are_flat(slack_client: AsyncWebClient, payload: object) -> None:
    with pytest.raises(SlackApiError) as raised:
        await slack_client.chat_postMessage(
            channel="general", text="one", metadata={"event_type": "playcall_delivery", "event_payload": payload}
        )
    assert code(raised) == "invalid_metadata_format"


async def test_what_goes_to_a_response_url_has_the_same_limits(slack: SlackDouble) -> None:
    async with aiohttp.ClientSession() as session:
        answer = await session.post(slack.response_url, json={"text": "x", "blocks": section("x" * 3001)})
    assert (await answer.json())["error"] == "invalid_blocks"


async def test_a_payload_over_a_limit_is_refused_with_its_place(slack_client: AsyncWebClient) -> None:
    with pytest.raises(SlackApiError) as raised:
        await slack_client.chat_postMessage(channel="general", text="x", blocks=section("x" * 3001))
    assert code(raised) == "invalid_blocks"
    assert raised.value.response["response_metadata"]["messages"] == ["blocks[0].text: 3001 characters, at most 3000"]


async def test_metadata_is_kept_by_an_update_and_shown_when_asked_for(slack_client: AsyncWebClient) -> None:
    posted = await slack_client.chat_postMessage(channel="general", text="one", metadata=KEY)
    await slack_client.chat_update(channel=posted["channel"], ts=posted["ts"], text="two")
    asked = await slack_client.conversations_history(channel=posted["channel"], include_all_metadata=True)
    unasked = await slack_client.conversations_history(channel=posted["channel"])
    assert [(one["text"], one["metadata"]) for one in asked["messages"]] == [("two", KEY)]
    assert "metadata" not in unasked["messages"][0]


async def test_replies_are_in_their_thread_and_not_in_the_history(
    slack_client: AsyncWebClient, clock: FixedClock
) -> None:
    parent = await slack_client.chat_postMessage(channel="general", text="parent")
    clock.set(clock.now() + timedelta(seconds=1))
    await slack_client.chat_postMessage(channel="general", text="reply", thread_ts=parent["ts"])
    history = await slack_client.conversations_history(channel="general")
    thread = await slack_client.conversations_replies(channel="general", ts=parent["ts"])
    assert [one["text"] for one in history["messages"]] == ["parent"]
    assert [one["text"] for one in thread["messages"]] == ["parent", "reply"]


async def test_a_list_comes_in_pages(slack_client: AsyncWebClient) -> None:
    first = await slack_client.users_list(limit=3)
    rest = await slack_client.users_list(limit=3, cursor=first["response_metadata"]["next_cursor"])
    names = [user["name"] for user in first["members"] + rest["members"]]
    assert names == ["maya", "leo", "dana", "sam", "eve"]
    assert rest["response_metadata"]["next_cursor"] == ""


async def test_a_trigger_opens_one_modal_within_three_seconds(
    slack: SlackDouble, slack_client: AsyncWebClient, clock: FixedClock
) -> None:
    trigger, late = slack.state.new_trigger(), slack.state.new_trigger()
    await slack_client.views_open(trigger_id=trigger, view=MODAL)
    clock.set(clock.now() + timedelta(seconds=4))
    for spent, expected in (
        (trigger, "exchanged_trigger_id"),
        (late, "expired_trigger_id"),
        ("made-up", "invalid_trigger_id"),
    ):
        with pytest.raises(SlackApiError) as raised:
            await slack_client.views_open(trigger_id=spent, view=MODAL)
        assert code(raised) == expected


async def test_three_modals_lie_on_top_of_each_other_at_most(slack: SlackDouble, slack_client: AsyncWebClient) -> None:
    await slack_client.views_open(trigger_id=slack.state.new_trigger(), view=MODAL)
    for _ in range(2):
        await slack_client.views_push(trigger_id=slack.state.new_trigger(), view=MODAL)
    with pytest.raises(SlackApiError) as raised:
        await slack_client.views_push(trigger_id=slack.state.new_trigger(), view=MODAL)
    assert code(raised) == "push_limit_reached"


async def test_a_stale_hash_is_a_conflict(slack_client: AsyncWebClient) -> None:
    first = await slack_client.views_publish(user_id="U0MAYA", view=HOME)
    await slack_client.views_publish(user_id="U0MAYA", view=HOME, hash=first["view"]["hash"])
    with pytest.raises(SlackApiError) as raised:
        await slack_client.views_publish(user_id="U0MAYA", view=HOME, hash=first["view"]["hash"])
    assert code(raised) == "hash_conflict"


async def test_a_response_url_works_five_times_within_half_an_hour(slack: SlackDouble, clock: FixedClock) -> None:
    address, later = slack.response_url, slack.response_url
    async with aiohttp.ClientSession() as session:
        statuses = [(await session.post(address, json={"text": "Hello"})).status for _ in range(6)]
        clock.set(clock.now() + timedelta(minutes=31))
        statuses.append((await session.post(later, json={"text": "Hello"})).status)
    assert statuses == [200] * 5 + [404] * 2


@pytest.mark.parametrize(
    ("channel", "expected"),
    [
        ("nowhere", "channel_not_found"),
        ("away", "not_in_channel"),
        ("old", "is_archived"),
        ("U0GONE", "account_inactive"),
    ],
)
async def test_a_place_nobody_can_post_to_says_so(
    channel: str, expected: str, slack: SlackDouble, slack_client: AsyncWebClient
) -> None:
    slack.state.add_channel("away", bot_is_in=False)
    slack.state.add_channel("old", archived=True)
    slack.state.add_person("gone", deleted=True)
    with pytest.raises(SlackApiError) as raised:
        await slack_client.chat_postMessage(channel=channel, text="Hello")
    assert code(raised) == expected


async def test_what_is_accepted_is_counted_even_when_its_answer_gets_lost(
    slack: SlackDouble, slack_client: AsyncWebClient
) -> None:
    slack_client.retry_handlers = []
    slack.fail("chat.postMessage", answer_lost())
    with pytest.raises(aiohttp.ClientError):
        await slack_client.chat_postMessage(channel="general", text="Hello", metadata=KEY)
    assert slack.state.accepted == {"k1": 1}
    assert slack.texts("general") == ["Hello"]
