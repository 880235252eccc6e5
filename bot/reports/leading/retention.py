"""Retention, expansion and its pace, worked out from what accounts were worth. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from bot.reports.leading.worth import WorthHistory, Worths, by_currency

YEAR = timedelta(days=365)
QUARTER = timedelta(days=90)
SHORTEST = timedelta(days=30)  # over less, retention says nothing


@dataclass(frozen=True, slots=True)
class Retention:
    """Of the customers there were at `since`. Shares are in percent, of revenue by currency, the largest first."""

    since: datetime
    customers: int
    kept: int
    gross: Mapping[str, float]
    net: Mapping[str, float]
    unknown: int  # customers whose revenue of then is not known

    @property
    def logos(self) -> float:
        return 100 * self.kept / self.customers


def retention(worths: Worths, starts: Mapping[int, date | None], now: datetime) -> Retention | None:
    """Over twelve months, or since revenue is on record where that is less. None where it is less than a month.

    `starts` are the days on which the contracts of the accounts in question began: whose began later was no customer.
    """
    histories = [worths[account_id] for account_id in starts]
    begun = min((history.since for history in histories if history.since), default=now)
    since = max(now - YEAR, begun)
    if now - since < SHORTEST:
        return None
    there = [worths[id_] for id_, start in starts.items() if _was_there(worths[id_], start, since)]
    customers = [history for history in histories if history.at(since)]
    if not customers:
        return None
    pairs = [(each.currency, each.at(since) or 0, each.at(now) or 0) for each in customers]
    then = by_currency((currency, before) for currency, before, _ in pairs)
    kept = by_currency((currency, min(before, after)) for currency, before, after in pairs)
    after = by_currency((currency, number) for currency, _, number in pairs)
    return Retention(
        since=since,
        customers=len(customers),
        kept=sum(after > 0 for _, _, after in pairs),
        gross={currency: 100 * kept[currency] / amount for currency, amount in then.items()},
        net={currency: 100 * after[currency] / amount for currency, amount in then.items()},
        unknown=sum(history.at(since) is None for history in there),
    )


def _was_there(history: WorthHistory, start: date | None, since: datetime) -> bool:
    """Whether it may have been a customer then: its contract had begun, or it pays and nobody knows since when."""
    return history.since is not None if start is None else start <= since.date()


@dataclass(frozen=True, slots=True)
class Expanded:
    """How many of the customers past their first renewal pay more than on its day. `unknown`: not known of then."""

    customers: int
    grown: int
    unknown: int


def expanded(worths: Worths, starts: Mapping[int, date | None], now: datetime) -> Expanded:
    """The first renewal is a year after the contract's start; whoever left before or on it is no customer past it."""
    customers = grown = unknown = 0
    for account_id, start in starts.items():
        if start is None or (renewed_at := datetime.combine(start, time(), UTC) + YEAR) > now:
            continue
        history = worths[account_id]
        then = history.at(renewed_at)
        if then is None:
            unknown += 1
        elif then > 0:
            customers += 1
            grown += (history.at(now) or 0) > then
    return Expanded(customers, grown, unknown)


def expansion(worths: Worths, ids: Collection[int], since: datetime, until: datetime) -> dict[str, int]:
    """Revenue added by customers there were already, by currency: the sum of all increases."""
    added = []
    for account_id in ids:
        if (history := worths.get(account_id)) is None:
            continue
        for (_, before), (at, after) in zip(history.changes, history.changes[1:], strict=False):
            if since < at <= until and after > before > 0:
                added.append((history.currency, after - before))
    return by_currency(added)
