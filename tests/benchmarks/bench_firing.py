"""Firing 10,000 due touchpoints out of 100,000, against one APScheduler job for each and against a bare claim.

Run by `make bench`. Also says how long the event loop was held up at the worst while it fired, and how long clicks on
Complete, one after the other, waited for their commit meanwhile.
"""

import asyncio
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from sqlalchemy import bindparam, create_engine, delete, event, insert, text, update
from sqlmodel import col

from bot.clock import FixedClock
from bot.db import Database
from bot.engine.actors import Actor
from bot.engine.steps import complete_step
from bot.library.library import Library
from bot.library.schema import dump
from bot.logs import configure_logging
from bot.migrating import migrate
from bot.models import Account, Delivery, Member, MemberRole, PlaybookVersion, Run, Step, Touchpoint, TouchpointStatus
from bot.models.columns import UtcDateTime
from bot.processes import spare_from_collection
from bot.schedule.firing import fire_due
from bot.services import Services
from bot.settings import Settings
from tests.support.world import make_playbook

NOW = datetime(2026, 3, 3, 11, tzinfo=UTC)
RUNS, STEPS_A_RUN, PEOPLE = 10_000, 10, 50
TOUCHPOINTS, DUE, ROUNDS = RUNS * STEPS_A_RUN, 10_000, 3
CHUNK = 10_000
RAW_BATCH = 1_000
RAW_CLAIM = text(
    "UPDATE touchpoints SET status = 'fired', fired_at = :now WHERE id IN (SELECT id FROM touchpoints"
    " WHERE status = 'planned' AND fire_at <= :now ORDER BY fire_at LIMIT :number) RETURNING id"
).bindparams(bindparam("now", NOW, UtcDateTime), number=RAW_BATCH)
LEADER = Actor(1, "P1", MemberRole.LEADER, "U1", "UTC", "US")


# --- a book of 10,000 runs, the first step of each of them due --------------------------------------------------------


async def seed(database: Database) -> None:
    playbook = make_playbook(*({"key": f"step-{n}"} for n in range(STEPS_A_RUN)))
    version = {"id": 1, "key": playbook.key, "version": 1, "digest": "d", "content": dump(playbook), "created_at": NOW}
    account = Account(key="a", name="A", created_at=NOW, updated_at=NOW).model_dump()
    run = Run(
        account_id=1,
        playbook_version_id=1,
        playbook_key=playbook.key,
        title="T",
        started_on=NOW.date(),
        started_at=NOW,
    ).model_dump()
    async with database.engine.begin() as connection:
        await connection.execute(insert(Member), [_member(n) for n in range(1, PEOPLE + 1)])
        numbers = range(1, RUNS + 1)
        await connection.execute(
            insert(Account), [account | {"id": n, "key": f"a{n}", "name": f"A{n}"} for n in numbers]
        )
        await connection.execute(insert(PlaybookVersion), [version])
        await connection.execute(insert(Run), [run | {"id": n, "account_id": n} for n in numbers])
        for first in range(1, TOUCHPOINTS + 1, CHUNK):
            chunk = range(first, first + CHUNK)
            await connection.execute(insert(Step), [_step(n) for n in chunk])
            await connection.execute(insert(Touchpoint), [_touchpoint(n) for n in chunk])


def _member(n: int) -> dict[str, Any]:
    return {
        "id": n,
        "email": f"p{n}@ours.example",
        "name": f"P{n}",
        "role": MemberRole.LEADER if n == LEADER.member_id else MemberRole.CSM,
        "slack_user_id": f"U{n}",
        "timezone": "UTC",
        "country": "US",
        "workday_start": 9,
        "workday_end": 18,
        "active": True,
        "created_at": NOW,
    }


def _step(n: int) -> dict[str, Any]:
    position, run = divmod(n - 1, RUNS)
    return {
        "id": n,
        "run_id": run + 1,
        "account_id": run + 1,
        "key": f"step-{position}",
        "position": position,
        "title": "Step",
        "kind": "task",
        "role": "csm",
        "assignee_id": n % PEOPLE + 1,
        "role_missing": False,
        "status": "open",
        "due_on": NOW.date(),
        "answers": {},
        "effects": {},
        "revision": 0,
    }


def _touchpoint(n: int) -> dict[str, Any]:
    return {
        "id": n,
        "kind": "due",
        "status": "planned",
        "account_id": (n - 1) % RUNS + 1,
        "step_id": n,
        "revision": 0,
        "fire_at": NOW - timedelta(minutes=1) if n <= DUE else NOW + timedelta(days=n),
        "at_once": False,
    }


async def plan_again(database: Database) -> None:
    """As if nothing had been fired."""
    async with database.engine.begin() as connection:
        planned = {"status": TouchpointStatus.PLANNED, "fired_at": None, "delivery_id": None}
        await connection.execute(update(Touchpoint).where(col(Touchpoint.id) <= DUE).values(**planned))
        await connection.execute(delete(Delivery))


# --- what is measured -------------------------------------------------------------------------------------------------


