"""Playbooks asked for on many accounts: a few accounts in a transaction, until all have been seen."""

import asyncio
from datetime import datetime

from bot.db import Database, reading_session
from bot.engine.bulk import start_some, unfinished_bulk
from bot.library.library import Library
from bot.models import BulkStart
from bot.services import Services

LOOKED_AT = 10  # accounts in one transaction: a click waits for no more starts than these
PAUSE = 0.05  # seconds between two transactions


async def start_bulk(services: Services, now: datetime) -> int:
    """Go on with what was asked for, until nothing is left. Returns how many it finished."""
    finished = 0
    while bulk := await _next(services.database):
        await finish_bulk(services.database, services.library, bulk.id, now)
        services.wake()
        finished += 1
    return finished


async def _next(database: Database) -> BulkStart | None:
    async with database.reading() as connection:
        return await unfinished_bulk(reading_session(connection))


async def finish_bulk(database: Database, library: Library, bulk_id: int, now: datetime) -> BulkStart:
    """Go through the accounts that are left, wherever somebody stopped. Two workers at it take turns."""
    while True:
        async with database.long_transaction() as session:
            bulk = await session.get_one(BulkStart, bulk_id, with_for_update=True)
            if bulk.finished_at or not await start_some(session, library, bulk, now, LOOKED_AT):
                return bulk
        await asyncio.sleep(PAUSE)
