"""Backups of the database, whichever it is: a file that `playcall restore` brings back."""

import asyncio
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import URL, select, update
from sqlmodel import col

from bot.db import Database
from bot.errors import ConfigurationError, InvalidInput
from bot.models import Delivery, Member
from bot.models.outbox import UNSENT

SQLITE_HEAD = b"SQLite format 3\x00"
POSTGRESQL_HEAD = b"PGDMP"


async def back_up(url: URL, file: Path) -> None:
    """Write the database to a file, while Playcall goes on working. The file is whole or not there.

    Raises InvalidInput when the file is there already, ConfigurationError when the database cannot be read.
    """
    _require_absent(file)
    part = file.with_name(f"{file.name}.part")
    part.unlink(missing_ok=True)
    try:
        if url.get_backend_name() == "sqlite":
            await asyncio.to_thread(_copy_sqlite, _existing(url), part)
        else:
            await _run("pg_dump", url, "--format=custom", "--no-owner", f"--file={part}")
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


async def restore(url: URL, file: Path) -> None:
    """Put what a backup holds in the place of what the database holds now.

    Whatever was waiting to be sent when the backup was made may have been sent since: each of those is looked up in
    Slack before it is sent. Raises InvalidInput when the file is no backup of this kind of database.
    """
    is_sqlite = url.get_backend_name() == "sqlite"
    _require_backup(file, SQLITE_HEAD if is_sqlite else POSTGRESQL_HEAD, "SQLite" if is_sqlite else "PostgreSQL")
    if is_sqlite:
        await asyncio.to_thread(_copy_sqlite, file, Path(str(url.database)))
    else:
        await _run("pg_restore", url, "--clean", "--if-exists", "--no-owner", "--single-transaction", str(file))
    database = Database(url.render_as_string(hide_password=False))
    try:
        async with database.long_transaction() as session:
            tried = update(Delivery).where(UNSENT, col(Delivery.attempts) == 0)
            await session.exec(tried.values(attempts=1))
    finally:
        await database.close()


async def holds_something(database: Database) -> bool:
    """Whether there is anybody in the database who would be missed."""
    try:
        async with database.reading() as connection:
            return (await connection.execute(select(col(Member.id)).limit(1))).first() is not None
    except ConfigurationError:  # not migrated: nothing is there
        return False


def _require_absent(file: Path) -> None:
    if file.exists():
        raise InvalidInput(f"{file} is there already. Name another file, or remove that one first.")


def _existing(url: URL) -> Path:
    path = Path(str(url.database))
    if not path.exists():
        raise ConfigurationError(f"There is no database {path}. Is DATABASE_URL right?")
    return path


def _copy_sqlite(source: Path, target: Path) -> None:
    """SQLite's own online copy: a state between two transactions, also while others write."""
    try:
        with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(target, timeout=10)) as other:
            one.backup(other)
            if (found := other.execute("PRAGMA integrity_check").fetchone()[0]) != "ok":
                raise ConfigurationError(f"The copy of {source} is damaged: {found}.")
    except sqlite3.Error as error:
        raise ConfigurationError(f"{source} cannot be copied to {target}: {error}.") from error


def _require_backup(file: Path, head: bytes, kind: str) -> None:
    if not file.is_file():
        raise InvalidInput(f"There is no file {file}.")
    with file.open("rb") as opened:
        if opened.read(len(head)) != head:
            raise InvalidInput(f"{file} is no backup of a {kind} database, which DATABASE_URL names.")


async def _run(program: str, url: URL, *arguments: str) -> None:
    """Run one of PostgreSQL's programs. The password goes by the environment, where no process list shows it."""
    path = shutil.which(program)
    if path is None:
        raise ConfigurationError(f"{program} is not installed here. It comes with PostgreSQL's client programs.")
    password = url.password or url.query.get("password")
    plain = url.set(drivername="postgresql", password=None).difference_update_query(["password"]).render_as_string()
    environment = os.environ | ({"PGPASSWORD": str(password)} if password else {})
    process = await asyncio.create_subprocess_exec(
        path, f"--dbname={plain}", *arguments, env=environment, stderr=asyncio.subprocess.PIPE
    )
    _, errors = await process.communicate()
    if process.returncode:
        told = " ".join(errors.decode(errors="replace").split())
        raise ConfigurationError(f"{program} did not succeed: {told or f'exit {process.returncode}'}")
