"""The calls to Slack that delivering needs. Its errors leave here as RateLimited, Refused or NoAnswer."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.clock import Clock
from bot.delivery.outgoing import PostMessage, PublishHome, UpdateMessage
from bot.delivery.pacing import Pacing
from bot.delivery.refusals import NoAnswer, RateLimited, trouble_from

EVENT_TYPE = "playcall_delivery"
POST = "chat.postMessage"


@dataclass(frozen=True, slots=True)
class Posted:
    channel: str
    ts: str


def without_retries(client: AsyncWebClient) -> AsyncWebClient:
    """The same connection to Slack, but every call is made once: a repeated chat.postMessage whose first answer got
    lost would be a second message. The outbox decides what is repeated, and looks first."""
    return AsyncWebClient(
        token=client.token,
        base_url=client.base_url,
        session=client.session,
        proxy=client.proxy,
        ssl=client.ssl,
        retry_handlers=[],
    )


class WebApi:
    def __init__(self, client: AsyncWebClient, pacing: Pacing, clock: Clock, timeout: float) -> None:
        self._client = without_retries(client)
        self._pacing = pacing
        self._clock = clock
        self._timeout = timeout

    async def post(self, channel: str, message: PostMessage, key: str) -> Posted:
        """Post a message that carries the delivery's key. Pacing is the caller's part."""
        answer = await self._call(
            POST,
            lambda: self._client.chat_postMessage(
                channel=channel,
                text=message.text,
                blocks=message.blocks or None,
                thread_ts=message.thread_ts,
                metadata={"event_type": EVENT_TYPE, "event_payload": {"delivery": key}},
                unfurl_links=False,
                unfurl_media=False,
            ),
        )
        return Posted(answer["channel"], answer["ts"])

    async def update(self, message: UpdateMessage) -> None:
        await self._ask(
            "chat.update",
            lambda: self._client.chat_update(
                channel=message.channel, ts=message.ts, text=message.text, blocks=message.blocks
            ),
        )

    async def publish(self, home: PublishHome) -> None:
        await self._ask("views.publish", lambda: self._client.views_publish(user_id=home.slack_user_id, view=home.view))

    async def open_conversation(self, slack_user_id: str) -> str:
        """The id of the direct message channel with a user."""
        answer = await self._ask("conversations.open", lambda: self._client.conversations_open(users=slack_user_id))
        return str(answer["channel"]["id"])

    async def user_id_of(self, email: str) -> str:
        answer = await self._ask("users.lookupByEmail", lambda: self._client.users_lookupByEmail(email=email))
        return str(answer["user"]["id"])

    async def channels(self, cursor: str) -> tuple[list[dict[str, Any]], str]:
        """A page of the workspace's channels, and the cursor of the next one ("" at the end)."""
        answer = await self._ask(
            "conversations.list",
            lambda: self._client.conversations_list(
                limit=200, cursor=cursor, exclude_archived=True, types="public_channel,private_channel"
            ),
        )
        return answer["channels"], _next_cursor(answer)

    async def messages(self, channel: str, thread_ts: str | None, cursor: str) -> tuple[list[dict[str, Any]], str]:
        """A page of a channel's messages, newest first, or of a thread's, oldest first; and the next cursor."""
        if thread_ts:
            answer = await self._ask(
                "conversations.replies",
                lambda: self._client.conversations_replies(
                    channel=channel, ts=thread_ts, cursor=cursor, limit=200, include_all_metadata=True
                ),
            )
        else:
            answer = await self._ask(
                "conversations.history",
                lambda: self._client.conversations_history(
                    channel=channel, cursor=cursor, limit=200, include_all_metadata=True
                ),
            )
        return answer["messages"], _next_cursor(answer)

    async def _ask(self, method: str, call: Callable[[], Awaitable[AsyncSlackResponse]]) -> AsyncSlackResponse:
        """Call a method, unless Slack has asked (any process of ours) to leave it alone for now."""
        if until := await self._pacing.held_until(method):
            raise RateLimited(method, (until - self._clock.now()).total_seconds())
        return await self._call(method, call)

    async def _call(self, method: str, call: Callable[[], Awaitable[AsyncSlackResponse]]) -> AsyncSlackResponse:
        try:
            async with asyncio.timeout(self._timeout):  # the session's own timeout is far longer than a lease
                return await call()
        except SlackApiError as error:
            raise trouble_from(method, error) from error
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise NoAnswer(method, type(error).__name__) from error


def _next_cursor(answer: AsyncSlackResponse) -> str:
    metadata = answer.get("response_metadata") or {}
    return str(metadata.get("next_cursor") or "")
