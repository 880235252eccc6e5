"""Signals in quarantine whose account is known by now are taken in, a few hundred in a transaction."""

import asyncio
from datetime import datetime

from bot.db import reading_session
from bot.services import Services
from bot.signals.assigning import find_known, take_in_known

PAUSE = 0.1  # seconds between two transactions: a click gets its turn


async def empty_quarantine(services: Services, now: datetime) -> int:
    """Take in all there are. Returns how many."""
    async with services.database.reading() as connection:
        references = await find_known(reading_session(connection))
    taken = 0
    for reference in references:
        more = True
        while more:
            async with services.database.long_transaction() as session:
                count = await take_in_known(session, services.library, reference, now)
            more, taken = bool(count), taken + count
            services.wake()
            await asyncio.sleep(PAUSE)
    return taken
