"""The web and worker processes as a platform runs them: started, asked for their state, stopped with SIGTERM."""

import asyncio
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from bot.db import Database
from bot.settings import ROOT
from tests.support.slack_double import TOKEN, SlackDouble

PATIENCE = 60  # seconds; a start takes two and a stop less, on a busy machine several times that


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number: int = taken.getsockname()[1]
    return number


@asynccontextmanager
async def playcall(
    command: str, database: Database, slack: SlackDouble, directory: Path, port: int
) -> AsyncIterator[Process]:
    """`playcall COMMAND` in a process of its own. It is gone when the block ends."""
    variables = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "DATABASE_URL": database.url.render_as_string(hide_password=False),
        "SLACK_BOT_TOKEN": TOKEN,
        "SLACK_SIGNING_SECRET": "a-signing-secret",
        "SLACK_API_URL": slack.url,
        "PORT": str(port),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot.cli", command, env=variables, cwd=directory, stdout=PIPE, stderr=PIPE
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def lines_until(process: Process, words: str) -> list[str]:
    """What the process logs, up to the line with these words."""
    assert process.stderr
    lines: list[str] = []
    async with asyncio.timeout(PATIENCE):
        while not lines or words not in lines[-1]:
            line = await process.stderr.readline()
            assert line, f"it ended before saying {words!r}: {lines}"
            lines.append(line.decode())
    return lines


async def stopped(process: Process) -> int:
    process.send_signal(signal.SIGTERM)
    async with asyncio.timeout(PATIENCE):
        return await process.wait()


async def test_web_answers_and_stops_on_sigterm(
    sqlite: Database, slack: SlackDouble, tmp_path: Path, port: int
) -> None:
    async with playcall("serve", sqlite, slack, tmp_path, port) as process:
        await lines_until(process, "web_started")
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
            async with asyncio.timeout(PATIENCE):
                assert (await http.get("/readyz")).json() == {"status": "ready"}
            assert (await http.post("/slack/events", content="{}")).status_code == 401
        assert await stopped(process) == 0


async def test_web_says_when_its_port_is_taken(sqlite: Database, slack: SlackDouble, tmp_path: Path, port: int) -> None:
    with socket.create_server(("", port)):
        async with playcall("serve", sqlite, slack, tmp_path, port) as process:
            _, errors = await process.communicate()
    assert process.returncode == 1
    assert f"Port {port} cannot be used" in errors.decode().splitlines()[-1]


async def test_the_worker_starts_and_stops_on_sigterm(
    sqlite: Database, slack: SlackDouble, tmp_path: Path, port: int
) -> None:
    async with playcall("worker", sqlite, slack, tmp_path, port) as process:
        await lines_until(process, "worker_started")
        assert await stopped(process) == 0
