"""What the doctor says of the database: whether it can be reached, or why not, and whether it is migrated."""

import asyncio
from pathlib import Path

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError

from bot.db import Database
from bot.errors import ConfigurationError, DatabaseUnavailable
from bot.findings import Finding, Level
from bot.logs import masked
from bot.migrating import is_current
from bot.web import SECONDS_TO_ANSWER


async def look_at_database(database: Database) -> Finding:
    """Connects and asks for the schema. A SQLite file that is not there is not made."""
    place = place_of(database.url)
    if database.file_is_absent():
        mend = "Is DATABASE_URL right? Then `playcall migrate` makes it."
        return Finding(Level.FAIL, f"Database: there is no {absent_part(Path(place))}.", mend)
    mend = "Check DATABASE_URL, and that this is " + (
        "Playcall's file, which it may read and write." if database.is_sqlite else "where PostgreSQL runs."
    )
    try:
        async with asyncio.timeout(SECONDS_TO_ANSWER):
            if await is_current(database):
                kind = database.url.get_backend_name()
                return Finding(Level.OK, f"Database: reachable and migrated ({kind}).")
    except TimeoutError:
        what = f"Database: {place} has not answered for {SECONDS_TO_ANSWER} seconds."
        return Finding(Level.FAIL, what, mend)
    except ConfigurationError as error:
        return Finding(Level.FAIL, f"Database: {error.message}")
    except (DatabaseUnavailable, DBAPIError) as error:
        return Finding(Level.FAIL, f"Database: {place} cannot be used ({reason_of(error)}).", mend)
    return Finding(Level.FAIL, f"Database: {place} is not migrated.", "Run `playcall migrate`.")


def place_of(url: URL) -> str:
    """Where a database is, without the password: a file, or host, port and name."""
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    host = url.host or url.query.get("host") or "localhost"
    port = f":{url.port}" if url.port else ""
    return f"{host}{port}/{url.database or ''}"


def absent_part(file: Path) -> str:
    return f"file {file}" if file.parent.is_dir() else f"directory {file.parent}"


def reason_of(error: DatabaseUnavailable | DBAPIError) -> str:
    """What the driver or the operating system said."""
    cause = error.__cause__ if isinstance(error, DatabaseUnavailable) else error
    if isinstance(cause, ConnectionRefusedError):
        return "connection refused"
    words = cause.orig if isinstance(cause, DBAPIError) else cause
    return masked(str(words)).rstrip(".")
