"""The rounds of recurring playbooks: which period a day is in, and on which day of it the round starts."""

from datetime import date, timedelta
from itertools import islice
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.engine.periods import add_months, period_of, round_of, rounds_from
from bot.library.schema import Every, RecurringTrigger


def every(period: str, day: str = "1bd", of: str = "calendar") -> RecurringTrigger:
    written: dict[str, Any] = {"on": "recurring", "every": period, "day": day, "of": of}
    return RecurringTrigger.model_validate(written)


@pytest.mark.parametrize(
    ("period", "key"), [("month", "month:2026-11"), ("quarter", "quarter:2026-Q4"), ("year", "year:2026")]
)
def test_a_period_of_the_calendar_is_named_by_its_date(period: str, key: str) -> None:
    found = period_of(every(period), date(2026, 11, 14), None)
    assert found
    assert found.key == key


@pytest.mark.parametrize(
    ("period", "key"),
    [
        ("month", "contract-month:2026-11-14"),
        ("quarter", "contract-quarter:2026-08-14"),
        ("year", "contract-year:2026-02-14"),
    ],
)
def test_a_period_of_the_contract_counts_from_its_start(period: str, key: str) -> None:
    day = date(2026, 12, 13) if period == "month" else date(2026, 11, 13)
    found = period_of(every(period, of="contract"), day, date(2025, 2, 14))
    assert found
    assert found.key == key


def test_a_contract_that_has_not_begun_has_no_period() -> None:
    assert period_of(every("month", of="contract"), date(2026, 2, 13), date(2026, 2, 14)) is None
    assert period_of(every("month", of="contract"), date(2026, 2, 13), None) is None


def test_a_contract_from_the_31st_has_its_periods_end_with_short_months() -> None:
    firsts = [
        found.period.first
        for found in islice(rounds_from(every("month", of="contract"), date(2026, 1, 31), date(2026, 1, 31), ""), 4)
    ]
    assert firsts == [date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31), date(2026, 4, 30)]


@pytest.mark.parametrize(
    ("day", "country", "starts"),
    [
        ("1bd", "DE", date(2026, 5, 4)),  # the 1st is Labour Day, a Friday
        ("1bd", "US", date(2026, 5, 1)),
        ("-1bd", "DE", date(2026, 5, 29)),
        ("15d", "DE", date(2026, 5, 15)),
        ("31d", "DE", date(2026, 5, 31)),
        ("-1d", "DE", date(2026, 5, 31)),
        ("-21d", "DE", date(2026, 5, 11)),  # with it, 21 days are left
        ("2w", "DE", date(2026, 5, 14)),
        ("-90d", "DE", date(2026, 5, 1)),  # never outside the period
        ("40bd", "DE", date(2026, 5, 31)),
    ],
)
def test_the_day_of_a_round(day: str, country: str, starts: date) -> None:
    found = round_of(every("month", day), date(2026, 5, 20), None, country)
    assert found
    assert found.day == starts


def test_the_31st_of_february_is_its_last_day() -> None:
    found = round_of(every("month", "31d"), date(2026, 2, 3), None, "")
    assert found
    assert found.day == date(2026, 2, 28)


def test_rounds_have_names_for_people() -> None:
    names = [
        found.name
        for trigger in (every("month"), every("quarter"), every("year"), every("quarter", of="contract"))
        if (found := round_of(trigger, date(2026, 11, 20), date(2026, 8, 14), ""))
    ]
    assert names == [
        "the round of November 2026",
        "the round of Q4 2026",
        "the round of 2026",
        "the round from 14 Nov 2026",
    ]


@given(
    st.dates(date(2020, 1, 1), date(2035, 12, 31)),
    st.dates(date(2019, 1, 1), date(2035, 12, 31)),
    st.sampled_from(Every),
    st.sampled_from(["calendar", "contract"]),
    st.sampled_from(["1bd", "-1bd", "15d", "31d", "-21d"]),
)
def test_every_day_is_in_one_period_and_periods_follow_each_other(
    day: date, contract_start: date, length: Every, of: str, on: str
) -> None:
    trigger = every(length, on, of)
    found = round_of(trigger, day, contract_start, "")
    if found is None:
        assert of == "contract"
        assert day < contract_start
        return
    assert found.period.first <= day <= found.period.last
    assert found.period.first <= found.day <= found.period.last
    following = period_of(trigger, found.period.last + timedelta(days=1), contract_start)
    assert following
    assert following.first == found.period.last + timedelta(days=1)


def test_months_are_added_to_the_day_they_began_with() -> None:
    assert add_months(date(2024, 2, 29), 12) == date(2025, 2, 28)
    assert add_months(date(2025, 11, 30), 3) == date(2026, 2, 28)
