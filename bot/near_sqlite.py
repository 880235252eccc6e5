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
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import chain, repeat
from typing import Any

from sqlalchemy import Connection, CursorResult, Engine, Executable, create_engine
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import StaticPool
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.near_rows import write_changes
from bot.near_values import DIALECT

WRITING = ("busy_timeout=0", "wal_autocheckpoint=0")  # the settings of a writer's connection
BEGIN = "BEGIN IMMEDIATE"
PATIENCE = 10.0  # seconds that a transaction waits for the lock before it gives up
GROWING, LONGEST = (0.001, 0.002, 0.005, 0.010, 0.015), 0.020  # seconds between two tries

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
async def near_transaction(engine: Engine) -> AsyncIterator[NearSession]:
    """A session with the write lock. It commits at the end, and rolls back on any error.

    Raises OperationalError when somebody else keeps the lock for longer than PATIENCE.
    """
    with engine.connect() as connection:  # when it is given back, what nobody committed is rolled back
        await _take_lock(_driver(connection))
        session = NearSession(connection)
        with session.sync_session, session.sync_session.begin():
            session.sync_session.connection()  # the session commits what it knows that it has begun
            yield session
            await session.flush()


async def _take_lock(driver: sqlite3.Connection) -> None:
    for wait in _waits():
        try:
            driver.execute(BEGIN)
        except sqlite3.Error as error:
            if wait is None or not _is_busy(error):
                raise OperationalError(BEGIN, None, error) from error
        else:
            return
        await asyncio.sleep(wait)


def _waits() -> Iterator[float | None]:
    """The seconds to wait before each next try; None at last, when there is none."""
    left = PATIENCE
    for wait in chain(GROWING, repeat(LONGEST)):
        if left <= 0:
            break
        left -= wait
        yield wait
    yield None


def _is_busy(error: sqlite3.Error) -> bool:
    """Whether somebody else has the lock. The low byte of SQLite's code is the error, the rest its particulars."""
    return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY


def _as_elsewhere(sql: str, error: sqlite3.Error) -> BaseException:
    """The error as SQLAlchemy names it, whatever the driver."""
    return DBAPIError.instance(sql, None, error, sqlite3.Error)


def _driver(connection: Connection) -> sqlite3.Connection:
    driver: Any = connection.connection.dbapi_connection
    return driver  # type: ignore[no-any-return]  # SQLAlchemy knows no driver's own type
