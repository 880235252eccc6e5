"""Firing 10,000 due touchpoints out of 100,000, against one APScheduler job for each.

Run by `make bench`. Also says how long the event loop was held up at the worst while it fired.
"""

import asyncio
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from sqlalchemy import create_engine, event, insert

from bot.clock import FixedClock
from bot.db import Database
from bot.library.library import Library
from bot.migrating import migrate
from bot.models import Account, Member, MemberRole, PlaybookVersion, Run, Step, Touchpoint
from bot.schedule.firing import fire_due
from bot.services import Services
from bot.settings import Settings

NOW = datetime(2026, 3, 3, 11, tzinfo=UTC)
TOUCHPOINTS, DUE, PEOPLE, ROUNDS = 100_000, 10_000, 50, 3
CHUNK = 10_000


async def seed(database: Database) -> None:
    """People, accounts, runs and steps; one planned touchpoint a step, the first 10,000 of them due."""
    steps = range(1, TOUCHPOINTS + 1)
    async with database.engine.begin() as connection:
        await connection.execute(
            insert(Member),
            [
                {
                    "id": n,
                    "email": f"p{n}@ours.example",
                    "name": f"P{n}",
                    "role": MemberRole.CSM,
                    "slack_user_id": f"U{n}",
                    "timezone": "UTC",
                    "country": "US",
                    "workday_start": 9,
                    "workday_end": 18,
                    "active": True,
                    "created_at": NOW,
                }
                for n in range(1, PEOPLE + 1)
            ],
        )
        await connection.execute(
            insert(Account),
            [
                Account(id=n, key=f"a{n}", name=f"A{n}", created_at=NOW, updated_at=NOW).model_dump()
                for n in range(1, 1001)
            ],
        )
        version = {"id": 1, "key": "k", "version": 1, "digest": "d", "content": {}, "created_at": NOW}
        await connection.execute(insert(PlaybookVersion), [version])
        await connection.execute(
            insert(Run),
            [
                Run(
                    id=n,
                    account_id=n,
                    playbook_version_id=1,
                    playbook_key="k",
                    title="T",
                    started_on=NOW.date(),
                    started_at=NOW,
                ).model_dump()
                for n in range(1, 1001)
            ],
        )
        for first in range(0, TOUCHPOINTS, CHUNK):
            chunk = steps[first : first + CHUNK]
            await connection.execute(
                insert(Step),
                [
                    {
                        "id": n,
                        "run_id": n % 1000 + 1,
                        "account_id": n % 1000 + 1,
                        "key": f"s{n}",
                        "position": n,
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
                    for n in chunk
                ],
            )
            await connection.execute(
                insert(Touchpoint),
                [
                    {
                        "id": n,
                        "kind": "due",
                        "status": "planned",
                        "account_id": n % 1000 + 1,
                        "step_id": n,
                        "revision": 0,
                        "fire_at": NOW - timedelta(minutes=1) if n <= DUE else NOW + timedelta(days=n),
                        "at_once": False,
                    }
                    for n in chunk
                ],
            )


async def longest_stall(stop: asyncio.Event) -> float:
    """The longest time, in seconds, that the event loop let a 1 ms sleep wait."""
    worst = 0.0
    while not stop.is_set():
        before = time.perf_counter()
        await asyncio.sleep(0.001)
        worst = max(worst, time.perf_counter() - before - 0.001)
    return worst


async def playcall(directory: Path) -> tuple[float, float]:
    """Touchpoints fired a second, and the longest stall."""
    database = Database(f"sqlite+aiosqlite:///{directory / 'playcall.db'}")
    await migrate(database)
    await seed(database)
    services = Services(Settings(_env_file=None), database, Library(directory), FixedClock(NOW), lambda: None)
    stop = asyncio.Event()
    watch = asyncio.create_task(longest_stall(stop))
    await asyncio.sleep(0.05)
    before = time.perf_counter()
    report = await fire_due(services, NOW)
    rate = report.fired / (time.perf_counter() - before)
    stop.set()
    assert report.fired == DUE  # a benchmark of something else would be worthless
    await database.close()
    return rate, await watch


fired: list[int] = []
all_fired = asyncio.Event()


async def count(number: int) -> None:
    """The job of one touchpoint. A job in APScheduler's store is a function of a module, so what it fills is too."""
    fired.append(number)
    if len(fired) == DUE:
        all_fired.set()


async def one_job_each(directory: Path) -> float:
    """Jobs run a second when every touchpoint is a job in APScheduler's own store on SQLite in WAL mode."""
    fired.clear()
    all_fired.clear()
    engine = create_engine(f"sqlite:///{directory / 'jobs.db'}")

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
    ours, stalls, floors = [], [], []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as directory:
            rate, stall = await playcall(Path(directory))
            ours.append(rate)
            stalls.append(stall)
            floors.append(await one_job_each(Path(directory)))
    print(f"firing {DUE:,} of {TOUCHPOINTS:,} touchpoints  {median(ours):>10,.0f} /s")
    print(f"  one APScheduler job each              {median(floors):>10,.0f} /s")
    print(f"  ratio (at least 10)                   {median(ours) / median(floors):>10.1f}")
    print(f"  longest stall of the event loop       {median(stalls) * 1000:>10.1f} ms (under 50)")


if __name__ == "__main__":
    asyncio.run(main())
