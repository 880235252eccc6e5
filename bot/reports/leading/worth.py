"""What accounts were worth, and when: the history that retention is worked out from."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from bot.db import Reader
from bot.engine.own_signals import worth
from bot.models import Signal, SignalKind
from bot.reports.account_head import Statement


@dataclass
class WorthHistory:
    """Yearly revenue of one account, in whole units of its currency, at each change, the oldest first; 0: it left."""

    currency: str
    changes: list[tuple[datetime, int]] = field(default_factory=list)

    def at(self, moment: datetime) -> int | None:
        """None before anything is known."""
        place = bisect_right(self.changes, moment, key=lambda change: change[0])
        return self.changes[place - 1][1] if place else None

    @property
    def since(self) -> datetime | None:
        return self.changes[0][0] if self.changes else None


Worths = Mapping[int, WorthHistory]  # by account id


async def load_worths(reader: Reader, accounts: Iterable[Any], now: datetime) -> Worths:
    """The history of these accounts (rows of a Book) up to `now`. It is short: a row for each change.

    What stands on the account itself is what it is worth now, where no signal says so.
    """
    accounts = list(accounts)
    found = {account.id: WorthHistory(account.currency) for account in accounts}
    query: Statement = (
        select(col(Signal.account_id), col(Signal.observed_at), col(Signal.number))
        .where(col(Signal.kind) == SignalKind.ARR, col(Signal.number).is_not(None), col(Signal.observed_at) <= now)
        .order_by(col(Signal.observed_at), col(Signal.id))
    )
    for row in (await reader.execute(query)).all():
        if row.account_id in found:
            found[row.account_id].changes.append((row.observed_at, round(row.number)))
    for account in accounts:
        known, on_file = found[account.id], worth(account.stage, account.arr)
        if on_file is not None and not account.archived and known.at(now) != on_file:
            known.changes.append((now, on_file))
    return found


def by_currency(amounts: Iterable[tuple[str, int]]) -> dict[str, int]:
    """The sums, the largest first."""
    sums: dict[str, int] = defaultdict(int)
    for currency, amount in amounts:
        sums[currency] += amount
    return dict(sorted(sums.items(), key=lambda item: -item[1]))
