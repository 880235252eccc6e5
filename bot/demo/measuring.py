"""Writing what is measured of the demo's customers: ninety days when the book is made, then each day as it comes."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.demo.book import BOOK
from bot.demo.numbers import FIRST_DAY, SOURCES, Reading, answers, readings
from bot.engine.evaluations import ask_for_evaluation
from bot.models import Account, Contact, Signal, SignalKind
from bot.services import Services

TOLD_AT = time(0, 1, tzinfo=UTC)  # the systems report in the night, before the worker looks at the day
MARK = "demo"  # begins the external ids, and tells these signals from those that somebody sent
LEFT_ALONE = timedelta(days=21)
SURVEYED = -24  # the day of the last survey


async def seed_numbers(session: AsyncSession, began_on: date, now: datetime) -> None:
    """The past of every customer that is measured."""
    accounts = await _accounts(session)
    contacts = {(row.account_id, row.name): row for row in (await session.exec(select(Contact))).all()}
    rows = []
    for customer in BOOK:
        account_id = accounts[customer.key]
        told = [*readings(customer.key, FIRST_DAY, 0), *answers(customer.key), *_survey(customer.people)]
        rows += [_row(customer.key, account_id, one, began_on, now, contacts) for one in told]
        for someone in customer.people:
            if someone.nps is not None:
                contacts[account_id, someone.name].nps_at = _told_at(began_on, SURVEYED)
    await (await session.connection()).execute(insert(Signal), rows)
    await session.flush()


async def keep_numbers_coming(services: Services, now: datetime) -> int:
    """Tell what was measured since the last time, up to now; returns of how many signals.

    A number that somebody has sent for an account lately is left alone: then it is theirs to tell how it goes on.
    """
    async with services.database.transaction() as session:
        latest = await _latest(session)
        if latest is None:
            return 0
        accounts = await _accounts(session)
        theirs = await _sent_by_others(session, now - LEFT_ALONE)
        began_on, last_day = latest
        today = (now.date() - began_on).days
        rows = [
            _row(customer, account_id, one, began_on, now, {})
            for customer, account_id in accounts.items()
            for one in readings(customer, last_day + 1, today)
            if (account_id, one.kind) not in theirs
        ]
        if rows:
            await (await session.connection()).execute(insert(Signal), rows)
            await ask_for_evaluation(session, sorted({row["account_id"] for row in rows}), now)
    return len(rows)


async def _accounts(session: AsyncSession) -> dict[str, int]:
    keys = [customer.key for customer in BOOK]
    found = (await session.exec(select(Account.key, Account.id).where(col(Account.key).in_(keys)))).all()
    return dict(found)


async def _latest(session: AsyncSession) -> tuple[date, int] | None:
    """The day the book was made, and the last day that was told, counted from it; None in a book without numbers."""
    query = (
        select(Signal.observed_at, Signal.external_id)
        .where(Signal.kind == "active_users", col(Signal.external_id).startswith(f"{MARK}:"))
        .order_by(col(Signal.observed_at).desc())
        .limit(1)
    )
    found = (await session.exec(query)).first()
    if found is None:
        return None
    observed_at, external_id = found
    day = int(external_id.rsplit(":", 1)[1])
    return observed_at.date() - timedelta(days=day), day


async def _sent_by_others(session: AsyncSession, since: datetime) -> set[tuple[int, str]]:
    query = (
        select(Signal.account_id, Signal.kind)
        .where(col(Signal.kind).in_(list(SOURCES)), Signal.observed_at > since)
        .where(col(Signal.external_id).not_like(f"{MARK}:%"))
        .distinct()
    )
    return set((await session.exec(query)).all())


def _survey(people: Iterable[Any]) -> Iterator[Reading]:
    for someone in people:
        if someone.nps is not None:
            yield Reading(SURVEYED, SignalKind.NPS, someone.nps, someone.name)


def _row(
    customer: str,
    account_id: int,
    one: Reading,
    began_on: date,
    now: datetime,
    contacts: Mapping[tuple[int, str], Contact],
) -> dict[str, Any]:
    who = f":{one.contact}" if one.contact else ""
    observed_at = min(_told_at(began_on, one.day), now)
    return {
        "account_id": account_id,
        "contact_id": contacts[account_id, one.contact].id if one.contact else None,
        "kind": one.kind,
        "number": one.number,
        "source": one.source,
        "external_id": f"{MARK}:{customer}:{one.kind}{who}:{one.day}",
        "observed_at": observed_at,
        "created_at": observed_at,
    }


def _told_at(began_on: date, day: int) -> datetime:
    return datetime.combine(began_on + timedelta(days=day), TOLD_AT)
