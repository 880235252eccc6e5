"""Slack over a web socket that we open: no public address is needed.

The SDK reconnects when it notices a loss. A connection can also go silent without that: the watch here listens for the
answers to the SDK's pings and opens a new connection when none came for a while.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import aiohttp
import structlog
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.aiohttp import SocketModeClient

from bot.errors import ConfigurationError

log = structlog.get_logger(__name__)

PING_SECONDS = 10.0
SILENCE_SECONDS = 6 * PING_SECONDS  # beyond the four after which the SDK acts by itself
RECONNECT_SECONDS = 30.0
REFUSED = frozenset({"invalid_auth", "not_authed", "account_inactive", "token_revoked", "not_allowed_token_type"})


@asynccontextmanager
async def socket_mode(slack: AsyncApp, app_token: str) -> AsyncIterator[None]:
    """Receive Slack's requests over Socket Mode for as long as the block runs."""
    handler = AsyncSocketModeHandler(slack, app_token, ping_interval=PING_SECONDS)
    try:
        await _require_valid_token(handler.client)
        connecting = asyncio.create_task(_stay_connected(handler.client))
        yield
        connecting.cancel()
        with suppress(asyncio.CancelledError):
            await connecting
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]  # theirs


async def _require_valid_token(client: SocketModeClient) -> None:
    """The SDK would go on trying with a token that Slack refuses; anything else it is right to try again."""
    try:
        client.wss_uri = await client.issue_new_wss_url()
    except SlackApiError as error:
        if error.response.get("error") in REFUSED:
            raise ConfigurationError(
                "Slack refuses SLACK_APP_TOKEN. Make one with the scope connections:write at api.slack.com/apps, "
                "your app, Basic Information > App-Level Tokens."
            ) from error
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        log.warning("socket_mode_unreachable", error=str(error))


async def _stay_connected(client: SocketModeClient) -> None:
    await client.connect()  # type: ignore[no-untyped-call]  # theirs
    log.info("socket_mode_connected")
    await reconnect_when_silent(client)


async def reconnect_when_silent(client: SocketModeClient, every: float = PING_SECONDS) -> None:
    """Look at the connection every so many seconds, without end."""
    connected_at = time.time()
    while True:
        await asyncio.sleep(every)
        if is_silent(client.last_ping_pong_time, connected_at, time.time()):
            log.warning("socket_mode_silent", seconds=SILENCE_SECONDS)
            await _reconnect(client)
            connected_at = time.time()


def is_silent(last_pong: float | None, connected_at: float, now: float) -> bool:
    """Whether nothing was heard for too long. Times are seconds; None: nothing was heard yet."""
    return now - max(last_pong or 0, connected_at) > SILENCE_SECONDS


async def _reconnect(client: SocketModeClient) -> None:
    try:
        async with asyncio.timeout(RECONNECT_SECONDS):
            await client.connect_to_new_endpoint(force=True)
    except (aiohttp.ClientError, OSError, TimeoutError, SlackApiError) as error:
        log.warning("socket_mode_reconnect_failed", error=str(error))
