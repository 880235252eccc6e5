"""Rows 0.10, 0.11, 1.8: when a journey's milestones are meant to be reached, and where an account stands on it."""

from datetime import date, timedelta

import pytest

from bot.engine.journeys.planning import Place, add_months, go_on, join, plan_targets, rebegin
from bot.library.library import Library
from bot.models import MilestoneKind
from bot.settings import ROOT
from tests.support.journeys import make_journey

START = date(2026, 1, 15)
ANCHORS = {
    "contract_start": START,
    "go_live_date": date(2026, 3, 1),
    "renewal_date": date(2027, 1, 15),
    "trial_end": None,
}


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2026, 1, 15), 12, date(2027, 1, 15)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2026, 8, 31), 6, date(2027, 2, 28)),
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
    ],
)
def test_a_month_later_is_the_same_day_or_the_months_last(day: date, months: int, expected: date) -> None:
    assert add_months(day, months) == expected


def test_targets_count_from_the_start_from_dates_of_the_account_and_from_other_milestones() -> None:
    targets = plan_targets(Place(make_journey(), START), ANCHORS, {}, "DE")
    assert targets == {
        "kick-off": date(2026, 1, 25),
        "go-live": date(2026, 3, 1),
        "stuck": date(2026, 3, 16),
        "review": date(2026, 3, 31),
        "renewed": date(2027, 1, 15),
    }


def test_what_follows_a_reached_milestone_counts_from_the_day_it_was_reached() -> None:
    targets = plan_targets(Place(make_journey(), START), ANCHORS, {"go-live": date(2026, 4, 10)}, "DE")
    assert targets["review"] == date(2026, 5, 10)


def test_a_date_that_is_not_known_gives_no_day() -> None:
    targets = plan_targets(Place(make_journey(), START), ANCHORS | {"go_live_date": None}, {}, "DE")
    assert (targets["go-live"], targets["review"]) == (None, None)


def test_a_journey_that_has_not_begun_has_no_days_counted_from_its_start() -> None:
    targets = plan_targets(Place(make_journey(), START), ANCHORS, {}, "DE", has_begun=False)
    assert (targets["kick-off"], targets["go-live"]) == (None, date(2026, 3, 1))


def test_an_account_counts_from_its_contract_or_from_today_without_one() -> None:
    journeys = {"first": make_journey()}
    today = date(2026, 6, 1)
    assert join(journeys, "first", ANCHORS, today).started_on == START
    assert join(journeys, "first", ANCHORS | {"contract_start": None}, today).started_on == today


def test_a_customer_of_three_years_begins_no_first_year() -> None:
    """Row 0.10."""
    journeys = {"first": make_journey(next="later"), "later": make_journey("later", next="later")}
    place = join(journeys, "first", ANCHORS | {"contract_start": date(2023, 5, 1)}, date(2026, 6, 1))
    assert (place.journey.key, place.started_on) == ("later", date(2026, 5, 1))


def test_the_anniversary_itself_belongs_to_what_follows() -> None:
    journeys = {"first": make_journey(next="later"), "later": make_journey("later", next="later")}
    first = Place(journeys["first"], START)
    assert go_on(journeys, first, date(2027, 1, 14)) == first
    assert go_on(journeys, first, date(2027, 1, 15)) == Place(journeys["later"], date(2027, 1, 15))


def test_a_journey_that_nothing_follows_does_not_end() -> None:
    first = Place(make_journey(), START)
    assert go_on({"first": first.journey}, first, date(2031, 1, 1)) == first


def test_a_moved_contract_start_moves_the_journeys_start() -> None:
    moved = ANCHORS | {"contract_start": date(2026, 2, 1)}
    assert rebegin(make_journey(), START, moved, date(2026, 6, 1)).started_on == date(2026, 2, 1)


def test_the_first_year_is_densest_in_its_first_half() -> None:
    """Row 0.11."""
    library = Library(ROOT / "playbooks")
    library.load()
    place = Place(library.journeys["year-1"], START)
    targets = plan_targets(place, ANCHORS, {}, "DE")
    moments = [
        day for key, day in targets.items() if day and place.journey.milestones[key].kind is MilestoneKind.CELEBRATION
    ]
    half = START + timedelta(days=183)
    first, second = [day for day in moments if day <= half], [day for day in moments if day > half]
    assert len(first) >= 2 * len(second) > 0