async def longest_stall(stop: asyncio.Event) -> float:
    """The longest time, in seconds, that the event loop let a 1 ms sleep wait."""
    worst = 0.0
    while not stop.is_set():
        before = time.perf_counter()
        await asyncio.sleep(0.001)
        worst = max(worst, time.perf_counter() - before - 0.001)
    return worst


async def clicks(services: Services, steps: Iterator[int], stop: asyncio.Event) -> list[float]:
    """How long it took, in seconds, to complete one step after the other, each in a transaction of its own."""
    waits = []
    while not stop.is_set():
        before = time.perf_counter()
        async with services.database.transaction() as session:
            await complete_step(session, services.library, next(steps), LEADER, NOW)
        waits.append(time.perf_counter() - before)
        await asyncio.sleep(0.005)
    return waits


async def fire_all(services: Services) -> tuple[float, float]:
    """Touchpoints fired a second, and the longest stall."""
    stop = asyncio.Event()
    watch = asyncio.create_task(longest_stall(stop))
    await asyncio.sleep(0.05)
    before = time.perf_counter()
    report = await fire_due(services, NOW)
    rate = report.fired / (time.perf_counter() - before)
    stop.set()
    assert report.fired == DUE  # a benchmark of something else would be worthless
    return rate, await watch


async def fire_all_among_clicks(services: Services, steps: Iterator[int]) -> tuple[float, float, list[float]]:
    """The same, and what the clicks waited."""
    stop = asyncio.Event()
    clicking = asyncio.create_task(clicks(services, steps, stop))
    rate, stall = await fire_all(services)
    stop.set()
    return rate, stall, await clicking


async def claim_all(database: Database) -> float:
    """Touchpoints claimed a second with one bare statement a batch: what the driver can do at best."""
    claimed, before = 0, time.perf_counter()
    while claimed < DUE:
        async with database.long_transaction() as session:
            claimed += len((await (await session.connection()).execute(RAW_CLAIM)).all())
    return DUE / (time.perf_counter() - before)


fired: list[int] = []
all_fired = asyncio.Event()


async def count(number: int) -> None:
    """The job of one touchpoint. A job in APScheduler's store is a function of a module, so what it fills is too."""
    fired.append(number)
    if len(fired) == DUE:
        all_fired.set()


async def one_job_each(path: Path) -> float:
    """Jobs run a second when every touchpoint is a job in APScheduler's own store on SQLite in WAL mode."""
    fired.clear()
    all_fired.clear()
    engine = create_engine(f"sqlite:///{path}")

    @event.listens_for(engine, "connect")
    def _wal(connection, _record) -> None:  # type: ignore[no-untyped-def]
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")

    scheduler = AsyncIOScheduler(
        jobstores={"default": SQLAlchemyJobStore(engine=engine)},
        timezone=UTC,
        job_defaults={"misfire_grace_time": None},
    )
    scheduler.start(paused=True)
    soon = datetime.now(UTC)
    for n in range(DUE):
        scheduler.add_job(count, "date", [n], run_date=soon, id=str(n))
    before = time.perf_counter()
    scheduler.resume()
    await all_fired.wait()
    rate = DUE / (time.perf_counter() - before)
    scheduler.shutdown(wait=False)
    engine.dispose()
    return rate


async def main() -> None:
    configure_logging("WARNING")
    quiet, busy, bare, floors, stalls, waits = [], [], [], [], [], []
    with tempfile.TemporaryDirectory() as directory:
        database = Database(f"sqlite+aiosqlite:///{Path(directory) / 'playcall.db'}")
        await migrate(database)
        await seed(database)
        services = Services(Settings(_env_file=None), database, Library(Path(directory)), FixedClock(NOW), lambda: None)
        steps = iter(range(DUE + 1, TOUCHPOINTS + 1))
        spare_from_collection()  # as the worker does
        for n in range(ROUNDS):
            rate, stall = await fire_all(services)
            quiet.append(rate)
            stalls.append(stall)
            await plan_again(database)
            rate, stall, waited = await fire_all_among_clicks(services, steps)
            busy.append(rate)
            stalls.append(stall)
            waits += waited
            await plan_again(database)
            bare.append(await claim_all(database))
            await plan_again(database)
            floors.append(await one_job_each(Path(directory) / f"jobs-{n}.db"))
        await database.close()
    ours = median(quiet)
    print(f"firing {DUE:,} of {TOUCHPOINTS:,} touchpoints  {ours:>10,.0f} /s")
    print(f"  one APScheduler job each              {median(floors):>10,.0f} /s")
    print(f"  ratio (at least 10)                   {ours / median(floors):>10.1f}")
    print(f"  a bare claim, {RAW_BATCH:,} a statement        {median(bare):>10,.0f} /s")
    print(f"  ratio                                 {ours / median(bare):>10.2f}")
    print(f"  longest stall of the event loop       {max(stalls) * 1000:>10.1f} ms (under 50)")
    print(f"  while somebody clicks                 {median(busy):>10,.0f} /s")
    print(f"  a click, of {len(waits):<4}                      {median(waits) * 1000:>10.1f} ms")
    print(f"  the slowest click                     {max(waits) * 1000:>10.1f} ms")


if __name__ == "__main__":
    asyncio.run(main())
