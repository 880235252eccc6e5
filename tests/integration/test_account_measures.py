"""Measures of one account come out as those of many do, on both databases."""

from datetime import datetime, timedelta

import pytest

from bot.db import Database
from bot.library.measures import HEALTH, Measure, Take
from bot.signals.account_measures import load_account_measures
from bot.signals.windows import load_measures
from tests.support.accounts import Book

MEASURES = [
    *(Measure(metric="active_users", take=take, over=7) for take in Take),
    *(Measure(metric="active_users", take=take, over=28, ago=7) for take in Take),
    Measure(metric="feature_use", label="reports"),
    Measure(metric="feature_use", label="exports", take=Take.COUNT),
    Measure(metric="feature_use"),
    Measure(metric="nothing", take=Take.COUNT),
    Measure(metric="nothing"),
]


async def test_one_account_is_measured_as_many_are(database: Database, now: datetime) -> None:
    book = Book(database, now)
    acme, globex = await book.account("acme"), await book.account("globex")
    await book.signals(acme, "active_users", *((days, 40 + days % 5) for days in range(0, 40, 2)))
    await book.signals(globex, "active_users", (1, 999))
    await book.signals(acme, "feature_use", (3, 7), label="reports")
    await book.signals(acme, "feature_use", (1, 9), (0, 4), label="exports")
    async with database.glance() as reader:
        one = await load_account_measures(reader, acme, MEASURES, now)
        many = (await load_measures(reader, [acme], MEASURES, now))[acme]
    assert {measure: (found.number, found.as_of, found.label) for measure, found in one.items()} == {
        measure: (found.number, found.as_of, found.label) for measure, found in many.items()
    }
    assert one[MEASURES[0]].source == "product"


async def test_a_source_is_told_of_what_has_only_one(sqlite: Database, now: datetime) -> None:
    book = Book(sqlite, now)
    acme = await book.account("acme")
    mean = Measure(metric="active_users", take=Take.MEAN, over=7)
    await book.signals(acme, "active_users", (1, 5))
    await book.signals(acme, "active_users", (2, 7), source="segment")
    async with sqlite.glance() as reader:
        earlier = await load_account_measures(reader, acme, [mean], now - timedelta(days=1.5))
        both = await load_account_measures(reader, acme, [mean], now)
    assert (earlier[mean].source, both[mean].source, both[mean].number) == ("segment", None, 6)


async def test_health_is_asked_of_its_history(sqlite: Database, now: datetime) -> None:
    async with sqlite.glance() as reader:
        with pytest.raises(ValueError, match="load_measures"):
            await load_account_measures(reader, 1, [Measure(metric=HEALTH)], now)
