"""Asking for the rules to look at accounts whose data changed, in the transaction of the change."""

from collections.abc import Iterable
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from bot.db import insert_or
from bot.models import DueEvaluation


async def ask_for_evaluation(session: AsyncSession, account_ids: Iterable[int], now: datetime) -> None:
    """Have the rules look at these accounts once more; for each of them one row waits, however often it is asked for.

    `since` is the latest time it was asked for. The row of an account that is asked for again is written, not left
    alone: whoever is evaluating it at this moment, and deletes the row, is waited for, and the account waits anew.
    """
    rows = [{"account_id": account_id, "since": now} for account_id in sorted(set(account_ids))]
    if not rows:
        return
    insert = insert_or(session, DueEvaluation)  # in the order of the ids: two transactions cannot wait for each other
    upsert = insert.on_conflict_do_update(index_elements=["account_id"], set_={"since": insert.excluded.since})
    await (await session.connection()).execute(upsert, rows)
