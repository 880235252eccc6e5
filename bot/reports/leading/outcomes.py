"""What became of customers: retention, expansion, adoption, support, sentiment; of all, by CSM, segment or stage."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from statistics import median
from typing import Any

from sqlalchemy import case, func, select
from sqlmodel import col

from bot.db import Reader
from bot.library.library import Library
from bot.library.measures import Measure, Take
from bot.models import Account, Escalation, Sentiment, Signal, Stage
from bot.reports.account_head import Statement
from bot.reports.leading.book import Book, read_book
from bot.reports.leading.renewals import load_renewals
from bot.reports.leading.retention import QUARTER, Retention, expanded, expansion, retention
from bot.reports.leading.worth import Worths, load_worths
from bot.signals.windows import Measurements, load_measures
from bot.slack.leading.outcomes import Figure, OutcomeKey, OutcomeReport, OutcomeRow
from bot.slack.leading.renewals import RenewalRow, expected, expected_words
from bot.slack.leading.report import By

CORE_USE, FIRST_VALUE = "core_workflow_use", "time_to_first_value"
IN_TIME = 30  # days in which the core workflow should be finished for the first time
BEGUN = timedelta(days=395)  # contracts that began longer ago say little about how people start today
OLD_SENTIMENT = timedelta(days=45)

ACTIVE = Measure(metric="active_users", over=14)
ACTIVE_BEFORE = ACTIVE.earlier(28)
CORE = Measure(metric="core_workflow_users", over=14)
TICKETS = Measure(metric="ticket_opened", take=Take.COUNT, over=90)
TICKETS_OF_A_YEAR = Measure(metric="ticket_opened", take=Take.COUNT, over=365)

Figures = dict[OutcomeKey, Figure]
Lacking = dict[OutcomeKey, str]


@dataclass(frozen=True)
class _Facts:
    """Everything the numbers are worked out from, read once for all groups."""

    now: datetime
    book: Book  # with those that left
    worths: Worths
    renewals: Sequence[RenewalRow]
    measured: Measurements
    escalations: Mapping[int, int]
    first_value: Mapping[int, int | None]  # days; None: not yet, though it would be known

    def served(self, ids: Iterable[int]) -> list[int]:
        accounts = self.book.accounts
        return [id_ for id_ in ids if not accounts[id_].archived and accounts[id_].stage != Stage.CHURNED]

    def known_to_stay_or_leave(self, ids: Iterable[int]) -> list[int]:
        """Without those that were taken out of the book and had not left: nobody knows what became of them."""
        return [id_ for id_ in ids if not self.book.accounts[id_].archived or self.worths[id_].at(self.now) == 0]

    def starts(self, ids: Iterable[int]) -> dict[int, date | None]:
        """When their contracts began."""
        return {id_: self.book.accounts[id_].contract_start for id_ in ids}


async def load_outcomes(reader: Reader, library: Library, now: datetime, *, by: By = By.SEGMENT) -> OutcomeReport:
    facts = await _load(reader, library, now)
    groups: dict[str, list[int]] = defaultdict(list)
    for account_id in facts.book.accounts:
        groups[_group(facts.book, account_id, by)].append(account_id)
    rows = [_row(name, ids, facts) for name, ids in groups.items()]
    rows = [row for row in rows if row.accounts or row.figures]
    rows.sort(key=lambda row: (-row.accounts, row.name))
    return OutcomeReport(by, _row("All", list(facts.book.accounts), facts), tuple(rows))


def _group(book: Book, account_id: int, by: By) -> str:
    if by is By.CSM:
        csm = book.csm_of(account_id)
        return book.name_of(csm) if csm else "no CSM"
    return str(getattr(book.accounts[account_id], by.value))


async def _load(reader: Reader, library: Library, now: datetime) -> _Facts:
    book = await read_book(reader, with_archived=True)
    worths = await load_worths(reader, book.accounts.values(), now)
    measures = [ACTIVE, ACTIVE_BEFORE, CORE, TICKETS, TICKETS_OF_A_YEAR]
    return _Facts(
        now=now,
        book=book,
        worths=worths,
        renewals=await load_renewals(reader, library, book, worths, now),
        measured=await load_measures(reader, list(book.accounts), measures, now),
        escalations=await _escalations(reader, now),
        first_value=await _first_value(reader, book, now),
    )


def _row(name: str, ids: Collection[int], facts: _Facts) -> OutcomeRow:
    figures: Figures = {}
    lacking: Lacking = {}
    served = facts.served(ids)
    _add_retention(figures, lacking, ids, facts)
    _add_expansion(figures, lacking, ids, facts)
    _add_renewals(figures, lacking, ids, facts)
    _add_adoption(figures, lacking, served, facts)
    _add_use(figures, lacking, served, facts)
    _add_support(figures, lacking, served, facts)
    _add_sentiment(figures, lacking, served, facts)
    return OutcomeRow(name, len(served), figures, lacking)


# --- revenue ----------------------------------------------------------------------------------------------------------


def _add_retention(figures: Figures, lacking: Lacking, ids: Collection[int], facts: _Facts) -> None:
    found = retention(facts.worths, facts.starts(facts.known_to_stay_or_leave(ids)), facts.now)
    if found is None:
        why = "revenue is on record for less than a month: each change is kept from now on"
        lacking |= dict.fromkeys((OutcomeKey.NET, OutcomeKey.GROSS, OutcomeKey.LOGOS), why)
        return
    note = _retention_note(found, facts.now)
    for key, shares in ((OutcomeKey.NET, found.net), (OutcomeKey.GROSS, found.gross)):
        words = " + ".join(_share_of(currency, share, len(shares)) for currency, share in shares.items())
        figures[key] = Figure(next(iter(shares.values())), words, found.customers, note)
    figures[OutcomeKey.LOGOS] = Figure(found.logos, _percent(found.logos), found.customers, note)


def _share_of(currency: str, share: float, currencies: int) -> str:
    return _percent(share) if currencies == 1 else f"{currency} {_percent(share)}"


def _retention_note(found: Retention, now: datetime) -> str:
    days = (now - found.since).days
    notes = [f"over {days} days only: revenue is on record since {found.since:%d %b %Y}"] if days < 364 else []
    if found.unknown:
        notes.append(f"{found.unknown} left out, whose revenue of then is not on record")
    return ", ".join(notes)


def _add_expansion(figures: Figures, lacking: Lacking, ids: Collection[int], facts: _Facts) -> None:
    found = expanded(facts.worths, facts.starts(ids), facts.now)
    if found.customers:
        share = 100 * found.grown / found.customers
        note = f"of {found.unknown} more the revenue of then is not known" if found.unknown else ""
        figures[OutcomeKey.EXPANDED] = Figure(share, _percent(share), found.customers, note)
    else:
        lacking[OutcomeKey.EXPANDED] = "no customer is past the first renewal with its revenue of then on record"
    added = expansion(facts.worths, ids, facts.now - QUARTER, facts.now)
    before = expansion(facts.worths, ids, facts.now - 2 * QUARTER, facts.now - QUARTER)
    if added or before:
        words = f"{_money(added)} (before: {_money(before)})"
        figures[OutcomeKey.PACE] = Figure(next(iter(added.values()), 0), words, len(facts.served(ids)))
    else:
        lacking[OutcomeKey.PACE] = "no customer has grown in the last 180 days, as far as is on record"


def _money(amounts: Mapping[str, int]) -> str:
    return " + ".join(f"{currency} {amount:,}" for currency, amount in amounts.items()) or "nothing"


def _add_renewals(figures: Figures, lacking: Lacking, ids: Collection[int], facts: _Facts) -> None:
    wanted = set(ids)
    rows = [row for row in facts.renewals if row.account_id in wanted]
    if sums := expected(rows):
        whole, likely = next(iter(sums.values()))
        figures[OutcomeKey.RENEWING] = Figure(100 * likely / whole, expected_words(rows), len(rows))
    else:
        lacking[OutcomeKey.RENEWING] = "no revenue is up for renewal in the next 180 days"


# --- adoption and use -------------------------------------------------------------------------------------------------


def _add_adoption(figures: Figures, lacking: Lacking, ids: Collection[int], facts: _Facts) -> None:
    known = {id_: facts.first_value[id_] for id_ in ids if id_ in facts.first_value}
    if not known:
        why = "no contract that began 30 days to 13 months ago has told of its core workflow from the beginning"
        lacking |= dict.fromkeys((OutcomeKey.WORKFLOW, OutcomeKey.FIRST_VALUE), why)
        return
    reached = [days for days in known.values() if days is not None]
    share = 100 * sum(days <= IN_TIME for days in reached) / len(known)
    figures[OutcomeKey.WORKFLOW] = Figure(share, _percent(share), len(known))
    if reached:
        typical = median(reached)
        note = f"not there yet: {len(known) - len(reached)}" if len(known) > len(reached) else ""
        figures[OutcomeKey.FIRST_VALUE] = Figure(typical, f"{typical:g} days", len(reached), note)
    else:
        lacking[OutcomeKey.FIRST_VALUE] = "none of these contracts has got there yet"


async def _first_value(reader: Reader, book: Book, now: datetime) -> Mapping[int, int | None]:
    """Days until the core workflow was finished first, of contracts begun 30 days to 13 months ago.

    None where it was not, though uses were told from within the first 30 days on. Left out where they were not: what
    happened before is not known.
    """
    earliest = (now - BEGUN).date()
    latest = (now - timedelta(days=IN_TIME)).date()
    at = col(Signal.observed_at)
    query: Statement = (
        select(
            col(Signal.account_id),
            func.min(case((col(Signal.kind) == CORE_USE, at))).label("told"),
            func.min(case(((col(Signal.kind) == CORE_USE) & (col(Signal.number) > 0), at))).label("used"),
            func.max(case((col(Signal.kind) == FIRST_VALUE, col(Signal.number)))).label("days"),
        )
        .join(Account, col(Account.id) == Signal.account_id)
        .where(col(Signal.kind).in_([CORE_USE, FIRST_VALUE]), col(Account.contract_start).between(earliest, latest))
        .where(at <= now)
        .group_by(col(Signal.account_id))
    )
    found: dict[int, int | None] = {}
    for row in (await reader.execute(query)).all():
        if (account := book.accounts.get(row.account_id)) is None:
            continue
        start = datetime.combine(account.contract_start, time(), UTC)
        if row.days is not None:
            found[account.id] = round(row.days)
        elif row.told is not None and row.told <= start + timedelta(days=IN_TIME):
            found[account.id] = max(0, (row.used - start).days) if row.used else None
    return found


def _add_use(figures: Figures, lacking: Lacking, ids: Collection[int], facts: _Facts) -> None:
    active = _numbers(facts, ids, ACTIVE)
    if not active:
        lacking |= dict.fromkeys(
            (OutcomeKey.ACTIVE, OutcomeKey.CORE), "no active users came in during the last 14 days"
        )
        return
    before = _numbers(facts, active, ACTIVE_BEFORE)
    total, note = sum(active.values()), ""
    if before and (then := sum(before.values())):
        change = 100 * (sum(active[id_] for id_ in before) / then - 1)
        note = f"{change:+.0f} % in 28 days" + (f" ({len(before)} accounts)" if len(before) < len(active) else "")
    figures[OutcomeKey.ACTIVE] = Figure(total, f"{total:,.0f}", len(active), note)
    core = _numbers(facts, active, CORE)
    if core and (people := sum(active[id_] for id_ in core)):
        share = 100 * sum(core.values()) / people
        figures[OutcomeKey.CORE] = Figure(share, _percent(share), len(core))
    else:
        lacking[OutcomeKey.CORE] = "no account tells how many people finish the core workflow"


def _numbers(facts: _Facts, ids: Iterable[int], measure: Measure) -> dict[int, float]:
    found = {id_: facts.measured[id_].get(measure) for id_ in ids}
    return {id_: took.number for id_, took in found.items() if took and took.number is not None}


# --- support and sentiment --------------------------------------------------------------------------------------------


def _add_support(figures: Figures, lacking: Lacking, ids: Collection[int], facts: _Facts) -> None:
    telling = [id_ for id_, number in _numbers(facts, ids, TICKETS_OF_A_YEAR).items() if number]
    if telling:
        each = sum(_numbers(facts, telling, TICKETS).values()) / len(telling)
        figures[OutcomeKey.TICKETS] = Figure(each, f"{each:.1f} an account", len(telling))
    else:
        lacking[OutcomeKey.TICKETS] = "no opened tickets came in during the last year"
    if ids:
        number = sum(facts.escalations.get(id_, 0) for id_ in ids)
        rate = 100 * number / len(ids)
        note = f"{number} raised"
        figures[OutcomeKey.ESCALATIONS] = Figure(rate, f"{rate:.1f} per 100", len(ids), note)
    else:
        lacking[OutcomeKey.ESCALATIONS] = "there are no accounts"


async def _escalations(reader: Reader, now: datetime) -> Mapping[int, int]:
    query: Statement = (
        select(col(Escalation.account_id), func.count().label("number"))
        .where(col(Escalation.created_at) > now - QUARTER)
        .group_by(col(Escalation.account_id))
    )
    return {row.account_id: row.number for row in (await reader.execute(query)).all()}


def _add_sentiment(figures: Figures, lacking: Lacking, ids: Collection[int], facts: _Facts) -> None:
    accounts: list[Any] = [facts.book.accounts[id_] for id_ in ids if facts.book.accounts[id_].sentiment]
    if not accounts:
        lacking[OutcomeKey.SENTIMENT] = "nobody has logged a sentiment: `/account sentiment`"
        return
    count = {colour: sum(account.sentiment == colour for account in accounts) for colour in Sentiment}
    share = 100 * count[Sentiment.GREEN] / len(accounts)
    old = sum(1 for each in accounts if each.sentiment_at and facts.now - each.sentiment_at > OLD_SENTIMENT)
    note = f"🟢 {count[Sentiment.GREEN]}  🟡 {count[Sentiment.YELLOW]}  🔴 {count[Sentiment.RED]}"
    note += f", {old} older than {OLD_SENTIMENT.days} days" if old else ""
    figures[OutcomeKey.SENTIMENT] = Figure(share, _percent(share), len(accounts), note)


def _percent(share: float) -> str:
    return f"{share:.0f} %"
