"""What a day owes: playbooks whose date has come near are started, and health is written down.

Everything here may run any number of times a day: what has been done is not done again.
"""

import asyncio
from datetime import datetime

import structlog

from bot.engine.nearing import find_due
from bot.engine.triggers import start_due
from bot.services import Services
from bot.signals.health_snapshots import snapshot_health

log = structlog.get_logger(__name__)

ACCOUNTS_AT_A_TIME = 5  # in one transaction: a click waits for no more than these
PAUSE = (
    0.1  # seconds between two transactions: SQLite looks that often whether a lock is free, so a click gets its turn
)


async def run_daily(services: Services, now: datetime) -> int:
    """Start due playbooks and keep today's health of every account. Returns how many playbooks started."""
    started = await _start_playbooks(services, now)
    await snapshot_health(services.database, services.library.health_config, now)
    if started:
        log.info("playbooks_started", started=started)
        services.wake()
    return started


async def _start_playbooks(services: Services, now: datetime) -> int:
    """Look for accounts outside any transaction, then start on a few at a time. Each account is tried once."""
    started = 0
    tried: set[int] = set()
    async with services.database.reading() as connection:
        await services.library.refresh(connection)
        async for page in find_due(connection, services.library, now):
            found = sorted({due.account_id for due in page} - tried)
            for few in (found[at : at + ACCOUNTS_AT_A_TIME] for at in range(0, len(found), ACCOUNTS_AT_A_TIME)):
                if tried:
                    await asyncio.sleep(PAUSE)
                tried.update(few)
                async with services.database.long_transaction() as session:
                    started += len(await start_due(session, services.library, now, few))
    return started
