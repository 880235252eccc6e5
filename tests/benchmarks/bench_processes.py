"""What a process costs: the memory of a worker over a book of 1,000 accounts, and the time `playcall --help` takes.

Run by `make bench`.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from bot.clock import SystemClock
from bot.db import Database
from bot.migrating import migrate
from bot.settings import ROOT
from tests.benchmarks.book import ACCOUNTS, PEOPLE, write_book
from tests.support.slack_double import TOKEN, SlackDouble

BEATS = 3  # heartbeats that the worker gets
HEARTBEAT_SECONDS = 2
ROUNDS = 7
MEMORY_TARGET, HELP_TARGET = 200, 0.5  # MB, seconds


async def worker_memory(directory: Path) -> float:
    """Megabytes resident after some heartbeats."""
    path = directory / "bench.db"
    database = Database(f"sqlite+aiosqlite:///{path}")
    await migrate(database)
    await write_book(database)
    await database.close()
    slack = SlackDouble(SystemClock())
    for n in range(1, PEOPLE + 1):
        slack.state.add_person(f"person{n}", user_id=f"U{n}")
    await slack.start()
    variables = environment() | {
        "DATABASE_URL": f"sqlite:///{path}",
        "SLACK_BOT_TOKEN": TOKEN,
        "SLACK_API_URL": slack.url,
        "HEARTBEAT_SECONDS": str(HEARTBEAT_SECONDS),
    }
    log = directory / "worker.log"
    with log.open("wb") as stderr:
        arguments = [sys.executable, "-m", "bot.cli", "worker"]
        worker = await asyncio.create_subprocess_exec(*arguments, env=variables, cwd=directory, stderr=stderr)
    try:
        while "worker_started" not in log.read_text():
            if worker.returncode is not None:
                raise SystemExit(f"worker: it ended before it had started.\n{log.read_text()}")
            await asyncio.sleep(0.1)
        await asyncio.sleep(BEATS * HEARTBEAT_SECONDS)
        return resident(worker.pid)
    finally:
        if worker.returncode is None:
            worker.terminate()
            await worker.wait()
        await slack.stop()


def resident(pid: int) -> float:
    command = ["ps", "-o", "rss=", "-p", str(pid)]  # kibibytes, on Linux and macOS alike
    answer = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603  # its own child's id
    return int(answer.stdout) * 1024 / 1_000_000


def help_seconds() -> float:
    """The median of several starts, each from the beginning to the end of the process."""
    return median(timed_help() for _ in range(ROUNDS))


def timed_help() -> float:
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "bot.cli", "--help"], env=environment(), check=True, stdout=subprocess.DEVNULL
    )
    return time.perf_counter() - started


def environment() -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        memory = asyncio.run(worker_memory(Path(directory)))
    print(f"worker: {memory:.0f} MB resident over {ACCOUNTS} accounts (target {MEMORY_TARGET})")
    print(f"playcall --help: {help_seconds():.2f} s, median of {ROUNDS} (target {HELP_TARGET})")


if __name__ == "__main__":
    main()
