"""Requests that are not Slack's, not recent, not whole or too long; and the two addresses a platform asks."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from urllib.parse import urlencode

import pytest

from bot import migrating, web
from bot.db import Database
from bot.web import BODY_LIMIT
from handlers import table
from handlers.call import CommandCall
from tests.support.workspace import SECRET, Workspace, signed_headers, slack_id

FORM = "application/x-www-form-urlencoded"


@pytest.fixture(autouse=True)
def echo(monkeypatch: pytest.MonkeyPatch) -> None:
    async def handle_echo(call: CommandCall) -> None:
        await call.say(f"{call.actor.name} said {call.text}")

    monkeypatch.setattr(table, "COMMANDS", {**table.COMMANDS, "/echo": handle_echo})


def command(text: str = "hello") -> str:
    return urlencode(
        {"command": "/echo", "text": text, "user_id": slack_id("maya"), "team_id": "T0OURS", "channel_id": "C1"}
    )


@pytest.fixture
async def ready(echo: None, ws: Workspace) -> Workspace:  # noqa: ARG001  # the listener comes first
    await ws.people()
    return ws


async def test_a_signed_command_is_answered(ready: Workspace) -> None:
    assert (await ready.command("maya", "/echo", "hello"))["text"] == "Maya Lindt said hello"


async def test_a_stranger_is_politely_refused(ready: Workspace) -> None:
    assert "members of the customer team" in (await ready.command("mallory", "/echo", "hello"))["text"]


async def test_a_request_signed_with_another_secret_is_refused(ready: Workspace) -> None:
    response = await ready.post(command(), FORM, secret="somebody-else")
    assert response.status_code == 401
    assert "signature" in response.json()["error"]


async def test_a_request_replayed_after_six_minutes_is_refused(ready: Workspace) -> None:
    assert (await ready.post(command(), FORM, at=time.time() - 360)).status_code == 401


@pytest.mark.parametrize("body", [command(), json.dumps({"type": "event_callback"})], ids=["form", "json"])
async def test_a_truncated_body_is_refused(ready: Workspace, body: str) -> None:
    whole = await _signed_headers(ready, body)
    response = await ready.http.post("/slack/events", content=body[:-9], headers=whole)
    assert response.status_code == 401


@pytest.mark.parametrize(
    "change",
    [
        {"x-slack-request-timestamp": "yesterday"},
        {"x-slack-signature": "v0=\u00fc\u00fc"},
        {"x-slack-signature": ""},
        {"x-slack-request-timestamp": ""},
    ],
)
async def test_a_signature_that_is_none_is_refused(ready: Workspace, change: dict[str, str]) -> None:
    headers = {**await _signed_headers(ready, command()), **change}
    encoded = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    response = await ready.http.post("/slack/events", content=command(), headers=encoded)
    assert response.status_code == 401


async def test_bytes_that_are_not_text_are_refused(ready: Workspace) -> None:
    headers = await _signed_headers(ready, command())
    assert (await ready.http.post("/slack/events", content=b"\xff\xfe{", headers=headers)).status_code == 401


async def test_a_body_beyond_the_limit_is_refused_with_a_sentence(ready: Workspace) -> None:
    response = await ready.post("text=" + "x" * BODY_LIMIT, FORM)
    assert response.status_code == 413
    assert "1 MB" in response.json()["detail"]


async def test_a_body_that_hides_its_length_is_refused_too(ready: Workspace) -> None:
    async def drops() -> AsyncIterator[bytes]:
        for _ in range(11):
            yield b"x" * (BODY_LIMIT // 10)

    assert (await ready.http.post("/slack/events", content=drops())).status_code == 413


async def test_slack_can_verify_the_address(ws: Workspace) -> None:
    response = await ws.post(json.dumps({"type": "url_verification", "challenge": "abc"}), "application/json")
    assert response.json() == {"challenge": "abc"}


async def test_a_process_with_a_migrated_database_is_alive_and_ready(ws_on_both: Workspace) -> None:
    assert (await ws_on_both.http.get("/healthz")).status_code == 200
    assert (await ws_on_both.http.get("/readyz")).json() == {"status": "ready"}


async def test_a_process_whose_database_is_not_migrated_is_alive_and_not_ready(ws_on_both: Workspace) -> None:
    async with ws_on_both.services.database.engine.begin() as connection:
        await connection.run_sync(migrating.downgrade, "base")
    assert (await ws_on_both.http.get("/healthz")).status_code == 200
    response = await ws_on_both.http.get("/readyz")
    assert response.status_code == 503
    assert "playcall migrate" in response.json()["reason"]


async def test_a_process_whose_database_hangs_is_not_ready(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    async def hang(_: Database) -> bool:
        await asyncio.Event().wait()
        return True

    monkeypatch.setattr(web, "is_current", hang)
    monkeypatch.setattr(web, "SECONDS_TO_ANSWER", 0.01)
    response = await ws.http.get("/readyz")
    assert (response.status_code, "has not answered" in response.json()["reason"]) == (503, True)


async def _signed_headers(ws: Workspace, body: str) -> dict[str, str]:
    """The headers of a request that was accepted."""
    sent = signed_headers(body, FORM, SECRET, time.time())
    assert (await ws.http.post("/slack/events", content=body, headers=sent)).status_code != 401
    return sent
