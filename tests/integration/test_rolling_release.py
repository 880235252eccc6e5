"""A new release beside an old one: the database is migrated while the old code works on."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from bot import migrating
from bot.db import Database
from bot.delivery.courier import Outcome
from bot.models import DeliveryKind, DeliveryStatus
from bot.settings import ROOT
from bot.web import NOT_MIGRATED, why_not_ready
from tests.support.outboxes import Desk
from tests.support.slack_double import SlackDouble

REVISIONS = [one.revision for one in ScriptDirectory(str(ROOT / "migrations")).walk_revisions()][::-1]

Tables = Mapping[str, Mapping[str, Mapping[str, Any]]]


def tables(connection: Connection) -> Tables:
    """What the database says of its tables' columns."""
    looking = inspect(connection)
    return {
        table: {column["name"]: dict(column) for column in looking.get_columns(table)}
        for table in looking.get_table_names()
    }


def unique(connection: Connection) -> dict[str, set[str]]:
    """By table, what must not be there twice."""
    return {
        table: {index[1] for index in connection.exec_driver_sql(f"PRAGMA index_list({table})") if index[2]}
        for table in inspect(connection).get_table_names()
    }


@asynccontextmanager
async def at_revision(database: Database, revision: str) -> AsyncIterator[None]:
    """The database says that it is at another revision than it is, while the block runs."""
    await _say_revision(database, revision)
    try:
        yield
    finally:
        await _say_revision(database, REVISIONS[-1])


async def _say_revision(database: Database, revision: str) -> None:
    async with database.engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})


async def test_each_migration_leaves_to_the_old_code_what_it_reads_and_writes(sqlite: Database) -> None:
    """The code of the release before reads and writes the same columns, fills in none of the new ones, and meets no
    new rule about what must not be there twice."""
    async with sqlite.engine.begin() as connection:
        await connection.run_sync(migrating.downgrade, REVISIONS[0])
        for revision in REVISIONS[1:]:
            before, unique_before = await connection.run_sync(tables), await connection.run_sync(unique)
            await connection.run_sync(migrating.upgrade, revision)
            after, unique_after = await connection.run_sync(tables), await connection.run_sync(unique)
            for table, columns in before.items():
                assert unique_after[table] <= unique_before[table], (revision, table)
                for name, column in columns.items():
                    assert str(after[table][name]["type"]) == str(column["type"]), (revision, table, name)
                    assert after[table][name]["nullable"] or not column["nullable"], (revision, table, name)
                for name in after[table].keys() - columns.keys():
                    new = after[table][name]
                    assert new["nullable"] or new["default"] is not None, (revision, table, name)


async def test_the_old_code_stays_ready_when_the_new_one_has_migrated(database: Database) -> None:
    async with at_revision(database, "9999"):
        assert await why_not_ready(database) is None
        await migrating.migrate(database)  # as when a release is taken back: nothing is done, and nothing fails
        assert await why_not_ready(database) is None


async def test_the_new_code_is_not_ready_before_its_migration(database: Database) -> None:
    async with at_revision(database, REVISIONS[-2]):
        assert await why_not_ready(database) == NOT_MIGRATED


@pytest.mark.parametrize("status", [DeliveryStatus.PENDING, DeliveryStatus.LEASED])
async def test_an_old_worker_leaves_to_a_new_one_what_it_does_not_know(
    status: DeliveryStatus, desk: Desk, slack: SlackDouble
) -> None:
    new = await desk.put("of a kind that the next release adds", channel="cs-leaders")
    known = await desk.put("of a kind there is")
    await desk.change(new, status=status, lease_until=desk.clock.now())
    async with desk.world.database.engine.begin() as connection:
        await connection.execute(text("UPDATE deliveries SET kind = 'hologram' WHERE id = :id"), {"id": new})
    assert await desk.outbox().drain() == {Outcome.SENT: 1}
    assert (await desk.row(known)).status is DeliveryStatus.SENT
    await desk.change(new, kind=DeliveryKind.NOTICE)
    assert await desk.outbox().drain() != {}
    assert slack.texts("cs-leaders") == ["of a kind that the next release adds"]
