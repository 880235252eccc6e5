"""How likely the coming renewals are: by what came of past ones with the same health, else by a rule that says why."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import func, select, tuple_
from sqlmodel import col

from bot.db import Reader
from bot.library.health_config import HealthConfig
from bot.library.library import Library
from bot.models import Contact, ContactRole, Escalation, EscalationStatus, HealthSnapshot, Sentiment, Stage
from bot.reports.account_head import Statement
from bot.reports.leading.book import Book, read_bands, read_book
from bot.reports.leading.worth import Worths, load_worths
from bot.signals.health import Band, band_of
from bot.slack.leading.renewals import Chance, RenewalRow

AHEAD = timedelta(days=180)
LOOKED_AT = timedelta(days=90)  # before a renewal: the health of that day is compared
SETTLED = timedelta(days=60)  # after it: whoever is a customer then has renewed
YEAR = timedelta(days=365)
YEARS_BACK = 3
ENOUGH = 20  # past renewals with known health, before they are gone by
ENOUGH_OF_BAND = 5
PAIRS = 500  # in one statement

RULE = {Band.GREEN: 95, Band.YELLOW: 80, Band.RED: 50, Band.UNKNOWN: 80}
LEAST, MOST = 5, 97


@dataclass(frozen=True, slots=True)
class PastRenewal:
    account_id: int
    day: date
    renewed: bool


Past = Mapping[Band, tuple[int, int]]  # by health 90 days before: how many renewed, of how many


async def load_renewals(
    reader: Reader, library: Library, book: Book, worths: Worths, now: datetime
) -> list[RenewalRow]:
    """The renewals of the next 180 days, the next first, each with its chance and what that goes by."""
    today = now.date()
    coming = [
        account
        for account in book.accounts.values()
        if not account.archived and account.stage != Stage.CHURNED
        if account.renewal_date and today <= account.renewal_date <= today + AHEAD
    ]
    bands = await read_bands(reader, library.health_config, book, now)
    past = await load_past(reader, library.health_config, book, worths, now)
    escalated = await _escalated(reader)
    sponsored = await _sponsored(reader)
    rows = []
    for account in sorted(coming, key=lambda each: (each.renewal_date, each.name)):
        band = bands.get(account.id, Band.UNKNOWN)
        chance = chance_by_past(band, past) or chance_by_rule(
            band,
            sentiment=account.sentiment,
            is_escalated=account.id in escalated,
            has_sponsor=account.id in sponsored,
        )
        csm = book.name_of(book.csm_of(account.id))
        rows.append(
            RenewalRow(account.id, account.name, csm, account.renewal_date, account.arr, account.currency, chance)
        )
    return rows


async def load_coming_renewals(reader: Reader, library: Library, now: datetime) -> list[RenewalRow]:
    """The same, of the whole book."""
    book = await read_book(reader, with_archived=True)
    worths = await load_worths(reader, book.accounts.values(), now)
    return await load_renewals(reader, library, book, worths, now)


def chance_by_past(band: Band, past: Past) -> Chance | None:
    """The share of past renewals that came off with the same health; None while there are too few to go by."""
    renewed, number = past.get(band, (0, 0))
    if number < ENOUGH_OF_BAND or sum(count for _, count in past.values()) < ENOUGH:
        return None
    why = f"{renewed} of {number} past renewals came off with {band} health 90 days before"
    return Chance(round(100 * renewed / number), (why,))


def chance_by_rule(band: Band, *, sentiment: str | None, is_escalated: bool, has_sponsor: bool) -> Chance:
    """The rule, as the docs print it: a base by health, and a deduction for each thing that speaks against it."""
    known = "unknown health" if band is Band.UNKNOWN else f"{band} health"
    deductions = [
        (sentiment == Sentiment.RED, 20, "red sentiment"),
        (sentiment == Sentiment.YELLOW, 5, "yellow sentiment"),
        (is_escalated, 10, "open escalation"),
        (not has_sponsor, 5, "no executive sponsor"),
    ]
    holding = [(points, words) for holds, points, words in deductions if holds]
    percent = RULE[band] - sum(points for points, _ in holding)
    reasons = (f"{known} {RULE[band]}", *(f"{words} -{points}" for points, words in holding))
    return Chance(min(MOST, max(LEAST, percent)), reasons)


# --- past renewals ----------------------------------------------------------------------------------------------------


async def load_past(reader: Reader, config: HealthConfig, book: Book, worths: Worths, now: datetime) -> Past:
    first: date | None = (await reader.execute(select(func.min(col(HealthSnapshot.day))))).scalar_one()
    if first is None:
        return {}
    renewals = [each for each in past_renewals(book, worths, now) if each.day - LOOKED_AT >= first]
    scores = await _scores(reader, renewals)
    counts: dict[Band, list[int]] = defaultdict(lambda: [0, 0])
    for each in renewals:
        score = scores.get((each.account_id, each.day - LOOKED_AT))
        if score is not None:
            counts[band_of(score, config)][0] += each.renewed
            counts[band_of(score, config)][1] += 1
    return {band: (renewed, number) for band, (renewed, number) in counts.items()}


def past_renewals(book: Book, worths: Worths, now: datetime) -> Iterator[PastRenewal]:
    """The renewal dates that lie behind, a year apart, of accounts whose revenue before and after is known."""
    for account in book.accounts.values():
        history = worths.get(account.id)
        if history is None or account.renewal_date is None:
            continue
        for years in range(YEARS_BACK + 1):
            day = account.renewal_date - years * YEAR
            at = datetime.combine(day, time(), UTC)
            if at + SETTLED <= now and history.at(at - LOOKED_AT):
                yield PastRenewal(account.id, day, bool(history.at(at + SETTLED)))


async def _scores(reader: Reader, renewals: Iterable[PastRenewal]) -> Mapping[tuple[int, date], int]:
    pairs = [(each.account_id, each.day - LOOKED_AT) for each in renewals]
    columns = (col(HealthSnapshot.account_id), col(HealthSnapshot.day), col(HealthSnapshot.score))
    found: dict[tuple[int, date], int] = {}
    for few in (pairs[at : at + PAIRS] for at in range(0, len(pairs), PAIRS)):
        query: Statement = select(*columns).where(tuple_(*columns[:2]).in_(few))
        found |= {(row.account_id, row.day): row.score for row in (await reader.execute(query)).all()}
    return found


async def _escalated(reader: Reader) -> Collection[int]:
    query: Statement = select(col(Escalation.account_id)).where(col(Escalation.status) != EscalationStatus.RESOLVED)
    return {row.account_id for row in (await reader.execute(query)).all()}


async def _sponsored(reader: Reader) -> Collection[int]:
    query: Statement = select(col(Contact.account_id), col(Contact.roles))
    rows: Iterable[Any] = (await reader.execute(query)).all()
    return {row.account_id for row in rows if ContactRole.EXECUTIVE_SPONSOR in row.roles}
