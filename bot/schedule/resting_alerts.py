"""Alerts that somebody put off, when their time has come."""

from datetime import datetime

from bot.db import reading_session
from bot.engine.alert_repeats import find_rested, raise_again
from bot.services import Services


async def repeat_alerts(services: Services, now: datetime) -> int:
    """Ask again, an alert a transaction: a click waits for no more. Returns how many were asked again."""
    async with services.database.reading() as connection:
        rested = await find_rested(reading_session(connection), now)
    for alert_id, firing_id in rested:
        async with services.database.long_transaction() as session:
            await raise_again(session, services.library, alert_id, firing_id, now)
    if rested:
        services.wake()
    return len(rested)
