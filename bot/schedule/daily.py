"""What a day owes: playbooks whose date has come near are started, and health is written down.

Everything here may run any number of times a day: what has been done is not done again.
"""

from datetime import datetime

import structlog

from bot.engine.triggers import start_for_anchors
from bot.services import Services
from bot.signals.health_snapshots import snapshot_health

log = structlog.get_logger(__name__)

STARTS_AT_A_TIME = 50


async def run_daily(services: Services, now: datetime) -> int:
    """Start due playbooks and keep today's health of every account. Returns how many playbooks started."""
    started = 0
    while True:
        async with services.database.transaction() as session:
            runs = await start_for_anchors(session, services.library, now, limit=STARTS_AT_A_TIME)
        started += len(runs)
        if len(runs) < STARTS_AT_A_TIME:
            break
    await snapshot_health(services.database, services.library.health_config, now)
    if started:
        log.info("playbooks_started", started=started)
        services.wake()
    return started
