"""SQLite in the event loop's own thread: a reader and a session that do their work on the spot.

A statement takes SQLite some 20 microseconds; handing it to another thread and waiting for the answer takes the loop a
hundred times as long. So here nothing is handed over, and nothing is awaited. Two things would hold up the loop then,
and neither happens here:

- Waiting for a lock. SQLite itself does not wait (`busy_timeout` is 0): BEGIN IMMEDIATE is tried again after an
  `asyncio.sleep`. After it, nothing in a write-ahead log finds a lock taken: the transaction is the one writer, readers
  lock nothing a writer needs, and a COMMIT only appends.
- Copying the log into the database. The writer does not do that at its commits (`wal_autocheckpoint` is 0); whoever
  opens it sees to that in a thread.
"""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import Connection, CursorResult, Engine, Executable, create_engine
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import StaticPool
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.near_rows import write_changes
from bot.near_values import DIALECT
from bot.turns import Turns

WRITING = ("busy_timeout=0", "wal_autocheckpoint=0")  # the settings of a writer's connection
BEGIN = "BEGIN IMMEDIATE"
PATIENCE = 10.0  # seconds that a transaction waits for the lock before it gives up
SECONDS_BETWEEN_TRIES = 0.002

Parameters = Mapping[str, Any] | Sequence[Mapping[str, Any]]


class NearReader:
    """A connection that is awaited like any other, and answers at once."""

    dialect = DIALECT

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._driver = _driver(connection)

    async def execute(self, statement: Executable, parameters: Parameters | None = None, /) -> CursorResult[Any]:
        return self._connection.execute(statement, parameters)

    def session(self) -> "NearSession":
        """A session to read whole rows with, on this connection."""
        return NearSession(self._connection, autoflush=False)

    def close(self) -> None:
        self._connection.close()

    def fetch(self, sql: str, values: Sequence[Any]) -> list[Any]:
        """The rows of a statement in SQLite's own words, as the driver gives them."""
        try:
            rows: list[Any] = self._driver.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise _as_elsewhere(sql, error) from error
        return rows

    def write(self, sql: str, values: Sequence[Any], /) -> sqlite3.Cursor:
        """Carry out a change in SQLite's own words."""
        try:
            return self._driver.execute(sql, values)
        except sqlite3.Error as error:
            raise _as_elsewhere(sql, error) from error


class NearSession(AsyncSession):
    """A session on such a connection.

    What transactions do all the time is overridden to go straight to the session or to the driver beneath, because
    AsyncSession makes a greenlet for everything that might have to wait. The rest is inherited, and works.
    """

    def __init__(self, connection: Connection, **options: Any) -> None:
        super().__init__(expire_on_commit=False, **options)
        self.sync_session.bind = connection
        self._near = NearReader(connection)

    async def exec(self, statement: Any, **options: Any) -> Any:  # the overloads are AsyncSession's
        await self.settle()
        return self.sync_session.exec(statement, **options)

    async def flush(self, objects: Sequence[Any] | None = None) -> None:
        if objects or not write_changes(self.sync_session, self._near):
            self.sync_session.flush(objects)

    async def settle(self) -> None:
        """Before rows are loaded: write what is not written yet, where a session does that by itself."""
        if self.sync_session.autoflush:
            await self.flush()

    async def connection(self, **_: Any) -> NearReader:  # type: ignore[override]  # of which callers use `execute`
        return self._near


def open_near(url: URL, **options: Any) -> Engine:
    """An engine with one connection, without a thread between. Those who write with it must take turns."""
    return create_engine(url.set(drivername="sqlite+pysqlite"), poolclass=StaticPool, hide_parameters=True, **options)


@asynccontextmanager
async def near_transaction(engine: Engine, turns: Turns) -> AsyncIterator[NearSession]:
    """A session with the write lock. It commits at the end, and rolls back on any error.

    Raises as `taking_lock` does.
    """
    with engine.connect() as connection:  # when it is given back, what nobody committed is rolled back
        async with turns.first_in_line():
            for wait in taking_lock(_driver(connection).execute):
                await asyncio.sleep(wait)
        session = NearSession(connection)
        with session.sync_session, session.sync_session.begin():
            session.sync_session.connection()  # the session commits what it knows that it has begun
            yield session
            await session.flush()


def taking_lock(execute: Callable[[str], object]) -> Iterator[float]:
    """Begin a transaction that may write: yields the seconds to wait until the next try, as long as one is needed.

    `execute` carries out a statement without waiting for a lock. Raises OperationalError when somebody else keeps the
    lock for longer than PATIENCE.
    """
    end = time.monotonic() + PATIENCE
    while True:
        try:
            execute(BEGIN)
        except (sqlite3.Error, OperationalError) as error:
            cause = error.orig if isinstance(error, OperationalError) else error
            if time.monotonic() > end or not (isinstance(cause, sqlite3.Error) and _is_busy(cause)):
                raise OperationalError(BEGIN, None, cause or error) from error
        else:
            return
        yield SECONDS_BETWEEN_TRIES


def _is_busy(error: sqlite3.Error) -> bool:
    """Whether somebody else has the lock. The low byte of SQLite's code is the error, the rest its particulars."""
    return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY


def _as_elsewhere(sql: str, error: sqlite3.Error) -> BaseException:
    """The error as SQLAlchemy names it, whatever the driver."""
    return DBAPIError.instance(sql, None, error, sqlite3.Error)


def _driver(connection: Connection) -> sqlite3.Connection:
    driver: Any = connection.connection.dbapi_connection
    return driver  # type: ignore[no-any-return]  # SQLAlchemy knows no driver's own type
