import asyncio
import warnings
from datetime import UTC, datetime, timedelta, timezone

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.exc import SAWarning, StatementError
from sqlmodel import SQLModel, select

from bot import migrating
from bot.db import Database
from bot.errors import ConfigurationError, DatabaseUnavailable
from bot.models import Member, MemberRole


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


async def test_sqlite_keeps_foreign_keys_and_a_write_ahead_log(sqlite: Database) -> None:
    async with sqlite.reading() as connection:
        assert (await connection.execute(text("PRAGMA journal_mode"))).scalar_one() == "wal"
        assert (await connection.execute(text("PRAGMA foreign_keys"))).scalar_one() == 1


async def test_a_transaction_inside_a_transaction_is_told_instead_of_waiting_for_ever(sqlite: Database) -> None:
    with pytest.raises(RuntimeError, match="inside a transaction"):
        async with sqlite.transaction(), sqlite.transaction():
            pass


async def test_writers_of_one_process_take_turns(sqlite: Database, now: datetime) -> None:
    async def add(number: int) -> None:
        async with sqlite.transaction() as session:
            session.add(Member(email=f"p{number}@ours.example", name="P", role=MemberRole.CSM, created_at=now))

    await asyncio.gather(*(add(number) for number in range(50)))
    async with sqlite.reading() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM members"))).scalar_one() == 50
