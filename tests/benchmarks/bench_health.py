"""What history costs: `/account health` with two years of daily signals against a week of them, and a day's snapshot.

Run by `make bench`. One process answers, as `playcall serve` does, for an account with a week's signals of 30 kinds and
for one with two years' (21,900), in turns; the ratio is what counts. Then the health of 10,000 accounts is kept.
"""

import asyncio
import random
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import insert

from bot.clock import SystemClock
from bot.db import Database
from bot.library.health_config import HealthConfig
from bot.library.library import Library
from bot.migrating import migrate
from bot.models import Account, Signal
from bot.settings import ROOT
from bot.signals.health_snapshots import snapshot_health
from tests.benchmarks.bench_requests import Subject, server
from tests.benchmarks.book import write_book
from tests.support.clicks import NOWHERE, signed
from tests.support.slack_double import SlackDouble
from tests.support.slack_state import TEAM

KINDS, WEEK, YEARS = 30, 7, 730
YOUNG, OLD = "account-2", "account-3"
ROUNDS = 5
MANY = 10_000
CHUNK = 20_000
TARGET = 1.3


def health_requests(account: str) -> Iterator[bytes]:
    while True:
        form = {"command": "/account", "text": f"health {account}", "user_id": "U1", "team_id": TEAM}
        more = {"channel_id": "C1", "trigger_id": "t", "response_url": NOWHERE}
        yield signed(urlencode(form | more))


def kinds(library: Library) -> list[str]:
    """Those that health asks for, and others up to thirty."""
    asked = [measure.metric for measure in library.health_config.measures]
    return list(dict.fromkeys([*asked, *library.metrics.known, *(f"other_{n}" for n in range(KINDS))]))[:KINDS]


def daily(account_id: int, named: list[str], days: int, now: datetime) -> Iterator[dict[str, Any]]:
    chance = random.Random(account_id)  # noqa: S311  # any numbers will do, but the same ones
    for kind in named:
        for day in range(days):
            yield {
                "account_id": account_id,
                "kind": kind,
                "number": float(chance.randrange(1, 100)),
                "source": "product",
                "external_id": f"{account_id} {kind} {day}",
                "observed_at": now - timedelta(days=day, hours=1),
                "created_at": now,
            }


async def write_signals(database: Database, rows: Iterator[dict[str, Any]]) -> None:
    chunk: list[dict[str, Any]] = []
    async with database.engine.begin() as connection:
        for row in rows:
            chunk.append(row)
            if len(chunk) == CHUNK:
                await connection.execute(insert(Signal), chunk)
                chunk = []
        if chunk:
            await connection.execute(insert(Signal), chunk)


async def measure_history(library: Library) -> None:
    """The two accounts are asked for in turns, so that a busy machine slows both down."""
    slack = SlackDouble(SystemClock())
    await slack.start()
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "playcall.db"
        database = Database(f"sqlite+aiosqlite:///{path}")
        await migrate(database)
        await write_book(database)
        now = datetime.now(UTC)
        await write_signals(database, daily(2, kinds(library), WEEK, now))
        await write_signals(database, daily(3, kinds(library), YEARS, now))
        await database.close()
        async with server("playcall", slack.url, path) as port:
            young, old = (Subject(port, health_requests(account)) for account in (YOUNG, OLD))
            for subject in (young, old):
                await subject.warm_up()
            for _ in range(ROUNDS):
                await young.measure()
                await old.measure()
    await slack.stop()
    slower = median(week / years for week, years in zip(young.rates, old.rates, strict=True))
    dearer = median(years / week for week, years in zip(young.costs, old.costs, strict=True))
    print(f"/account health, a week's signals of {KINDS} kinds     {median(young.rates):>8,.0f} /s")
    print(f"/account health, two years' signals ({KINDS * YEARS:,})   {median(old.rates):>8,.0f} /s")
    print(f"  times as slow (at most {TARGET})                    {slower:>8.2f}")
    print(f"  times the processor's time                       {dearer:>8.2f}")


async def measure_snapshot(library: Library) -> None:
    """10,000 accounts with two months of daily signals of the kinds that health asks for."""
    asked = sorted({measure.metric for measure in library.health_config.measures})
    with tempfile.TemporaryDirectory() as directory:
        database = Database(f"sqlite+aiosqlite:///{Path(directory) / 'playcall.db'}")
        await migrate(database)
        now = datetime.now(UTC)
        accounts = [
            Account(id=n, key=f"a-{n}", name=f"A {n}", created_at=now, updated_at=now).model_dump()
            for n in range(1, MANY + 1)
        ]
        async with database.engine.begin() as connection:
            await connection.execute(insert(Account), accounts)
        daily_ones = (row for n in range(1, MANY + 1) for row in daily(n, asked[:2], 40, now))
        single_ones = (row for n in range(1, MANY + 1) for row in daily(n, asked[2:], 1, now))
        await write_signals(database, daily_ones)
        await write_signals(database, single_ones)
        without = await _seconds(database, HealthConfig(), now)
        took = await _seconds(database, library.health_config, now)
        await database.close()
    print(f"keeping the health of {MANY:,} accounts, with {len(asked)} metrics {took:>8.1f} s")
    print(f"  the same without any                              {without:>8.1f} s")


async def _seconds(database: Database, config: HealthConfig, now: datetime) -> float:
    before = time.perf_counter()
    await snapshot_health(database, config, now)
    return time.perf_counter() - before


async def measure() -> None:
    library = Library(ROOT / "playbooks")
    library.load()
    await measure_history(library)
    await measure_snapshot(library)


if __name__ == "__main__":
    asyncio.run(measure())
