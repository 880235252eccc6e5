"""The demo workspace: a local-slack process beside the bot, its configuration, and whether one is there already.

A bot that is killed leaves its workspace running, with everything that was posted in it. The next start on the same
directory and port takes it over instead of complaining that the port is taken.
"""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from bot.demo.executable import DemoUnavailable
from bot.demo.people import (
    APP_ID,
    APP_TOKEN,
    BOT_TOKEN,
    BOT_USER_ID,
    CHANNELS,
    PEOPLE,
    SIGNING_SECRET,
    TEAM_ID,
    channel_id,
    direct_channel_id,
)

START_SECONDS = 20
RELEASE_SECONDS = 3  # how long a workspace may take to notice that its bot is gone
STOP_SECONDS = 5
GLANCE = aiohttp.ClientTimeout(total=2)


class Occupant(StrEnum):
    """What listens on a port."""

    NOBODY = "nobody"
    IDLE = "idle"  # a demo workspace without a bot
    BUSY = "busy"  # a demo workspace with its bot
    STRANGER = "stranger"


class Workspace:
    """A running workspace. `process` is None when it was taken over from a bot that was killed."""

    def __init__(self, port: int, pid: int, process: Process | None) -> None:
        self.port = port
        self.address = f"http://localhost:{port}"
        self.api = f"{self.address}/api/"
        self.taken_over = process is None
        self._pid = pid
        self._process = process

    async def ended(self) -> None:
        """Return when the workspace is gone."""
        if self._process:
            await self._process.wait()
            return
        while await _listens(self.port):  # noqa: ASYNC110  # somebody else's process tells us nothing
            await asyncio.sleep(0.2)

    async def stop(self) -> None:
        """End it, gently at first."""
        for sign in (signal.SIGTERM, getattr(signal, "SIGKILL", signal.SIGTERM)):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(self._pid, sign)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.ended(), STOP_SECONDS)
                return


def configuration() -> dict[str, Any]:
    """What local-slack 0.1.8 reads from its file."""
    everyone = [*(person.slack_user_id for person in PEOPLE), BOT_USER_ID]
    app = {
        "appId": APP_ID,
        "botUserId": BOT_USER_ID,
        "botName": "Playcall",
        "botToken": BOT_TOKEN,
        "appToken": APP_TOKEN,
        "signingSecret": SIGNING_SECRET,
        "mode": "socket",
    }
    users = [{"id": p.slack_user_id, "name": p.handle, "real_name": p.name, "email": p.email} for p in PEOPLE]
    channels: list[dict[str, Any]] = [
        {"id": channel_id(name), "name": name, "purpose": purpose, "members": everyone}
        for name, purpose in CHANNELS.items()
    ]
    channels += [
        {
            "id": direct_channel_id(person),
            "name": f"dm-{person.handle}",
            "is_channel": False,
            "is_private": True,
            "is_im": True,
            "members": [person.slack_user_id, BOT_USER_ID],
        }
        for person in PEOPLE
    ]
    workspace = {"name": "Northwind Cloud", "domain": "northwind", "teamId": TEAM_ID}
    return {"workspace": workspace, "apps": [app], "users": users, "channels": channels}


@asynccontextmanager
async def open_workspace(executable: Path, port: int, directory: Path) -> AsyncIterator[Workspace]:
    """A workspace that answers on `port`; it is stopped at the end. Raises DemoUnavailable when the port is taken."""
    workspace = await require_place(port, directory)
    if workspace is None:
        process = await _start(executable, port, directory)
        workspace = Workspace(port, process.pid, process)
        _record(directory).write_text(json.dumps({"pid": process.pid, "port": port}))
    try:
        yield workspace
    finally:
        await workspace.stop()
        _record(directory).unlink(missing_ok=True)


