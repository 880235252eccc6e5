"""Backups of the database, whichever it is: a file that `playcall restore` brings back."""

import asyncio
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import URL, inspect, select, update
from sqlmodel import col

from bot.db import Database
from bot.errors import ConfigurationError, InvalidInput
from bot.models import Account, ApiToken, Delivery, Member, QuarantinedSignal
from bot.models.outbox import UNSENT

SQLITE_HEAD = b"SQLite format 3\x00"
POSTGRESQL_HEAD = b"PGDMP"
OURS = "deliveries"  # a table that every Playcall database has


async def back_up(url: URL, file: Path) -> None:
    """Write the database to a file, while Playcall goes on working. The file is whole or not there.

    Only who writes it may read it. Raises InvalidInput when the file is there already, ConfigurationError when the
    database cannot be read or holds nothing of Playcall's.
    """
    _require_absent(file)
    await _require_migrated(url)
    part = file.with_name(f"{file.name}.part")
    part.unlink(missing_ok=True)
    try:
        part.touch(mode=0o600)
        if url.get_backend_name() == "sqlite":
            await asyncio.to_thread(_copy_sqlite, Path(str(url.database)), part)
        else:
            await _run_on(url, "pg_dump", "--format=custom", "--no-owner", f"--file={part}")
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


async def restore(url: URL, file: Path) -> None:
    """Put what a backup holds in the place of what the database holds now.

    Whatever was waiting to be sent when the backup was made may have been sent since: each of those is looked up in
    Slack before it is sent. Raises InvalidInput, and changes nothing, when the file is no backup of Playcall's.
    """
    await require_backup(url, file)
    if url.get_backend_name() == "sqlite":
        await asyncio.to_thread(_copy_sqlite, file, Path(str(url.database)))
    else:
        await _run_on(url, "pg_restore", "--clean", "--if-exists", "--no-owner", "--single-transaction", str(file))
    database = Database(url.render_as_string(hide_password=False))
    try:
        async with database.long_transaction() as session:
            tried = update(Delivery).where(UNSENT, col(Delivery.attempts) == 0)
            await session.exec(tried.values(attempts=1))
    finally:
        await database.close()


async def require_backup(url: URL, file: Path) -> None:
    """Raises InvalidInput when the file is not there, or is no backup that can be put in this database's place."""
    if url.get_backend_name() == "sqlite":
        _require_kind(file, SQLITE_HEAD, "SQLite")
        is_ours = _has_our_tables(file)
    else:
        _require_kind(file, POSTGRESQL_HEAD, "PostgreSQL")
        is_ours = f" TABLE DATA public {OURS} " in await _run("pg_restore", "--list", str(file))
    if not is_ours:
        raise InvalidInput(f"{file} is no backup of Playcall's. The database is as it was.")


async def holds_something(database: Database) -> bool:
    """Whether there is anything in the database that would be missed."""
    try:
        async with database.reading() as connection:
            for table in (Member, Account, QuarantinedSignal, ApiToken):
                if (await connection.execute(select(col(table.id)).limit(1))).first() is not None:
                    return True
            return False
    except ConfigurationError:  # not migrated: nothing is there
        return False


def _require_absent(file: Path) -> None:
    if file.exists():
        raise InvalidInput(f"{file} is there already. Name another file, or remove that one first.")


async def _require_migrated(url: URL) -> None:
    if url.get_backend_name() == "sqlite":
        is_ours = _has_our_tables(_existing(url))
    else:
        database = Database(url.render_as_string(hide_password=False))
        try:
            async with database.reading() as connection:
                is_ours = await connection.run_sync(lambda sync: inspect(sync).has_table(OURS))
        finally:
            await database.close()
    if not is_ours:
        raise ConfigurationError("There is nothing of Playcall's in this database. Is DATABASE_URL right?")


def _existing(url: URL) -> Path:
    path = Path(str(url.database))
    if not path.exists():
        raise ConfigurationError(f"There is no database {path}. Is DATABASE_URL right?")
    return path


def _has_our_tables(path: Path) -> bool:
    """Of an SQLite file, which is only looked at."""
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            return connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", [OURS]).fetchone() is not None
    except sqlite3.Error as error:
        raise ConfigurationError(f"{path} cannot be read: {error}.") from error


def _require_kind(file: Path, head: bytes, kind: str) -> None:
    if not file.is_file():
        raise InvalidInput(f"There is no file {file}.")
    with file.open("rb") as opened:
        if opened.read(len(head)) != head:
            raise InvalidInput(f"{file} is no backup of a {kind} database, which DATABASE_URL names.")


def _copy_sqlite(source: Path, target: Path) -> None:
    """SQLite's own online copy: a state between two transactions, also while others write."""
    try:
        with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(target, timeout=10)) as other:
            one.backup(other)
            if (found := other.execute("PRAGMA integrity_check").fetchone()[0]) != "ok":
                raise ConfigurationError(f"The copy of {source} is damaged: {found}.")
    except sqlite3.Error as error:
        raise ConfigurationError(f"{source} cannot be copied to {target}: {error}.") from error


async def _run_on(url: URL, program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs. The password goes by the environment, where no process list shows it."""
    password = url.password or url.query.get("password")
    plain = url.set(drivername="postgresql", password=None).difference_update_query(["password"]).render_as_string()
    await _run(program, f"--dbname={plain}", *arguments, **({"PGPASSWORD": str(password)} if password else {}))


async def _run(program: str, *arguments: str, **variables: str) -> str:
    """Run one of PostgreSQL's programs, with more variables in its environment. Returns what it printed."""
    path = shutil.which(program)
    if path is None:
        raise ConfigurationError(f"{program} is not installed here. It comes with PostgreSQL's client programs.")
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        path, *arguments, env=os.environ | variables, stdout=pipe, stderr=pipe
    )
    printed, errors = await process.communicate()
    if process.returncode:
        told = " ".join(errors.decode(errors="replace").split())
        raise ConfigurationError(f"{program} did not succeed: {told or f'exit {process.returncode}'}")
    return printed.decode(errors="replace")
