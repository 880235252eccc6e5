"""Health kept once a day, so that a week later what moved can be told."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.db import Database, insert_or
from bot.library.health_config import HealthConfig
from bot.models import Account, HealthSnapshot
from bot.signals.health import Health
from bot.signals.health_facts import Healths, between, load_health

BATCH = 500  # accounts read at once, and written in one short transaction for which a click has to wait


async def snapshot_health(database: Database, config: HealthConfig, now: datetime) -> int:
    """Keep the health of every account as that of the day (UTC) of `now`; returns of how many.

    A second time on one day overwrites the first. An account with nothing to judge by has no snapshot.
    """
    kept = 0
    async for healths in snapshot_pages(database, config, now):
        kept += sum(health.score is not None for _, health in healths.values())
    return kept


async def snapshot_pages(database: Database, config: HealthConfig, now: datetime) -> AsyncIterator[Healths]:
    """The same a batch at a time: the health of its accounts, with no transaction open."""
    last = 0
    while True:
        async with database.reading() as connection:
            done = await _read_batch(connection, config, now, after=last)
        if done is None:
            return
        last, healths = done
        if rows := [snapshot_row(id_, health, now) for id_, (_, health) in healths.items() if health.score is not None]:
            async with database.long_transaction() as session:
                await _store(session, rows)
        yield healths


async def _read_batch(
    connection: AsyncConnection, config: HealthConfig, now: datetime, *, after: int
) -> tuple[int, Healths] | None:
    """The last account's id and the batch's health; None when there are no more accounts."""
    batch = select(col(Account.id)).where(col(Account.id) > after).order_by(col(Account.id)).limit(BATCH).subquery()
    first, last = (await connection.execute(select(func.min(batch.c.id), func.max(batch.c.id)))).one()
    if last is None:
        return None
    return int(last), await load_health(connection, between(first, last), config, now)


def snapshot_row(account_id: int, health: Health, now: datetime) -> dict[str, Any]:
    """What is kept of an account's health of a day (UTC)."""
    return {
        "account_id": account_id,
        "day": now.date(),
        "score": health.score,
        "confidence": health.confidence,
        "components": health.remembered(),
    }


async def _store(session: AsyncSession, rows: list[dict[str, Any]]) -> None:
    insert = insert_or(session, HealthSnapshot)
    changed = {name: getattr(insert.excluded, name) for name in ("score", "confidence", "components")}
    await (await session.connection()).execute(
        insert.on_conflict_do_update(index_elements=["account_id", "day"], set_=changed), rows
    )
