"""What a day owes: journeys roll over, playbooks whose date is near start, health is kept, guardrails and rules act.

Everything here may run any number of times a day: what has been done is not done again.
"""

import asyncio
from datetime import datetime

import structlog

from bot.engine.journeys.moving import find_to_roll, roll_over
from bot.engine.nearing import find_due
from bot.engine.triggers import start_due
from bot.schedule.code_reds import ask_in_code_reds
from bot.schedule.guarding import Watch, act_on_crossings
from bot.schedule.resting_alerts import repeat_alerts
from bot.schedule.ruling import RuleWatch
from bot.services import Services
from bot.signals.health_snapshots import snapshot_pages

log = structlog.get_logger(__name__)

ACCOUNTS_AT_A_TIME = 5  # in one transaction: a click waits for no more than these
PAUSE = (
    0.1  # seconds between two transactions: SQLite looks that often whether a lock is free, so a click gets its turn
)


async def run_daily(services: Services, now: datetime) -> int:
    """Roll over journeys, start due playbooks, keep every account's health, and act on guardrails and rules.

    Returns how many playbooks started because a date has come near.
    """
    rolled = await roll_journeys(services, now)
    started = await _start_playbooks(services, now)
    watched = await keep_health(services, now)
    await ask_in_code_reds(services, now)
    await repeat_alerts(services, now)
    if started or rolled or watched:
        log.info("day_began", playbooks_started=started, journeys_rolled_over=rolled, watched_acted=watched)
        services.wake()
    return started


async def keep_health(services: Services, now: datetime) -> int:
    """Write down the health of the day, and do what guardrails and rules say. Returns how much that was."""
    watch, rules = Watch(services.library), RuleWatch(services.library)
    async for healths in snapshot_pages(services.database, services.library.health_config, now):
        await watch.look_at(services, healths, now)
        await rules.look_at(services, healths, now)
    return await act_on_crossings(services, watch, now) + await rules.act(services, now)


async def roll_journeys(services: Services, now: datetime) -> int:
    """Put accounts whose year is over on what follows, a few in a transaction. Returns how many went on."""
    async with services.database.reading() as connection:
        found = await find_to_roll(connection, services.library, now)
    rolled = 0
    for few in (found[at : at + ACCOUNTS_AT_A_TIME] for at in range(0, len(found), ACCOUNTS_AT_A_TIME)):
        async with services.database.long_transaction() as session:
            for account_id in few:
                rolled += await roll_over(session, services.library, account_id, now)
        await asyncio.sleep(PAUSE)
    return rolled


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
