"""What is missing on accounts, so that playbooks and health cannot do their work; each with the way to mend it."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from bot.db import Reader
from bot.models import Contact, ContactRole, MemberRole, Stage
from bot.reports.account_head import Statement
from bot.reports.leading.book import Book, read_book
from bot.slack.leading.gaps import AccountGaps, Gap, GapReport

SURVEY_AGE = timedelta(days=365)


async def load_gaps(reader: Reader, now: datetime) -> GapReport:
    """All accounts that are customers or about to be, those with the most gaps and revenue first."""
    book = await read_book(reader)
    found = await gaps_of_book(reader, book, now)
    revenue = {account.id: account.arr or 0 for account in book.accounts.values()}
    found.sort(key=lambda one: (-len(one.gaps), -revenue[one.account_id], one.name))
    return GapReport(tuple(found), accounts=len(book.accounts))


async def gaps_of_book(reader: Reader, book: Book, now: datetime) -> list[AccountGaps]:
    """The accounts of the book that lack something, in its order."""
    contacts = await _contacts(reader)
    return [
        AccountGaps(account.id, account.key, account.name, book.name_of(book.csm_of(account.id)), tuple(gaps))
        for account in book.accounts.values()
        if account.stage != Stage.CHURNED and (gaps := _gaps(book, account, contacts.get(account.id, {}), now))
    ]


def _gaps(book: Book, account: Any, contacts: dict[str, Any], now: datetime) -> list[Gap]:
    survey: datetime | None = contacts.get("nps_at")
    missing = {
        Gap.CSM: book.csm_of(account.id) is None,
        Gap.RENEWAL_DATE: account.renewal_date is None and account.stage != Stage.TRIAL,
        Gap.ARR: account.arr is None and account.stage != Stage.TRIAL,
        Gap.OUTCOME: not account.outcome,
        Gap.LEADER: MemberRole.LEADER not in book.teams.get(account.id, {}),
        Gap.CHAMPION: ContactRole.CHAMPION not in contacts.get("roles", ()),
        Gap.SPONSOR: ContactRole.EXECUTIVE_SPONSOR not in contacts.get("roles", ()),
        Gap.SURVEY: survey is None or now - survey > SURVEY_AGE,
        Gap.SENTIMENT: account.sentiment is None,
    }
    return [gap for gap, is_missing in missing.items() if is_missing]


async def _contacts(reader: Reader) -> dict[int, dict[str, Any]]:
    """By account: the roles that somebody has, and when the last survey was answered."""
    query: Statement = select(col(Contact.account_id), col(Contact.roles), col(Contact.nps_at))
    found: dict[int, dict[str, Any]] = {}
    for row in (await reader.execute(query)).all():
        known = found.setdefault(row.account_id, {"roles": set(), "nps_at": None})
        known["roles"].update(row.roles)
        known["nps_at"] = max(filter(None, (known["nps_at"], row.nps_at)), default=None)
    return found
