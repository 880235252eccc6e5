import asyncio
import sqlite3
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from pytest_mock import MockerFixture
from sqlalchemy import Connection, text, update
from sqlalchemy.exc import DBAPIError, InternalError, SAWarning, StatementError
from sqlmodel import SQLModel, select

from bot import db, migrating, near_sqlite, turns
from bot.db import Database
from bot.errors import ConfigurationError, DatabaseUnavailable
from bot.models import Member, MemberRole
from bot.turns import Turns


def member(now: datetime) -> Member:
    return Member(email="maya@ours.example", name="Maya", role=MemberRole.CSM, created_at=now)


async def test_migrations_make_the_schema_the_models_describe(database: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return [d for d in compare_metadata(context, SQLModel.metadata) if "uq_runs_open" not in str(d)]

    async with database.engine.connect() as connection:
        with warnings.catch_warnings(action="ignore", category=SAWarning):  # it cannot reflect uq_runs_open
            assert await connection.run_sync(differences) == []


async def test_each_migration_goes_up_down_and_up_again(database: Database) -> None:
    async with database.engine.begin() as connection:
        await connection.run_sync(migrating.downgrade, "base")
    assert not await migrating.is_current(database)
    await migrating.migrate(database)
    assert await migrating.is_current(database)


async def test_instants_come_back_aware_and_in_utc(database: Database, now: datetime) -> None:
    elsewhere = now.astimezone(timezone(timedelta(hours=5, minutes=30)))
    async with database.transaction() as session:
        session.add(member(elsewhere))
    async with database.transaction() as session:
        read = (await session.exec(select(Member))).one()
    assert read.created_at == now
    assert read.created_at.tzinfo == UTC
    assert read.role is MemberRole.CSM


async def test_a_naive_instant_is_refused(database: Database, now: datetime) -> None:
    with pytest.raises(StatementError, match="naive datetime"):
        async with database.transaction() as session:
            session.add(member(now.replace(tzinfo=None)))


async def test_an_error_rolls_everything_back(database: Database, now: datetime) -> None:
    with pytest.raises(RuntimeError):
        async with database.transaction() as session:
            session.add(member(now))
            await session.flush()
            raise RuntimeError
    async with database.reading() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM members"))).scalar_one() == 0


async def test_an_unmigrated_database_says_what_to_run(database: Database) -> None:
    async with database.engine.begin() as connection:
        await connection.run_sync(migrating.downgrade, "base")
    with pytest.raises(ConfigurationError, match="playcall migrate"):
        async with database.reading() as connection:
            await connection.execute(text("SELECT 1 FROM members"))


@pytest.mark.parametrize(
    "url", ["postgresql+asyncpg://nobody@127.0.0.1:1/none", "sqlite+aiosqlite:////nowhere/at/all/playcall.db"]
)
async def test_a_database_that_is_down_is_one_sentence(url: str) -> None:
    database = Database(url)
    with pytest.raises(DatabaseUnavailable, match="try again"):
        async with database.transaction() as session:
            await session.exec(select(Member))
    await database.close()


async def test_postgresql_frees_what_a_process_that_hangs_has_locked(
    migrated_postgres: str, postgres: Database, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with postgres.transaction() as session:
        session.add(member(now))
    monkeypatch.setattr(db, "HANGING_MS", 50)
    hanging = Database(migrated_postgres)
    with pytest.raises(DatabaseUnavailable):
        async with hanging.transaction() as session:
            await session.exec(select(Member).with_for_update())
            async with (
                postgres.transaction() as other
            ):  # waits for the lock, which the one that holds it never gives up
                await other.exec(update(Member).values(name="Lin"))
            await session.exec(select(Member))
    await hanging.close()
    assert await count_members(postgres) == 1


async def test_sqlite_keeps_foreign_keys_and_a_write_ahead_log(sqlite: Database) -> None:
    async with sqlite.reading() as connection:
        assert (await connection.execute(text("PRAGMA journal_mode"))).scalar_one() == "wal"
        assert (await connection.execute(text("PRAGMA foreign_keys"))).scalar_one() == 1


@pytest.mark.parametrize("inner", ["transaction", "long_transaction"])
@pytest.mark.parametrize("outer", ["transaction", "long_transaction"])
async def test_a_transaction_inside_a_transaction_is_told_instead_of_waiting_for_ever(
    sqlite: Database, outer: str, inner: str
) -> None:
    with pytest.raises(RuntimeError, match="inside a transaction"):
        async with getattr(sqlite, outer)(), getattr(sqlite, inner)():
            pass


async def add_member(database: Database, number: int, now: datetime) -> None:
    async with database.transaction() as session:
        session.add(Member(email=f"p{number}@ours.example", name="P", role=MemberRole.CSM, created_at=now))


async def count_members(database: Database) -> int:
    async with database.reading() as connection:
        number: int = (await connection.execute(text("SELECT count(*) FROM members"))).scalar_one()
    return number


async def let_the_loop_run() -> None:
    for _ in range(100):
        await asyncio.sleep(0)


async def test_writers_of_one_process_take_turns(sqlite: Database, now: datetime) -> None:
    await asyncio.gather(*(add_member(sqlite, number, now) for number in range(50)))
    assert await count_members(sqlite) == 50


async def test_a_short_transaction_waits_for_a_long_one(sqlite: Database, now: datetime) -> None:
    async with sqlite.long_transaction() as session:
        await session.exec(select(Member))
        waiting = asyncio.create_task(add_member(sqlite, 1, now))
        await let_the_loop_run()
        assert not waiting.done()
    await waiting
    assert await count_members(sqlite) == 1


@pytest.fixture
def other_process(sqlite: Database) -> Iterator[sqlite3.Connection]:
    """A connection that knows nothing of this process's turns, in the middle of a write."""
    connection = sqlite3.connect(str(sqlite.url.database), isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    yield connection
    connection.close()


async def test_the_loop_goes_on_while_a_transaction_waits_for_another_process(
    sqlite: Database, now: datetime, other_process: sqlite3.Connection
) -> None:
    waiting = asyncio.create_task(add_member(sqlite, 1, now))
    await let_the_loop_run()
    assert not waiting.done()
    other_process.rollback()
    await waiting
    assert await count_members(sqlite) == 1


async def test_a_database_that_another_process_keeps_locked_is_unavailable(
    sqlite: Database, now: datetime, other_process: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(near_sqlite, "PATIENCE", 0.001)
    with pytest.raises(DatabaseUnavailable, match="try again"):
        await add_member(sqlite, 1, now)
    other_process.rollback()
    await add_member(sqlite, 2, now)
    assert await count_members(sqlite) == 1


async def test_who_gives_up_waiting_leaves_the_database_to_the_next(
    sqlite: Database, now: datetime, other_process: sqlite3.Connection
) -> None:
    waiting = asyncio.create_task(add_member(sqlite, 1, now))
    await let_the_loop_run()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    other_process.rollback()
    await add_member(sqlite, 2, now)
    assert await count_members(sqlite) == 1


class Said(Exception):
    """What a driver raises, with the server's code."""

    def __init__(self, sqlstate: str | None) -> None:
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    "error",
    [
        DBAPIError("SELECT 1", None, Said("57P03")),  # the database system is starting up
        DBAPIError("SELECT 1", None, Said("28P01")),  # the password is wrong
        DBAPIError("SELECT 1", None, Said("08003")),  # the connection was closed in the middle of operation
        DBAPIError("SELECT 1", None, Said(None), connection_invalidated=True),
        InternalError("SELECT 1", None, Said(None)),  # another operation is in progress: the server's last words
    ],
)
def test_a_server_that_goes_away_or_is_not_up_yet_is_unavailable(error: DBAPIError) -> None:
    with pytest.raises(DatabaseUnavailable), db.explained_errors():
        raise error


def test_an_error_of_the_server_itself_is_not_explained_away() -> None:
    error = InternalError("SELECT 1", None, Said("XX001"))
    with pytest.raises(InternalError), db.explained_errors():
        raise error


async def test_a_process_that_is_first_in_line_is_not_overtaken(sqlite: Database, now: datetime) -> None:
    other_process = Turns(sqlite.url.database)
    async with other_process.first_in_line():
        short = asyncio.create_task(add_member(sqlite, 1, now))
        await let_the_loop_run()
        assert not short.done()
    await short
    other_process.close()


async def test_who_writes_much_sees_that_another_process_waits_and_makes_way(
    sqlite: Database, now: datetime, mocker: MockerFixture
) -> None:
    await add_member(sqlite, 1, now)
    sleep = mocker.patch("bot.db.asyncio.sleep", wraps=asyncio.sleep)
    await sqlite.make_way(0.01)
    other_process = Turns(sqlite.url.database)
    async with other_process.first_in_line():
        await sqlite.make_way(0.01)
    other_process.close()
    assert [call.args for call in sleep.call_args_list] == [(0,), (0.01,)]


async def test_who_stays_first_in_line_for_too_long_is_overtaken(
    sqlite: Database, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "LOOKS", 2)
    other_process = Turns(sqlite.url.database)
    async with other_process.first_in_line():
        await add_member(sqlite, 1, now)
    other_process.close()
    assert await count_members(sqlite) == 1


def members_without_the_log(database: Database) -> int:
    connection = sqlite3.connect(f"file:{database.url.database}?immutable=1", uri=True)
    (number,) = connection.execute("SELECT count(*) FROM members").fetchone()
    connection.close()
    return int(number)


async def test_short_transactions_are_copied_from_the_log_into_the_database_every_so_often(
    sqlite: Database, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "CHECKPOINT_EVERY", 3)
    await add_member(sqlite, 1, now)
    await add_member(sqlite, 2, now)
    assert members_without_the_log(sqlite) == 0
    await add_member(sqlite, 3, now)
    assert members_without_the_log(sqlite) == 3


async def test_a_change_is_saved_though_the_log_cannot_be_copied(
    sqlite: Database, now: datetime, mocker: MockerFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "CHECKPOINT_EVERY", 1)
    mocker.patch.object(sqlite, "reading", side_effect=DatabaseUnavailable)
    await add_member(sqlite, 1, now)
    mocker.stopall()
    assert await count_members(sqlite) == 1
