"""The daily update of a code red, asked for when nobody gave it."""

from datetime import datetime

from bot.engine.code_red import ask_for_updates
from bot.services import Services


async def ask_in_code_reds(services: Services, now: datetime) -> int:
    """Returns in how many threads an update is asked for."""
    async with services.database.long_transaction() as session:
        asked = await ask_for_updates(session, now)
    if asked:
        services.wake()
    return asked
