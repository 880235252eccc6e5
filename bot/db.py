"""The database: two ways to change it, two to read it.

`transaction()` is for changes: one session, one commit at its end, a rollback on any error. `reading()` is for read
models: a bare connection on which every statement stands alone, which saves the BEGIN and the COMMIT.

On SQLite each has a form that works in the event loop's own thread, because the driver's hops to another thread cost
ten times and more what a small statement does. `transaction()` is that form of a change: it is for what one person or
one message changes. `long_transaction()` is for what changes many rows: batches, imports. `glance()` is that form of a
read: a few rows by an index on the way to an answer. What would hold up the loop belongs in `long_transaction()` and
`reading()`. On PostgreSQL there is no difference.

SQLite facts behind the settings: under several writers a deferred transaction fails with "database is locked" when it
turns from reading to writing, so a transaction takes the write lock at once (BEGIN IMMEDIATE) and waits for it. The
write-ahead log begins anew only when all of it was copied into the database while nobody wrote: so a checkpoint has its
turn like a writer.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import CursorResult, Engine, Executable, event
from sqlalchemy.dialects.postgresql import Insert as PostgresInsert
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import Insert as SqliteInsert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.exc import (
    DBAPIError,
    InterfaceError,
    InternalError,
    OperationalError,
    ProgrammingError,
    SQLAlchemyError,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.util import await_only
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.errors import ConfigurationError, DatabaseUnavailable, TryAgain
from bot.near_sqlite import PATIENCE, WRITING, NearReader, Parameters, near_transaction, open_near, taking_lock
from bot.turns import Turns

BUSY_TIMEOUT_MS = round(PATIENCE * 1000)
HANGING_MS = 120_000  # between two statements of a transaction; none of ours computes for nearly as long
CHECKPOINT_EVERY = 75  # short transactions; with some thirteen pages each that is SQLite's own measure of 1,000 pages
CACHE_KIB = 32 * 1024  # for each connection, as it is needed; SQLite's own 2 MB are less than a batch of firing touches
READ_ONLY = "playcall_read_only"
GAVE_WAY = {"40P01", "40001", "55P03"}  # PostgreSQL: deadlock detected, serialization failure, lock not available
AWAY = ("08", "57P", "28", "3D")
"""PostgreSQL: the connection broke; the server is going down, crashed, or not up yet; it does not let us in; it has no
such database."""
UNDEFINED = {"42P01", "42703"}  # PostgreSQL: undefined table, undefined column


ReadingConnection = AsyncConnection | NearReader
"""What `glance()` gives, and `reading()`: rows are read through it, or whole objects in a `reading_session`."""


class Reader(Protocol):
    """What read models read through: a connection of `reading()` or of `glance()`, or that of a session."""

    async def execute(self, statement: Executable, parameters: Parameters | None = None, /) -> CursorResult[Any]: ...


class Database:
    def __init__(self, url: str, *, pool_size: int = 5) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.engine: AsyncEngine = create_async_engine(
            self.url, pool_size=pool_size, max_overflow=10, hide_parameters=True
        )  # what people wrote stays out of errors, and so out of logs
        if self.is_sqlite:
            _prepare_connections(self.engine.sync_engine)
            event.listen(self.engine.sync_engine, "begin", _begin_immediate)
        else:
            event.listen(self.engine.sync_engine, "connect", _let_go_of_what_hangs)
        has_file = self.is_sqlite and bool(self.url.database)
        self._near_writer = _near_engine(self.url, *WRITING) if has_file else None
        self._near_engine = _near_engine(self.url, isolation_level="AUTOCOMMIT") if has_file else None
        self._near: NearReader | None = None
        self._turns = Turns(self.url.database if has_file else None) if self.is_sqlite else None
        self._unchecked = 0  # short transactions since the last checkpoint

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """A change that holds up nobody: a few statements, by an index each."""
        if self._near_writer is None or self._turns is None:
            async with self.long_transaction() as session:
                yield session
            return
        with explained_errors():
            async with self._turns:
                async with near_transaction(self._near_writer, self._turns) as session:
                    yield session
                await self._checkpoint_when_due()

    @asynccontextmanager
    async def long_transaction(self) -> AsyncIterator[AsyncSession]:
        """A change of many rows."""
        with explained_errors():
            new_session = AsyncSession(self.engine, expire_on_commit=False)
            async with self._turns or nullcontext(), new_session as session, session.begin():
                if self._turns:
                    async with self._turns.first_in_line():
                        await session.connection()  # this is when it begins
                yield session

    async def make_way(self, seconds: float) -> None:
        """To be called between two batches: leaves SQLite for that long to another process that waits for its turn."""
        waits = self._turns is not None and self._turns.another_waits()
        await asyncio.sleep(seconds if waits else 0)

    async def _checkpoint_when_due(self) -> None:
        """Copy the write-ahead log into the database, in a thread: the disk takes its time over that."""
        self._unchecked += 1
        if self._unchecked < CHECKPOINT_EVERY:
            return
        self._unchecked = 0
        with suppress(SQLAlchemyError, DatabaseUnavailable):  # the log is safe, and the next checkpoint copies it
            async with self.reading() as connection:
                await connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)")

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        with explained_errors():
            async with self.engine.connect() as connection:
                await connection.execution_options(isolation_level="AUTOCOMMIT", **{READ_ONLY: True})
                yield connection

    @asynccontextmanager
    async def glance(self) -> AsyncIterator[ReadingConnection]:
        if self._near_engine is None:
            async with self.reading() as connection:
                yield connection
            return
        with explained_errors():
            self._near = self._near or NearReader(self._near_engine.connect())
            try:
                yield self._near
            except DBAPIError:
                self._close_near()  # whatever was the matter, the next one begins anew
                raise

    def _close_near(self) -> None:
        if self._near is not None:
            self._near.close()
            self._near = None

    def file_is_absent(self) -> bool:
        """Whether this is SQLite, and its file is not there yet. To connect would make it."""
        return self.is_sqlite and bool(self.url.database) and not Path(str(self.url.database)).exists()

    async def close(self) -> None:
        self._close_near()
        if self._turns:
            self._turns.close()
        for engine in (self._near_engine, self._near_writer):
            if engine is not None:
                engine.dispose()
        await self.engine.dispose()


def _near_engine(url: URL, *settings: str, **options: Any) -> Engine:
    """SQLite without a thread between. Readers of a write-ahead log wait for nobody, so it does not block the loop.

    All readers share one connection: waiting for a free one would block the loop, with whoever was to free it.
    """
    engine = open_near(url, **options)
    _prepare_connections(engine, *settings)
    return engine


def _prepare_connections(engine: Engine, *more: str) -> None:
    """Set up each connection that the engine opens, with these settings and `more` of them."""
    settings = (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        f"cache_size=-{CACHE_KIB}",
        *more,
    )

    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver begins nothing by itself: see BEGIN IMMEDIATE
        cursor = connection.cursor()
        for setting in settings:
            cursor.execute(f"PRAGMA {setting}")
        cursor.close()

    event.listen(engine, "connect", prepare)


def _let_go_of_what_hangs(connection: Any, _record: Any) -> None:
    """Let PostgreSQL end the transaction of a process that hangs: what it has locked, others wait for."""
    limit = f"SET idle_in_transaction_session_timeout = {HANGING_MS}"
    connection.autocommit = True  # a setting made in a transaction would end with it
    cursor = connection.cursor()
    cursor.execute(limit)
    cursor.close()
    connection.autocommit = False


def _begin_immediate(connection: Connection) -> None:
    """Take the write lock as `near_transaction` does: SQLite itself sleeps up to 0.1 s between two looks at it."""
    if connection.get_execution_options().get(READ_ONLY):
        return
    connection.exec_driver_sql("PRAGMA busy_timeout=0")
    try:
        for wait in taking_lock(connection.exec_driver_sql):
            await_only(asyncio.sleep(wait))
    finally:
        connection.exec_driver_sql(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")


@contextmanager
def explained_errors() -> Iterator[None]:
    """Turn what a driver says of an absent or unprepared database into one sentence with a next step."""
    try:
        yield
    except (OperationalError, InterfaceError, ProgrammingError) as error:
        if _schema_is_missing(error):
            raise ConfigurationError("The database is not migrated. Run `playcall migrate`.") from error
        if isinstance(error, ProgrammingError):
            raise
        raise DatabaseUnavailable from error
    except DBAPIError as error:
        state = getattr(error.orig, "sqlstate", None) or ""
        if state in GAVE_WAY:
            raise TryAgain from error
        if error.connection_invalidated or state.startswith(AWAY) or _has_lost_its_thread(error, state):
            raise DatabaseUnavailable from error
        raise
    except OSError as error:
        raise DatabaseUnavailable from error


def _has_lost_its_thread(error: DBAPIError, state: str) -> bool:
    """Whether asyncpg refuses to ask, because the server has said in the meantime that it goes away."""
    return isinstance(error, InternalError) and not state


def _schema_is_missing(error: DBAPIError) -> bool:
    words = str(error.orig)
    state = getattr(error.orig, "sqlstate", None)
    return state in UNDEFINED or "no such table" in words or "no such column" in words


def insert_or(session: AsyncSession, table: type[SQLModel]) -> PostgresInsert | SqliteInsert:
    """An INSERT that knows ON CONFLICT, of the session's database."""
    return sqlite_insert(table) if session.get_bind().dialect.name == "sqlite" else postgres_insert(table)


def reading_session(connection: ReadingConnection) -> AsyncSession:
    """A session to read whole rows with, on a connection of `reading()`, `glance()` or another session."""
    if isinstance(connection, NearReader):
        return connection.session()
    return AsyncSession(connection, expire_on_commit=False, autoflush=False)
