"""What the weekly check of the data finds: gaps on file, and data that are old, refused or there twice."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import String, func, join, literal, select, true, union_all
from sqlmodel import col

from bot.db import Reader
from bot.engine.told import BY_HAND
from bot.library.metrics import Metrics
from bot.models import Account, Contact, QuarantinedSignal, QuarantineStatus, Signal, SignalKind, Stage
from bot.reports.account_head import Statement
from bot.reports.leading.book import Book, read_book
from bot.reports.leading.gaps import gaps_of_book
from bot.slack.data_check import AccountCheck, DataCheck
from bot.slack.leading.gaps import Gap

ACCOUNTS_AT_A_TIME = 500
EVENTS_STALE = 365  # a metric that may be older is told when something happens, not day by day
_LEGAL = re.compile(r"\b(inc|ltd|llc|gmbh|ag|sa|sas|bv|nv|plc|corp|corporation|company|co|limited|group)\b\.?")
_NOT_WORD = re.compile(r"[\W_]+")

Remarks = dict[int, list[str]]  # by account id


async def load_data_check(reader: Reader, metrics: Metrics, now: datetime) -> DataCheck:
    """Everything that is amiss on accounts that are customers or about to be, those with the most revenue first."""
    book = await read_book(reader)
    served = {id_: account for id_, account in book.accounts.items() if account.stage != Stage.CHURNED}
    gaps = {row.account_id: row.gaps for row in await gaps_of_book(reader, book, now)}
    remarks: Remarks = defaultdict(list)
    _add(remarks, await _bounced(reader))
    _add(remarks, await _stopped(reader, metrics, now))
    _add(remarks, _alike(served))
    old = _old_sentiments(served, metrics, now)
    _add(remarks, {account_id: [words] for account_id, words in old.items()})
    rows = [
        _row(book, account_id, gaps.get(account_id, ()), remarks[account_id], is_old_sentiment=account_id in old)
        for account_id in served
        if gaps.get(account_id) or remarks[account_id]
    ]
    rows.sort(key=lambda row: (-(served[row.account_id].arr or 0), row.name))
    waiting, names = await _quarantine(reader)
    return DataCheck(tuple(rows), len(book.accounts), waiting, names)


def _row(
    book: Book, account_id: int, gaps: tuple[Gap, ...], remarks: list[str], *, is_old_sentiment: bool
) -> AccountCheck:
    csm = book.csm_of(account_id)
    name = book.accounts[account_id].name
    whose = book.name_of(csm) if csm else "nobody"
    return AccountCheck(account_id, name, whose, gaps, tuple(remarks), is_old_sentiment)


def _add(remarks: Remarks, more: Mapping[int, list[str]]) -> None:
    for account_id, sentences in more.items():
        remarks[account_id] += sentences


async def _bounced(reader: Reader) -> Remarks:
    query: Statement = select(col(Contact.account_id), col(Contact.name), col(Contact.email)).where(
        col(Contact.bounced_at).is_not(None)
    )
    found: Remarks = defaultdict(list)
    for row in (await reader.execute(query.order_by(col(Contact.id)))).all():
        found[row.account_id].append(f"mail to {row.name} ({row.email}) comes back")
    return found


async def _stopped(reader: Reader, metrics: Metrics, now: datetime) -> Remarks:
    """Metrics that came in regularly and do so no more. One look-up in the index for each account and metric."""
    watched = {
        key: metric
        for key, metric in metrics.known.items()
        if key not in set(SignalKind) and metric.stale_after_days < EVENTS_STALE
    }
    if not watched:
        return {}
    kinds = union_all(*(select(literal(key, String).label("kind")) for key in watched)).subquery()
    last = (
        select(func.max(col(Signal.observed_at)))
        .where(col(Signal.account_id) == Account.id, col(Signal.kind) == kinds.c.kind)
        .correlate(Account, kinds)
        .scalar_subquery()
        .label("last")
    )
    every = select(col(Account.id), kinds.c.kind, last).select_from(join(Account, kinds, true()))
    query: Statement = every.where(col(Account.archived).is_(False))
    stale = [
        row
        for row in (await reader.execute(query)).all()
        if row.last is not None and now - row.last > timedelta(days=watched[row.kind].stale_after_days)
    ]
    came_in = await _came_in(reader, stale)
    found: Remarks = defaultdict(list)
    for row in stale:
        if (row.id, row.kind) in came_in:
            found[row.id].append(f"{watched[row.kind].title} stopped coming in {(now - row.last).days} days ago")
    return found


async def _came_in(reader: Reader, stale: Sequence[Any]) -> set[tuple[int, str]]:
    """Those that a system sent once: what people answer by hand does not stop coming in."""
    found: set[tuple[int, str]] = set()
    for few in (stale[at : at + ACCOUNTS_AT_A_TIME] for at in range(0, len(stale), ACCOUNTS_AT_A_TIME)):
        query: Statement = select(col(Signal.account_id), col(Signal.kind)).where(
            col(Signal.account_id).in_({row.id for row in few}),
            col(Signal.kind).in_({row.kind for row in few}),
            col(Signal.source) != BY_HAND,
        )
        found |= {(row.account_id, row.kind) for row in (await reader.execute(query.distinct())).all()}
    return found


def _old_sentiments(accounts: Mapping[int, Any], metrics: Metrics, now: datetime) -> dict[int, str]:
    limit = timedelta(days=metrics.known[SignalKind.SENTIMENT].stale_after_days)
    return {
        account.id: f"the sentiment is {(now - account.sentiment_at).days} days old"
        for account in accounts.values()
        if account.sentiment_at and now - account.sentiment_at > limit
    }


def _alike(accounts: Mapping[int, Any]) -> Remarks:
    """Accounts that may be one: the same domain, or the same name but for `Ltd` and the like."""
    found: Remarks = defaultdict(list)
    by_domain = _grouped((account.domain or "", account) for account in accounts.values())
    by_name = _grouped((bare_name(account.name), account) for account in accounts.values())
    for what, groups in (("domain", by_domain), ("name", by_name)):
        for alike in groups:
            for account in alike:
                others = ", ".join(other.name for other in alike if other.id != account.id)
                found[account.id].append(f"the same {what} as {others}: perhaps one account, there twice")
    return found


def _grouped(keyed: Iterable[tuple[str, Any]]) -> list[list[Any]]:
    groups: dict[str, list[Any]] = defaultdict(list)
    for key, account in keyed:
        groups[key.casefold()].append(account)
    return [alike for key, alike in groups.items() if key and len(alike) > 1]


def bare_name(name: str) -> str:
    """A company's name without its legal form, spaces and punctuation: `Globex Ltd.` and `GLOBEX` are the same."""
    folded = name.casefold()
    return _NOT_WORD.sub("", _LEGAL.sub("", folded)) or _NOT_WORD.sub("", folded)


async def _quarantine(reader: Reader) -> tuple[int, int]:
    """How many signals wait for an account, and under how many names."""
    names = select(col(QuarantinedSignal.source), col(QuarantinedSignal.account_ref), func.count().label("number"))
    query: Statement = names.where(col(QuarantinedSignal.status) == QuarantineStatus.WAITING).group_by(
        col(QuarantinedSignal.source), col(QuarantinedSignal.account_ref)
    )
    rows = (await reader.execute(query)).all()
    return sum(row.number for row in rows), len(rows)