async def require_place(port: int, directory: Path) -> Workspace | None:
    """Whether a demo may start here: None when the port is free, or the workspace of this directory that is left over.

    Raises DemoUnavailable when a demo runs on this port or with this directory already, or the port is another's.
    """
    left_over = _left_over(directory)
    if left_over and left_over.port != port:
        occupant = await _settled_occupant(left_over.port)
        if occupant is Occupant.BUSY:
            raise DemoUnavailable(_running(left_over.port))
        if occupant is Occupant.IDLE:
            await left_over.stop()
    match await _settled_occupant(port):
        case Occupant.NOBODY:
            return None
        case Occupant.IDLE if left_over and left_over.port == port:
            return left_over
        case Occupant.BUSY:
            raise DemoUnavailable(_running(port))
    raise DemoUnavailable(f"Port {port} is taken. Choose a free one: `playcall demo --port {port + 1}`.")


def _running(port: int) -> str:
    return f"A demo is already running: open http://localhost:{port}, or start another with --port and --data."


def _record(directory: Path) -> Path:
    return directory / "workspace.json"


def _left_over(directory: Path) -> Workspace | None:
    """The workspace that was last started from this directory and not stopped; it may have ended since."""
    try:
        written = json.loads(_record(directory).read_text())
        return Workspace(int(written["port"]), int(written["pid"]), None)
    except (OSError, ValueError, KeyError, TypeError):
        return None


# --- looking ----------------------------------------------------------------------------------------------------------


async def _settled_occupant(port: int) -> Occupant:
    """Who listens; a workspace whose bot was just killed gets a moment to notice."""
    for _ in range(int(RELEASE_SECONDS / 0.2)):
        if (occupant := await occupant_of(port)) is not Occupant.BUSY:
            return occupant
        await asyncio.sleep(0.2)
    return Occupant.BUSY


async def occupant_of(port: int) -> Occupant:
    if not await _listens(port):
        return Occupant.NOBODY
    try:
        async with (
            aiohttp.ClientSession(timeout=GLANCE) as http,
            http.ws_connect(f"ws://localhost:{port}/ui") as socket,
        ):
            state = (await socket.receive_json(timeout=2))["state"]
            app = state["apps"][0]
            if state["workspace"]["teamId"] != TEAM_ID:
                return Occupant.STRANGER
            return Occupant.BUSY if app["connected"] else Occupant.IDLE
    except (aiohttp.ClientError, TimeoutError, ValueError, KeyError, IndexError, TypeError):
        return Occupant.STRANGER


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("localhost", port)
    except OSError:
        return False
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True


# --- the process ------------------------------------------------------------------------------------------------------


async def _start(executable: Path, port: int, directory: Path) -> Process:
    settings, log = directory / "workspace.yaml", directory / "workspace.log"
    with settings.open("w", encoding="utf-8") as file:
        yaml.safe_dump(configuration(), file, sort_keys=False, allow_unicode=True)
    process = await _spawn(executable, port, settings, log)
    try:
        await asyncio.wait_for(_answering(process, port), START_SECONDS)
    except BaseException as error:
        if process.returncode is None:
            process.kill()
        if isinstance(error, TimeoutError):
            raise DemoUnavailable(f"The demo workspace did not answer in {START_SECONDS} seconds; see {log}.") from None
        raise
    if process.returncode is not None:
        raise DemoUnavailable(f"The demo workspace did not start; {log} says why.")
    return process


async def _answering(process: Process, port: int) -> None:
    """Return when the workspace answers, or has ended before it did."""
    while process.returncode is None and await occupant_of(port) is not Occupant.IDLE:  # noqa: ASYNC110  # as above
        await asyncio.sleep(0.1)


async def _spawn(executable: Path, port: int, settings: Path, log: Path) -> Process:
    """In a group of its own: Ctrl-C reaches the bot alone, which then stops the workspace in good order."""
    own_group: dict[str, Any] = {"process_group": 0}
    if sys.platform == "win32":
        own_group = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    with log.open("wb") as output:
        try:
            return await asyncio.create_subprocess_exec(
                executable,
                *("--config", str(settings), "--port", str(port)),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                **own_group,
            )
        except OSError as error:
            raise DemoUnavailable(f"{executable} cannot be executed: {error.strerror}.") from error
