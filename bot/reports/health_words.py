"""Health in two words, for lists of accounts."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from bot.library.library import Library
from bot.signals.health import Band, Health
from bot.signals.health_facts import among, load_health

MARKS = {Band.GREEN: "🟢", Band.YELLOW: "🟡", Band.RED: "🔴", Band.UNKNOWN: "⚪"}


async def load_health_words(
    session: AsyncSession, library: Library, account_ids: Sequence[int], now: datetime
) -> dict[int, str]:
    """`🟢 82` for each of the accounts."""
    if not account_ids:
        return {}
    connection = await session.connection()
    found = await load_health(connection, among(account_ids), library.health_config, now)
    return {account_id: health_words(health) for account_id, (_, health) in found.items()}


def health_words(health: Health) -> str:
    score = "no data yet" if health.score is None else str(health.score)
    return f"{MARKS[health.band]} {score}"
