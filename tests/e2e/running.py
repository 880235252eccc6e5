"""Running `playcall demo` as a person would, on a free port and in a directory of its own."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

from bot.settings import ROOT

START_SECONDS = 60
MONDAY_MORNING = datetime(2026, 11, 23, 10, tzinfo=UTC)


class Demo:
    """One data directory and port; the process in it can be started, stopped, killed and started again."""

    def __init__(self, executable: Path, directory: Path) -> None:
        self.port = free_port()
        self.address = f"http://localhost:{self.port}"
        self.directory = directory
        self._executable = executable
        self._process: asyncio.subprocess.Process | None = None
        self._listening: asyncio.Task[None]
        self._opened = asyncio.Event()
        self.said = ""

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot.cli", "demo", "--no-browser"),
            *("--port", str(self.port), "--data", str(self.directory)),
            cwd=ROOT,
            env={**os.environ, "LOCAL_SLACK_BIN": str(self._executable), "TZ": "UTC"},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        self._opened.clear()
        self._listening = asyncio.create_task(self._listen(self._process))
        opened = asyncio.create_task(self._opened.wait())
        await asyncio.wait([opened, self._listening], timeout=START_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        opened.cancel()
        assert self._opened.is_set(), f"the demo did not open: {self.said}"

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        """Keep what the demo prints, to the end."""
        assert process.stdout
        self.said = ""
        while line := await process.stdout.readline():
            self.said += line.decode()
            if "open at" in self.said:
                self._opened.set()

    async def stop(self) -> int:
        """End it with SIGTERM; its exit code."""
        assert self._process
        if self._process.returncode is None:
            self._process.terminate()
        async with asyncio.timeout(START_SECONDS):
            await self._listening
            code = await self._process.wait()
        assert "Traceback" not in self.said, self.said
        return code

    async def close(self) -> None:
        """Leave nothing running, whatever state a test ended in."""
        assert self._process
        if self._process.returncode is None:
            await self.stop()
        elif self._workspace_pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._workspace_pid, signal.SIGTERM)

    @property
    def _workspace_pid(self) -> int | None:
        record = self.directory / "workspace.json"
        return int(json.loads(record.read_text())["pid"]) if record.exists() else None

    async def kill(self) -> None:
        """As a crash would: at once, and without a chance to stop the workspace."""
        assert self._process
        self._process.kill()
        await self._process.wait()
        self._listening.cancel()  # the workspace may still hold the other end


@contextlib.asynccontextmanager
async def started_demo(executable: Path, directory: Path) -> AsyncIterator[Demo]:
    """A demo that has been started in a directory of its own, on a Monday morning."""
    set_clock(directory, MONDAY_MORNING)
    started = Demo(executable, directory)
    await started.start()
    yield started
    await started.close()
    print(started.said)  # shown when the test failed


def set_clock(directory: Path, instant: datetime) -> None:
    """Let the demo in this directory begin at an instant, so that a test means the same on every day."""
    directory.mkdir(exist_ok=True)
    offset = instant - datetime.now(UTC)
    (directory / "clock.json").write_text(json.dumps({"offset_seconds": offset.total_seconds()}))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        port: int = probe.getsockname()[1]
        return port
