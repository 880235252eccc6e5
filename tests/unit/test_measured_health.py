"""Health of what is measured: components from signals, confidence, disagreement. Rows 1.22-1.26, 4.17, 4.18, 4.47."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.library.health_config import HealthConfig, MeasuredComponent
from bot.library.metrics import load_metrics
from bot.models import Segment, Sentiment, Touch
from bot.settings import ROOT
from bot.signals.components import Component, HealthFacts, PastHealth
from bot.signals.health import Band, Health, compute_health
from bot.signals.movements import dated
from bot.signals.numbers import change_words, in_sentence, number_words
from bot.signals.windows import Measured
from bot.slack.sparkline import build_sparkline
from tests.conftest import MONDAY_10_UTC as NOW

USAGE = {
    "label": "Usage",
    "measure": {"metric": "active_users", "take": "mean", "over": 7},
    "against": {"metric": "active_users", "take": "mean", "over": 28, "ago": 7},
    "points": [(0.5, 0), (1, 100)],
    "weight": 30,
}
SEATS = {
    "label": "Seats",
    "measure": {"metric": "seats_used"},
    "against": {"metric": "seats_bought"},
    "points": [(0, 0), (1, 100)],
}
INVOICES = {"label": "Invoices", "measure": {"metric": "invoice_overdue_days"}, "points": [(0, 100), (40, 0)]}
CONFIG = HealthConfig.model_validate({"measured": {"usage": USAGE, "seats": SEATS, "invoices": INVOICES}}).knowing(
    load_metrics(ROOT / "playbooks")
)
NOTHING = HealthFacts(account_id=1, segment=Segment.MID_MARKET, touch=Touch.NONE)


def facts(days_old: int = 0, /, **numbers: float) -> HealthFacts:
    """`usage=31, usage_against=48`: what each of the components has been measured at, so many days ago."""
    measured = {}
    for name, number in numbers.items():
        key, _, against = name.partition("_")
        component = CONFIG.measured[key]
        measure = component.against if against else component.measure
        assert measure is not None
        measured[measure] = Measured(number, NOW - timedelta(days=days_old), source="product")
    return replace(NOTHING, measured=measured)


def health(known: HealthFacts, config: HealthConfig = CONFIG, **more: Any) -> Health:
    return compute_health(replace(known, **more), config, NOW)


def component(of: Health, key: str) -> Component:
    return next(part for part in of.components if part.key == key)


def test_a_number_is_compared_with_the_weeks_before() -> None:
    usage = component(health(facts(usage=31, usage_against=48)), "usage")
    assert (usage.score, usage.why) == (29, "Active users 31, 48 in the 28 days before (-35 %).")
    assert usage.definition.startswith("Different people")
    assert usage.source == "product"


def test_a_number_can_be_a_share_of_another() -> None:
    seats = component(health(facts(seats=60, seats_against=80)), "seats")
    assert (seats.score, seats.why) == (75, "Seats in use 60 of 80 (75 %).")


def test_a_number_can_stand_for_itself() -> None:
    invoices = component(health(facts(invoices=10)), "invoices")
    assert (invoices.score, invoices.why) == (75, "Oldest overdue invoice 10 days.")


@pytest.mark.parametrize("known", [{}, {"usage": 31.0}, {"usage": 31.0, "usage_against": 0.0}, {"usage_against": 48.0}])
def test_what_cannot_be_compared_has_no_points(known: dict[str, float]) -> None:
    usage = component(health(facts(**known)), "usage")
    assert (usage.score, usage.why) == (None, "No data on active users.")


@pytest.mark.parametrize(("value", "points"), [(-1, 0), (0.5, 0), (0.75, 50), (1, 100), (9, 100)])
def test_points_lie_on_straight_lines_and_stay_beyond_the_ends(value: float, points: int) -> None:
    assert MeasuredComponent.model_validate(USAGE).points_of(value) == points


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(allow_nan=False, allow_infinity=False))
def test_more_is_never_fewer_points_on_a_rising_curve(one: float, other: float) -> None:
    low, high = sorted((one, other))
    usage = CONFIG.measured["usage"]
    assert 0 <= usage.points_of(low) <= usage.points_of(high) <= 100


def test_confidence_is_full_until_data_is_stale_and_halves_from_then_on() -> None:
    """`invoice_overdue_days` is stale after 14 days, and is trusted half as much after each 14 more."""
    only_invoices = HealthConfig.model_validate(
        {"weights": {}, "measured": {"invoices": INVOICES}, "disagreement": {"points": 30}}
    ).knowing(load_metrics(ROOT / "playbooks"))
    aged = [health(facts(age, invoices=10), only_invoices) for age in (0, 14, 21, 28, 42)]
    assert [one.confidence for one in aged] == [100, 100, 71, 50, 25]
    assert {one.score for one in aged} == {75}


def test_a_component_without_data_lowers_the_confidence() -> None:
    known = health(facts(usage=48, usage_against=48))
    assert known.score == 100
    assert known.confidence == round(100 * 30 / (35 + 25 + 20 + 30 + 10 + 10))


def test_a_segment_can_weigh_what_is_measured_differently() -> None:
    config = HealthConfig.model_validate(
        {"measured": {"usage": USAGE, "invoices": INVOICES}, "segments": {"smb": {"usage": 0}}}
    ).knowing(load_metrics(ROOT / "playbooks"))
    known = facts(usage=24, usage_against=48, invoices=0)
    assert health(known, config, segment=Segment.SMB).score == 100
    assert health(known, config, segment=Segment.MID_MARKET).score == 25


# --- what moved, and since when ---------------------------------------------------------------------------------------


def past_of(earlier: Health) -> PastHealth:
    assert earlier.score is not None
    return PastHealth(NOW.date() - timedelta(days=7), earlier.score, earlier.remembered())


def test_what_moved_names_the_number_before_and_now() -> None:
    """Row 1.30: which component moved the score, and by what."""
    before = health(facts(usage=48, usage_against=48))
    after = health(facts(usage=31, usage_against=48), past=past_of(before))
    assert [(one.before, one.after, one.why) for one in after.moved] == [(100, 29, "active users 48 → 31 (-35 %)")]


def test_the_cause_of_a_fall_is_not_what_only_became_known() -> None:
    before = health(facts(usage=48, usage_against=48))
    after = health(facts(usage=36, usage_against=48, invoices=0), past=past_of(before))
    assert [one.key for one in after.moved] == ["usage", "invoices"]
    assert after.moved[0].pull < 0 <= after.moved[1].pull


@pytest.mark.parametrize(
    ("scores", "since"),
    [
        ([100, 98, 97, 40, 35, 30, 29, 29], date(2026, 2, 26)),  # at one blow
        ([100, 90, 80, 70, 60, 50, 40, 29], date(2026, 2, 27)),  # slowly: from where it was nearer to now
        ([29] * 8, None),  # the day before the first is not known
    ],
)
def test_since_when_is_told_from_the_days_between(scores: list[int], since: date | None) -> None:
    before = health(facts(usage=48, usage_against=48))
    after = health(facts(usage=31, usage_against=48), past=past_of(before))
    first = NOW.date() - timedelta(days=7)
    kept = [(first + timedelta(days=n), {"usage": {"score": score}}) for n, score in enumerate(scores)]
    assert [one.since for one in dated(after.moved, kept)] == [since]


def test_since_when_is_not_told_over_a_gap() -> None:
    before = health(facts(usage=48, usage_against=48))
    after = health(facts(usage=31, usage_against=48), past=past_of(before))
    kept = [(NOW.date() - timedelta(days=days), {"usage": {"score": score}}) for days, score in ((7, 100), (2, 29))]
    assert [one.since for one in dated(after.moved, kept)] == [None]


# --- disagreement -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("users", "sentiment", "says"),
    [
        (24.0, Sentiment.GREEN, Band.RED),
        (48.0, Sentiment.RED, Band.GREEN),
        (48.0, Sentiment.GREEN, None),
        (36.0, Sentiment.RED, Band.YELLOW),  # 50 points against 10
        (36.0, Sentiment.YELLOW, None),
        (48.0, None, None),
    ],
)
def test_numbers_and_csm_disagree_when_they_are_far_apart(
    users: float, sentiment: Sentiment | None, says: Band | None
) -> None:
    found = health(facts(usage=users, usage_against=48), sentiment=sentiment, sentiment_at=NOW).disagreement
    assert (found.numbers if found else None) is says


# --- words ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "before", "words"), [(31, 48, "-35 %"), (50, 48, "+4 %"), (48.1, 48, "no change"), (0, 48, "-100 %")]
)
def test_a_change_is_told_in_percent(now: float, before: float, words: str) -> None:
    assert change_words(now, before) == words


def test_numbers_are_told_no_finer_than_helps() -> None:
    assert [number_words(number) for number in (7.44, 95.3, 1234.5, 3.0)] == ["7.4", "95", "1,234", "3"]


def test_abbreviations_keep_their_capitals_in_a_sentence() -> None:
    assert [in_sentence(title) for title in ("Active users", "NPS answer", "CSAT")] == [
        "active users",
        "NPS answer",
        "CSAT",
    ]


def test_a_curve_shows_the_shape_and_what_is_not_known() -> None:
    assert build_sparkline([90, None, 60, 30]) == "█·▅▁"
    assert len(set(build_sparkline([80, 81, 80]))) <= 2  # a change of a point is no cliff
    assert build_sparkline([]) == ""
