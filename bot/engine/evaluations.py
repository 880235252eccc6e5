"""Asking for the rules to look at accounts whose data changed, in the transaction of the change."""

import json
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import TextClause, bindparam, text
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.models.columns import UtcDateTime


async def ask_for_evaluation(session: AsyncSession, account_ids: Iterable[int], now: datetime) -> None:
    """Have the rules look at these accounts once more; for each of them one row waits, however often it is asked for.

    `since` is the latest time it was asked for. The row of an account that is asked for again is written, not left
    alone: whoever is evaluating it at this moment, and deletes the row, is waited for, and the account waits anew.
    """
    ids = sorted(set(account_ids))  # in this order two transactions cannot wait for each other
    if not ids:
        return
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    values = {"ids": json.dumps(ids) if is_sqlite else ids, "since": now}
    await (await session.connection()).execute(_SQLITE if is_sqlite else _POSTGRES, values)


# One value, however many accounts: taking in a batch of signals would else spend a tenth of its time on this.
_UPSERT = """INSERT INTO due_evaluations (account_id, since)
SELECT of, :since FROM {ids} WHERE true ORDER BY of
ON CONFLICT (account_id) DO UPDATE SET since = excluded.since"""


def _upsert(ids: str) -> TextClause:
    return text(_UPSERT.format(ids=ids)).bindparams(bindparam("since", type_=UtcDateTime()))


_SQLITE = _upsert("(SELECT value AS of FROM json_each(:ids))")
_POSTGRES = _upsert("unnest(CAST(:ids AS bigint[])) AS of")
