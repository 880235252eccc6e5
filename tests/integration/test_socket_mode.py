"""Socket Mode against a Slack that closes connections, refreshes them, refuses them and falls silent."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import httpx
import pytest
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot import socket_mode as ours
from bot.clock import FixedClock
from bot.db import Database
from bot.socket_mode import socket_mode
from bot.web import build_web_app
from tests.support.api import bare_services
from tests.support.slack_state import TEAM
from tests.support.socket_double import Connection, SocketDouble, open_sockets

PATIENCE = 20  # seconds until a test that hangs is given up


@pytest.fixture
async def sockets() -> AsyncIterator[SocketDouble]:
    async with open_sockets() as double:
        yield double


@pytest.fixture
async def slack(sockets: SocketDouble) -> AsyncIterator[AsyncApp]:
    async with aiohttp.ClientSession() as session:
        client = AsyncWebClient(token="xoxb-test", base_url=sockets.url, session=session)
        app = AsyncApp(name="Playcall", client=client, process_before_response=True)

        @app.command("/echo")
        async def echo(ack: AsyncAck, command: dict[str, str]) -> None:
            await ack(command["text"])

        yield app


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in {"PING": 0.5, "CONNECT": 0.4, "GOODBYE": 0.1}.items():
        monkeypatch.setattr(ours, f"{name}_SECONDS", seconds)
    monkeypatch.setattr(ours, "FIRST_WAIT", 0.01)


async def works(connection: Connection, text: str) -> bool:
    body = {"command": "/echo", "text": text, "team_id": TEAM, "user_id": "U0MAYA", "channel_id": "C1"}
    answer = await connection.ask(f"envelope-{text}", body)
    return answer == {"envelope_id": f"envelope-{text}", "payload": {"text": text}}


async def test_a_connection_that_slack_closes_is_replaced(sockets: SocketDouble, slack: AsyncApp) -> None:
    async with asyncio.timeout(PATIENCE), socket_mode(slack, "xapp-test"):
        first = await sockets.connections.get()
        assert await works(first, "one")
        await first.socket.close()
        second = await sockets.connections.get()
        assert await works(second, "two")
    assert first.address != second.address


async def test_a_connection_is_replaced_when_slack_asks_to_refresh_it(sockets: SocketDouble, slack: AsyncApp) -> None:
    async with asyncio.timeout(PATIENCE), socket_mode(slack, "xapp-test"):
        first = await sockets.connections.get()
        assert await works(first, "one")
        await first.socket.send_json({"type": "disconnect", "reason": "refresh_requested"})
        second = await sockets.connections.get()
        assert await works(second, "two")
        await first.over.wait()  # or Slack would send half of everything there


async def test_a_connection_that_fell_silent_is_replaced(sockets: SocketDouble, slack: AsyncApp) -> None:
    sockets.silent = True
    async with asyncio.timeout(PATIENCE), socket_mode(slack, "xapp-test"):
        first = await sockets.connections.get()
        sockets.silent = False
        assert await works(await sockets.connections.get(), "two")
        first.over.set()


async def test_an_address_is_used_once_and_another_is_asked_for(sockets: SocketDouble, slack: AsyncApp) -> None:
    """The SDK goes on with the address that was refused, which never works again."""
    sockets.refusing = 2
    async with asyncio.timeout(PATIENCE), socket_mode(slack, "xapp-test"):
        assert await works(await sockets.connections.get(), "one")
    assert len(sockets.used) >= 3
    assert len(set(sockets.used)) == len(sockets.used)


async def test_a_process_is_ready_only_while_slack_is_connected(
    sockets: SocketDouble, slack: AsyncApp, sqlite: Database, clock: FixedClock
) -> None:
    async with asyncio.timeout(PATIENCE), socket_mode(slack, "xapp-test") as socket:
        web = build_web_app(bare_services(sqlite, clock), why_deaf=socket.why_deaf)
        transport = httpx.ASGITransport(app=web)
        async with httpx.AsyncClient(transport=transport, base_url="http://playcall.test") as http:
            first = await sockets.connections.get()
            assert await works(first, "one")
            assert (await http.get("/readyz")).status_code == 200
            sockets.refusing = 1_000
            await first.socket.close()
            while (answer := await http.get("/readyz")).status_code == 200:
                pass
            assert (answer.status_code, "Socket Mode" in answer.json()["reason"]) == (503, True)
            sockets.refusing = 0
            assert await works(await sockets.connections.get(), "two")
            assert (await http.get("/readyz")).status_code == 200


async def test_two_that_want_to_connect_at_once_share_one_connection(sockets: SocketDouble, slack: AsyncApp) -> None:
    socket = ours.Socket(slack, "xapp-test")
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(socket.connect(), socket.connect())
        assert await works(await sockets.connections.get(), "one")
        assert sockets.connections.empty()
        await socket.close()


async def test_a_silent_connection_does_not_hold_up_the_end(sockets: SocketDouble, slack: AsyncApp) -> None:
    """A platform kills after ten seconds, which is what the other side is given to answer otherwise."""
    sockets.silent = True
    async with asyncio.timeout(PATIENCE):
        socket = ours.Socket(slack, "xapp-test")
        await socket.connect()
        connection = await sockets.connections.get()
        async with asyncio.timeout(9):
            await socket.close()
        connection.over.set()
