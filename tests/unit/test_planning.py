from datetime import date

import pytest

from bot.engine.calendars import shift, working_day_on_or_after
from bot.engine.planning import plan_due_dates
from bot.library.offsets import Offset
from tests.support.world import make_playbook

MONDAY = date(2026, 3, 2)


def plan(
    *steps: dict[str, str], settled: dict[str, date] | None = None, renewal: date | None = None
) -> dict[str, date | None]:
    playbook = make_playbook(*steps)
    return plan_due_dates(
        playbook,
        started_on=MONDAY,
        anchors={"renewal_date": renewal, "contract_start": None, "trial_end": None, "go_live_date": None},
        settled_on=settled or {},
        countries={step.key: "DE" for step in playbook.steps},
    )


def test_a_step_counts_from_the_start_of_the_run() -> None:
    assert plan({"key": "a", "due": "3d"}) == {"a": date(2026, 3, 5)}


def test_a_step_counts_back_from_an_anchor_date() -> None:
    assert plan({"key": "a", "due": "renewal_date - 90d"}, renewal=date(2026, 9, 1)) == {"a": date(2026, 6, 3)}


def test_what_is_past_when_a_run_starts_late_is_due_on_the_day_it_starts() -> None:
    planned = plan({"key": "a", "due": "renewal_date - 90d"}, {"key": "b", "due": "a + 2d"}, renewal=date(2026, 4, 1))
    assert planned == {"a": MONDAY, "b": date(2026, 3, 4)}


def test_without_the_anchor_date_there_is_no_due_date_and_none_for_what_follows() -> None:
    planned = plan({"key": "a", "due": "renewal_date - 90d"}, {"key": "b", "due": "a + 2d"})
    assert planned == {"a": None, "b": None}


def test_a_step_after_another_counts_from_its_due_date_until_that_is_settled() -> None:
    steps = ({"key": "b", "due": "a + 2d"}, {"key": "a", "due": "1d"})
    assert plan(*steps)["b"] == date(2026, 3, 5)
    assert plan(*steps, settled={"a": date(2026, 3, 10)})["b"] == date(2026, 3, 12)


@pytest.mark.parametrize(
    ("country", "expected"),
    [
        ("DE", date(2026, 4, 8)),  # Good Friday and Easter Monday are holidays in Germany
        ("US", date(2026, 4, 6)),  # neither is one in the United States
    ],
)
def test_business_days_know_the_holidays_of_the_country(country: str, expected: date) -> None:
    assert shift(date(2026, 4, 1), Offset.parse("3bd"), country) == expected


def test_business_days_count_back_over_a_weekend() -> None:
    assert shift(MONDAY, Offset.parse("-1bd"), "DE") == date(2026, 2, 27)


def test_weeks_are_seven_days() -> None:
    assert shift(MONDAY, Offset.parse("2w"), "DE") == date(2026, 3, 16)


def test_a_country_without_a_calendar_keeps_weekends() -> None:
    assert working_day_on_or_after(date(2026, 3, 7), "ZZ") == date(2026, 3, 9)


def test_the_weekend_is_the_countrys_own() -> None:
    assert working_day_on_or_after(date(2026, 3, 6), "SA") == date(2026, 3, 8)  # a Friday in Saudi Arabia
