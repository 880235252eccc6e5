"""Measures of the signals of many accounts, on both databases."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from bot.db import Database
from bot.library.measures import Measure, Take
from bot.models import Account, Contact, HealthSnapshot, Signal
from bot.signals.windows import Measured, load_measures

NOW = datetime.fromisoformat("2026-03-02T10:00:00+00:00")


@pytest.fixture
async def two_accounts(database: Database) -> tuple[int, int]:
    async with database.transaction() as session:
        accounts = [Account(key=key, name=key.title(), created_at=NOW, updated_at=NOW) for key in ("acme", "globex")]
        session.add_all(accounts)
        await session.flush()
        return accounts[0].id, accounts[1].id


async def observe(
    database: Database, account_id: int, kind: str, *observed: tuple[float, float | None], **more: Any
) -> None:
    """Signals as (days ago, number)."""
    async with database.transaction() as session:
        for days, number in observed:
            session.add(
                Signal(
                    account_id=account_id,
                    kind=kind,
                    number=number,
                    source="product",
                    external_id=f"{account_id}-{kind}-{days}-{number}-{more.get('label')}",
                    observed_at=NOW - timedelta(days=days),
                    created_at=NOW,
                    **more,
                )
            )


async def measured(database: Database, ids: tuple[int, ...], *measures: Measure, **options: Any) -> Any:
    async with database.reading() as connection:
        return await load_measures(connection, ids, measures, NOW, **options)


def measure(metric: str = "active_users", take: Take = Take.LAST, **window: Any) -> Measure:
    return Measure(metric=metric, take=take, **window)


async def test_each_window_is_taken_by_itself(database: Database, two_accounts: tuple[int, int]) -> None:
    """Row 2.17: a week is compared with the four weeks before it."""
    acme, globex = two_accounts
    await observe(database, acme, "active_users", (1, 6), (3, 8), (10, 20), (20, 22), (34, 30), (40, 99))
    await observe(database, globex, "active_users", (2, 5))
    week = measure(take=Take.MEAN, over=7)
    before = measure(take=Take.MEAN, over=28, ago=7)
    found = await measured(database, two_accounts, week, before)
    assert found[acme][week].number == 7
    assert found[acme][before].number == 24
    assert found[globex][week].number == 5
    assert before not in found[globex]


async def test_the_last_signal_is_the_last_observed_whenever_it_came_in(
    database: Database, two_accounts: tuple[int, int]
) -> None:
    acme, _ = two_accounts
    await observe(database, acme, "active_users", (1, 6))
    await observe(database, acme, "active_users", (5, 50))  # late
    await observe(database, acme, "active_users", (-1, 70))  # observed after the moment that is asked about
    last = measure()
    found = await measured(database, two_accounts, last)
    assert found[acme][last] == Measured(6, NOW - timedelta(days=1), None, "product")


async def test_what_is_taken_together(database: Database, two_accounts: tuple[int, int]) -> None:
    acme, globex = two_accounts
    await observe(database, acme, "ticket_opened", (1, 1), (2, 3), (3, None))
    taken = {take: measure("ticket_opened", take, over=7) for take in Take}
    found = await measured(database, two_accounts, *taken.values())
    numbers = {take: found[acme][one].number for take, one in taken.items() if take is not Take.LAST}
    assert numbers == {Take.MEAN: 2, Take.SUM: 4, Take.SMALLEST: 1, Take.LARGEST: 3, Take.COUNT: 3}
    assert found[globex] == {taken[Take.COUNT]: Measured(0, NOW)}


async def test_labels_tell_signals_of_one_kind_apart(database: Database, two_accounts: tuple[int, int]) -> None:
    """Row 2.9: one value for each feature."""
    acme, _ = two_accounts
    await observe(database, acme, "feature_use", (2, 4), label="reports")
    await observe(database, acme, "feature_use", (1, 9), label="export")
    reports, export, newest = (measure("feature_use", label=label) for label in ("reports", "export", None))
    both = measure("feature_use", Take.SUM, over=7)
    one = measure("feature_use", Take.SUM, over=7, label="export")
    found = (await measured(database, two_accounts, reports, export, newest, both, one))[acme]
    assert [found[asked].number for asked in (reports, export, newest, both, one)] == [4, 9, 9, 13, 9]
    assert found[newest].label == "export"


async def test_contacts_have_measures_of_their_own(database: Database, two_accounts: tuple[int, int]) -> None:
    """Row 2.14: a score of one person, and of the company."""
    acme, _ = two_accounts
    async with database.transaction() as session:
        people = [Contact(account_id=acme, name=n, email=f"{n}@acme.test", created_at=NOW) for n in ("ada", "bob")]
        session.add_all(people)
        await session.flush()
        ada, bob = (contact.id for contact in people)
    await observe(database, acme, "nps", (3, 9), contact_id=ada)
    await observe(database, acme, "nps", (2, 3), contact_id=bob)
    last, mean = measure("nps"), measure("nps", Take.MEAN)
    of_contacts = await measured(database, (ada, bob), last, of_contacts=True)
    assert (of_contacts[ada][last].number, of_contacts[bob][last].number) == (9, 3)
    assert (await measured(database, (acme,), mean))[acme][mean].number == 6


async def test_health_is_measured_from_its_history(database: Database, two_accounts: tuple[int, int]) -> None:
    """Row 1.30: today's score and that of a week ago."""
    acme, globex = two_accounts
    async with database.transaction() as session:
        for day, score in ((date(2026, 2, 20), 80), (date(2026, 2, 23), 76), (date(2026, 3, 2), 48)):
            session.add(HealthSnapshot(account_id=acme, day=day, score=score, components={}))
    last, before = measure("health"), measure("health", ago=7)
    mean, count = measure("health", Take.MEAN), measure("health", Take.COUNT)
    found = await measured(database, two_accounts, last, before, mean, count)
    assert [found[acme][asked].number for asked in (last, before, mean, count)] == [48, 76, 68, 3]
    assert {asked: got.number for asked, got in found[globex].items()} == {count: 0}
