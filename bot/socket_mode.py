"""Slack over a web socket that we open: no public address is needed.

The SDK opens a new connection when Slack closes the old one, says that it will, or answers no pings. What it leaves us:

- It tries one address for ever. Slack's are good for one connection, and for a short time.
- Two connections may be opened at once, of which one is forgotten, while Slack goes on sending to it.
- Closing a connection that has gone silent takes ten seconds, which is all that a platform gives a process to stop.
- A connection can be silent without its noticing.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial

import aiohttp
import structlog
from slack_bolt.adapter.socket_mode.async_internals import run_async_bolt_app, send_async_response
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

from bot.errors import ConfigurationError

log = structlog.get_logger(__name__)

PING_SECONDS = 10.0
SILENCE_SECONDS = 6 * PING_SECONDS  # beyond the four after which the SDK acts by itself
CONNECT_SECONDS = 5.0  # shorter than the SDK's wait before it tries the same address again
GOODBYE_SECONDS = 1.0  # for the other side to say goodbye, too
FIRST_WAIT, LONGEST_WAIT = 1.0, 30.0  # seconds between two addresses
REFUSED = frozenset({"invalid_auth", "not_authed", "account_inactive", "token_revoked", "not_allowed_token_type"})


class Socket(SocketModeClient):
    """The SDK's client, with a fresh address for every try, and one try at a time."""

    def __init__(self, slack: AsyncApp, app_token: str) -> None:
        super().__init__(app_token, logger=slack.logger, web_client=slack.client, ping_interval=PING_SECONDS)
        self.socket_mode_request_listeners.append(partial(_answer, slack))
        self._connecting = asyncio.Lock()

    async def connect(self) -> None:
        """Return when there is a connection that was not there before, however long that takes."""
        before = self.current_session
        async with self._connecting:
            if self.current_session is before:
                await self._replace_session()

    async def _replace_session(self) -> None:
        await self._say_goodbye()
        wait = FIRST_WAIT
        while not self.closed and not await self._try_fresh_address():
            await asyncio.sleep(wait)
            wait = min(2 * wait, LONGEST_WAIT)

    async def _try_fresh_address(self) -> bool:
        try:
            if self.wss_uri is None:
                self.wss_uri = await self.issue_new_wss_url()
            async with asyncio.timeout(CONNECT_SECONDS):
                await super().connect()  # type: ignore[no-untyped-call]  # theirs
        except (aiohttp.ClientError, OSError, TimeoutError, SlackApiError) as error:
            log.warning("socket_mode_connect_failed", error=str(error) or type(error).__name__)
            return False
        finally:
            self.wss_uri = None
        return True

    async def why_deaf(self) -> str | None:
        """Why nothing of Slack's is heard just now, as a sentence; None when it is."""
        return None if await self.is_connected() else "There is no connection to Slack over Socket Mode just now."

    async def close(self) -> None:
        self.closed = True
        await self._say_goodbye()
        await super().close()  # type: ignore[no-untyped-call]  # theirs

    async def _say_goodbye(self) -> None:
        if self.current_session is not None:
            with suppress(aiohttp.ClientError, OSError, TimeoutError):
                async with asyncio.timeout(GOODBYE_SECONDS):
                    await self.current_session.close()


async def _answer(slack: AsyncApp, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
    began = time.time()
    response = await run_async_bolt_app(slack, request)
    await send_async_response(client, request, response, began)


@asynccontextmanager
async def socket_mode(slack: AsyncApp, app_token: str) -> AsyncIterator[Socket]:
    """Receive Slack's requests over Socket Mode for as long as the block runs."""
    client = Socket(slack, app_token)
    try:
        await _require_valid_token(client)
        connecting = asyncio.create_task(_stay_connected(client))
        yield client
        connecting.cancel()
        with suppress(asyncio.CancelledError):
            await connecting
    finally:
        await client.close()


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
        await client.connect_to_new_endpoint(force=True)
    except (aiohttp.ClientError, OSError, TimeoutError, SlackApiError) as error:
        log.warning("socket_mode_reconnect_failed", error=str(error))
