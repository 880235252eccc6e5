"""The processes that are killed: web and worker as they are run in earnest, on a clock that says Monday morning."""

import asyncio
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from bot.app import build_services
from bot.clock import ShiftedClock
from bot.logs import configure_logging
from bot.processes import serve, spare_from_collection, stop_on_signals, work
from bot.services import Services
from bot.settings import Settings

# A forked child has everything imported already: it works, and can be killed at work, milliseconds after its birth.
FORKING = multiprocessing.get_context("forkserver")
PRELOADED = ["tests.crash.victims"]


async def _web(services: Services, stop: asyncio.Event, _: asyncio.Event) -> None:
    await serve(services, stop)


async def _worker(services: Services, stop: asyncio.Event, woken: asyncio.Event) -> None:
    await work(services, woken, stop)


Role = Callable[[Services, asyncio.Event, asyncio.Event], Coroutine[Any, Any, None]]
ROLES: dict[str, Role] = {"web": _web, "worker": _worker}


def live(role: str, settings: dict[str, Any], offset: timedelta, log: Path) -> None:
    """What a victim does until it is killed."""
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    configure_logging("WARNING")
    asyncio.run(_live(ROLES[role], Settings(_env_file=None, **settings), ShiftedClock(offset)))


async def _live(role: Role, settings: Settings, clock: ShiftedClock) -> None:
    woken = asyncio.Event()
    services = build_services(settings, clock, woken.set)
    try:
        spare_from_collection()
        with stop_on_signals() as stop:
            await role(services, stop, woken)
    finally:
        await services.database.close()


@dataclass
class Victim:
    """One place at the table: whoever sits there is replaced when killed."""

    role: str
    settings: dict[str, Any]
    offset: timedelta
    log: Path
    kills: list[float] = field(default_factory=list)  # when, in seconds since 1970
    process: BaseProcess = field(init=False)

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        self.process = FORKING.Process(target=live, args=(self.role, self.settings, self.offset, self.log), daemon=True)
        self.process.start()

    def kill(self) -> None:
        """SIGKILL: no cleaning up, no last words. Another takes its place at once."""
        self.kills.append(time.time())
        self.process.kill()
        self.process.join()
        self.start()

    def revive(self) -> None:
        """One that ended by itself, as when the database was away too long, is started again as a platform does."""
        if not self.process.is_alive():
            self.process.join()
            self.start()

    def stop(self) -> None:
        if self.process.pid and self.process.is_alive():
            os.kill(self.process.pid, signal.SIGTERM)
        self.process.join(12)
        if self.process.is_alive():
            raise RuntimeError(f"{self.role} did not stop within 12 seconds of SIGTERM")
