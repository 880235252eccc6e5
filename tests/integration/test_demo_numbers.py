"""The demo's customers are measured: ninety days back, and on with the clock."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlmodel import col

from bot.clock import FixedClock
from bot.db import Database
from bot.demo.book import BOOK
from bot.demo.measuring import keep_numbers_coming, seed_numbers
from bot.demo.numbers import ANSWERS, CURVES, FIRST_DAY, SOURCES, readings
from bot.library.library import Library
from bot.library.metrics import load_metrics
from bot.models import Contact, DueEvaluation, Signal
from bot.services import Services
from bot.settings import ROOT, Settings
from tests.support.accounts import Book


@pytest.fixture
async def measured(sqlite: Database, now: datetime) -> Services:
    """The customers of the book, and ninety days of numbers."""
    book = Book(sqlite, now)
    for customer in BOOK:
        account_id = await book.account(customer.key)
        async with sqlite.transaction() as session:
            session.add_all(
                Contact(account_id=account_id, name=someone.name, email=someone.name, created_at=now)
                for someone in customer.people
            )
    async with sqlite.transaction() as session:
        await seed_numbers(session, now.date(), now)
    return Services(Settings(_env_file=None), sqlite, Library(ROOT / "playbooks"), FixedClock(now), lambda: None)


async def active_users(database: Database, since: datetime, account_id: int = 1) -> int:
    query = select(func.count()).where(
        col(Signal.account_id) == account_id, col(Signal.kind) == "active_users", col(Signal.observed_at) > since
    )
    async with database.reading() as connection:
        return int((await connection.execute(query)).scalar_one())


def test_numbers_are_the_same_every_time_and_of_metrics_that_are_there() -> None:
    assert set(SOURCES) <= set(load_metrics(ROOT / "playbooks").known)
    assert {*CURVES, *ANSWERS} <= {customer.key for customer in BOOK}
    once, again = ([one for customer in BOOK for one in readings(customer.key, FIRST_DAY, 30)] for _ in range(2))
    assert once == again
    assert all(one.number >= 0 for one in once)


async def test_the_past_is_there_from_the_first_day(measured: Services, now: datetime) -> None:
    assert await active_users(measured.database, now - timedelta(days=120)) == 91
    async with measured.database.reading() as connection:
        late = await connection.execute(select(func.count()).where(col(Signal.observed_at) > now))
    assert late.scalar_one() == 0


async def test_each_day_that_comes_is_told_once(measured: Services, now: datetime) -> None:
    later = now + timedelta(days=3)
    assert await keep_numbers_coming(measured, now) == 0
    assert await keep_numbers_coming(measured, later) > 100
    assert await keep_numbers_coming(measured, later) == 0
    assert await active_users(measured.database, now) == 3
    async with measured.database.reading() as connection:
        assert (await connection.execute(select(func.count()).select_from(DueEvaluation))).scalar_one() > 10


async def test_what_somebody_sends_is_theirs_to_go_on_with(measured: Services, now: datetime) -> None:
    await Book(measured.database, now).signals(1, "active_users", (0, 12))
    await keep_numbers_coming(measured, now + timedelta(days=3))
    assert await active_users(measured.database, now) == 0
    assert await active_users(measured.database, now, account_id=5) == 3


async def test_a_book_without_numbers_stays_without(sqlite: Database, now: datetime) -> None:
    services = Services(Settings(_env_file=None), sqlite, Library(ROOT / "playbooks"), FixedClock(now), lambda: None)
    assert await keep_numbers_coming(services, now) == 0
