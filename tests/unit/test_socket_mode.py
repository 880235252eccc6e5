import asyncio
import itertools
from types import SimpleNamespace
from typing import cast

import pytest
from slack_sdk.socket_mode.aiohttp import SocketModeClient

from bot.socket_mode import SILENCE_SECONDS, is_silent, reconnect_when_silent

START = 1_000_000.0


@pytest.mark.parametrize(
    ("last_pong", "now", "silent"),
    [
        (None, START + SILENCE_SECONDS - 1, False),
        (None, START + SILENCE_SECONDS + 1, True),
        (START + 50, START + SILENCE_SECONDS + 1, False),
        (START - 500, START + 1, False),  # of the connection before this one
        (START + 50, START + SILENCE_SECONDS + 51, True),
    ],
)
def test_a_connection_is_silent_when_nothing_was_heard_for_too_long(
    last_pong: float | None, now: float, silent: bool
) -> None:
    assert is_silent(last_pong, START, now) is silent


class SilentClient:
    """A connection that says it is there and never answers."""

    def __init__(self) -> None:
        self.last_ping_pong_time: float | None = None
        self.reconnected = asyncio.Event()
        self.failures = 1

    async def connect_to_new_endpoint(self, force: bool = False) -> None:
        assert force, "the SDK believes that the connection is fine"
        if self.failures:
            self.failures -= 1
            raise ConnectionError("no network")
        self.reconnected.set()


async def test_a_silent_connection_is_replaced_even_when_the_first_try_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    client, passing = SilentClient(), itertools.count(START, 2 * SILENCE_SECONDS)
    monkeypatch.setattr("bot.socket_mode.time", SimpleNamespace(time=lambda: next(passing)))
    watching = asyncio.create_task(reconnect_when_silent(cast("SocketModeClient", client), every=0))
    try:
        async with asyncio.timeout(5):
            await client.reconnected.wait()
    finally:
        watching.cancel()
