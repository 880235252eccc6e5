"""SQLite in the event loop's own thread, as an asynchronous driver of SQLAlchemy.

A statement of a short transaction takes SQLite some 20 microseconds; handing it to a thread and waiting for the answer
takes the loop a hundred times as long. So here nothing is handed over: what SQLAlchemy awaits is done at once. Two
things would hold up the loop then, and neither happens here:

- Waiting for a lock. SQLite itself does not wait (`busy_timeout` is 0): BEGIN IMMEDIATE is tried again after an
  `asyncio.sleep`. After it, nothing in a write-ahead log finds a lock taken: the transaction is the one writer, readers
  lock nothing a writer needs, and a COMMIT only appends.
- Copying the log into the database. The connection does not do that at its commits (`wal_autocheckpoint` is 0); whoever
  opens it sees to that in a thread.
"""

import asyncio
import sqlite3
from collections.abc import Generator, Iterator
from itertools import chain, repeat
from typing import Any

from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import StaticPool
from sqlalchemy.util import await_only

DRIVER = "near"
PRAGMAS = ("busy_timeout=0", "wal_autocheckpoint=0")
PATIENCE = 10.0  # seconds that a transaction waits for the lock before it gives up
GROWING, LONGEST = (0.001, 0.002, 0.005, 0.010, 0.015), 0.020  # seconds between two tries


class NearDialect(SQLiteDialect_pysqlite):
    """The synchronous driver, declared asynchronous: SQLAlchemy awaits it, and it never makes anybody wait."""

    driver = DRIVER
    is_async = True
    supports_statement_cache = True

    def do_begin(self, dbapi_connection: Any) -> None:
        """Take the write lock. Raises "database is locked" after PATIENCE; until then the loop goes on with others."""
        for wait in _waits():
            try:
                dbapi_connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if not _is_busy(error):
                    raise
                await_only(asyncio.sleep(wait))
            else:
                return
        dbapi_connection.execute("BEGIN IMMEDIATE")


class _Connection(sqlite3.Connection):
    def cursor(self, *_: Any) -> "_Cursor":  # type: ignore[override]  # nobody asks for another kind of cursor
        return super().cursor(_Cursor)


class _AtOnce:
    """An awaitable that has happened."""

    def __await__(self) -> Generator[None]:
        return
        yield


class _Cursor(sqlite3.Cursor):
    """A cursor with the two things that SQLAlchemy asks of an asynchronous one: that a statement is awaited, and
    that the cursor can give back what it holds of its driver and keep its rows. It holds nothing."""

    def execute(self, *statement: Any) -> "_Cursor":
        super().execute(*statement)
        await_only(AT_ONCE)
        return self

    def executemany(self, *statements: Any) -> "_Cursor":
        super().executemany(*statements)
        await_only(AT_ONCE)
        return self

    async def _async_soft_close(self) -> None:
        pass


AT_ONCE = _AtOnce()


def open_near(url: URL) -> AsyncEngine:
    """An engine with one connection: those who use it must take turns."""
    return create_async_engine(
        url.set(drivername=f"sqlite+{DRIVER}"),
        poolclass=StaticPool,
        connect_args={"factory": _Connection, "timeout": 0},
    )


def _waits() -> Iterator[float]:
    left = PATIENCE
    for wait in chain(GROWING, repeat(LONGEST)):
        if left <= 0:
            return
        left -= wait
        yield wait


def _is_busy(error: sqlite3.OperationalError) -> bool:
    """Whether somebody else has the lock. The low byte of SQLite's code is the error, the rest its particulars."""
    return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY


registry.register(f"sqlite.{DRIVER}", __name__, NearDialect.__name__)
