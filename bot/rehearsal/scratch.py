"""The stage of a rehearsal: a database of its own, a library in which one playbook is in use, a clock that leaps.

There is no Slack client and no outbox in it, so nothing that is written into it can leave.
"""

import sqlite3
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

from sqlalchemy import create_engine
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.pool import StaticPool
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.clock import FixedClock
from bot.db import Database
from bot.library.library import Library
from bot.library.schema import Playbook
from bot.rehearsal.snapshot import Snapshot, store_snapshot
from bot.services import Services
from bot.settings import Settings

EMAILS = "emails"  # where mails that go by themselves are shown


class StageDatabase(Database):
    """All in the event loop's own thread: nobody else works here, nothing is large, and speed is all that counts."""

    @asynccontextmanager
    async def long_transaction(self) -> AsyncIterator[AsyncSession]:
        async with self.transaction() as session:
            yield session

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        async with self.transaction() as session:
            yield await session.connection()

    async def _checkpoint_when_due(self) -> None:
        """What is thrown away stays in its log."""


@asynccontextmanager
async def open_scratch(
    settings: Settings, library: Library, playbook: Playbook, snapshot: Snapshot, clock: FixedClock
) -> AsyncIterator[Services]:
    """Services over a database that holds the snapshot and is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="playcall-rehearsal-", ignore_cleanup_errors=True) as directory:
        path = Path(directory) / "rehearsal.db"
        path.write_bytes(_empty_database())
        database = StageDatabase(f"sqlite+aiosqlite:///{path.as_posix()}")
        try:
            async with database.transaction() as session:
                await store_snapshot(session, snapshot)
            together = settings.model_copy(update={"coalesce_seconds": 0.0, "email_channel": EMAILS})
            yield Services(together, database, library.rehearsing(playbook), clock, _nobody_to_wake)
        finally:
            await database.close()


def _nobody_to_wake() -> None:
    """What is in this outbox is looked at by the rehearsal itself."""


@cache
def _empty_database() -> bytes:
    """A SQLite file with all tables. Made once in a process: writing it takes a hundredth of the time of making it."""
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    engine = create_engine("sqlite://", creator=lambda: connection, poolclass=StaticPool)
    SQLModel.metadata.create_all(engine)
    content: bytes = connection.serialize()
    engine.dispose()
    return content
