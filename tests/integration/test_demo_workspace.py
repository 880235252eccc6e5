"""What may be on the demo's port already. The demo workspace itself is met in the end-to-end tests."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from bot.demo.executable import DemoUnavailable
from bot.demo.people import TEAM_ID
from bot.demo.workspace import configuration, require_place


@pytest.fixture(autouse=True)
def _no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.demo.workspace.RELEASE_SECONDS", 0.2)


async def serve(team: str, *, connected: bool) -> tuple[web.AppRunner, int]:
    """A server that says of itself what local-slack says."""

    async def page(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"state": {"workspace": {"teamId": team}, "apps": [{"connected": connected}]}})
        return socket

    app = web.Application()
    app.router.add_get("/ui", page)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "localhost", 0)
    await site.start()
    port: int = runner.addresses[0][1]
    return runner, port


@pytest.fixture
async def stranger() -> AsyncIterator[int]:
    """A port on which something listens that is no demo."""
    server = await asyncio.start_server(lambda _, writer: writer.close(), "localhost", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


async def test_port_of_another_program_is_said_in_one_sentence(stranger: int, tmp_path: Path) -> None:
    with pytest.raises(DemoUnavailable, match=f"Port {stranger} is taken.*--port {stranger + 1}"):
        await require_place(stranger, tmp_path)


async def test_local_slack_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    runner, port = await serve("T0OTHER", connected=False)
    with pytest.raises(DemoUnavailable, match="is taken"):
        await require_place(port, tmp_path)
    await runner.cleanup()


async def test_workspace_that_a_killed_bot_left_behind_is_taken_over(tmp_path: Path) -> None:
    runner, port = await serve(TEAM_ID, connected=False)
    (tmp_path / "workspace.json").write_text(json.dumps({"pid": 1, "port": port}))
    workspace = await require_place(port, tmp_path)
    assert workspace
    assert workspace.taken_over
    await runner.cleanup()


async def test_workspace_of_another_directory_is_not_taken_over(tmp_path: Path) -> None:
    runner, port = await serve(TEAM_ID, connected=False)
    with pytest.raises(DemoUnavailable, match="is taken"):
        await require_place(port, tmp_path)
    await runner.cleanup()


@pytest.mark.parametrize("asked_for", ["the same port", "another port"])
async def test_running_demo_is_pointed_at(asked_for: str, tmp_path: Path) -> None:
    runner, port = await serve(TEAM_ID, connected=True)
    (tmp_path / "workspace.json").write_text(json.dumps({"pid": 1, "port": port}))
    with pytest.raises(DemoUnavailable, match=f"already running: open http://localhost:{port}"):
        await require_place(port if asked_for == "the same port" else port + 1, tmp_path)
    await runner.cleanup()


async def test_free_port_is_free(tmp_path: Path) -> None:
    (tmp_path / "workspace.json").write_text("not json")
    runner, port = await serve(TEAM_ID, connected=True)
    await runner.cleanup()
    assert await require_place(port, tmp_path) is None


def test_everybody_can_be_reached_in_the_workspace() -> None:
    written = configuration()
    ids = [thing["id"] for kind in ("users", "channels") for thing in written[kind]]
    assert len(ids) == len(set(ids))
    assert all(app["botUserId"] in channel["members"] for app in written["apps"] for channel in written["channels"])
