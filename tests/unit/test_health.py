from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.library.health_config import ComponentKey, HealthConfig
from bot.models import MilestoneKind, MilestoneStatus, Segment, Sentiment, Touch
from bot.signals.components import Component, HealthFacts, MilestoneFact, PastHealth
from bot.signals.health import (
    Band,
    Direction,
    Health,
    compute_health,
)
from tests.conftest import MONDAY_10_UTC as NOW

CONFIG = HealthConfig()
NOTHING = HealthFacts(account_id=1, segment=Segment.MID_MARKET, touch=Touch.HIGH)


def health(config: HealthConfig = CONFIG, **facts: Any) -> Health:
    return compute_health(replace(NOTHING, **facts), config, NOW)


def component(of: Health, key: ComponentKey) -> Component:
    return next(part for part in of.components if part.key is key)


def days_ago(days: int) -> datetime:
    return NOW - timedelta(days=days)


def milestone(
    title: str = "Go-live",
    status: MilestoneStatus = MilestoneStatus.PLANNED,
    target: date | None = None,
    reached: date | None = None,
    kind: MilestoneKind = MilestoneKind.CELEBRATION,
) -> MilestoneFact:
    return MilestoneFact(title, kind, status, target, reached)


def snapshot_of(earlier: Health) -> PastHealth:
    assert earlier.score is not None
    return PastHealth(NOW.date() - timedelta(days=7), earlier.score, earlier.remembered())


def test_an_account_nothing_is_known_of_has_no_score() -> None:
    unknown = health()
    assert (unknown.score, unknown.band, unknown.confidence) == (None, Band.UNKNOWN, 0)


def test_each_overdue_step_costs_points() -> None:
    late = component(health(steps_open=5, steps_overdue=2, longest_overdue_days=6), ComponentKey.OVERDUE_STEPS)
    assert late.score == 40
    assert late.why == "2 of 5 open steps overdue, the oldest by 6 days."


def test_overdue_steps_never_cost_more_than_all_points() -> None:
    assert component(health(steps_open=9, steps_overdue=9), ComponentKey.OVERDUE_STEPS).score == 0


def test_finished_steps_count_as_data_when_nothing_is_open() -> None:
    done = component(health(steps_finished=3), ComponentKey.OVERDUE_STEPS)
    assert (done.score, done.why) == (100, "Nothing is open; 3 steps finished lately.")


def test_a_component_without_data_lowers_the_confidence_and_not_the_score() -> None:
    known = health(sentiment=Sentiment.GREEN, sentiment_at=days_ago(1))
    assert known.score == 100
    assert known.confidence == 25


def test_stale_data_lowers_the_confidence_and_not_the_score() -> None:
    fresh = health(sentiment=Sentiment.GREEN, sentiment_at=days_ago(45))
    stale = health(sentiment=Sentiment.GREEN, sentiment_at=days_ago(46))
    assert stale.score == fresh.score
    assert stale.confidence < fresh.confidence
    assert component(stale, ComponentKey.SENTIMENT).stale


@pytest.mark.parametrize(
    ("fact", "points"),
    [
        (milestone(status=MilestoneStatus.REACHED, target=date(2026, 2, 1), reached=date(2026, 1, 30)), 100),
        (milestone(status=MilestoneStatus.REACHED, reached=date(2026, 1, 30)), 100),
        (milestone(status=MilestoneStatus.REACHED, target=date(2026, 1, 1), reached=date(2026, 1, 30)), 75),
        (milestone(target=date(2026, 3, 1)), 40),
        (milestone(status=MilestoneStatus.MISSED, target=date(2026, 2, 1)), 0),
        (milestone(kind=MilestoneKind.RISK, status=MilestoneStatus.REACHED, reached=date(2026, 2, 1)), 0),
        (milestone(kind=MilestoneKind.RISK, target=date(2026, 2, 1)), None),
        (milestone(target=date(2026, 3, 2)), None),
        (milestone(status=MilestoneStatus.REACHED, reached=date(2025, 1, 1)), None),
    ],
)
def test_a_milestone_counts_once_its_day_has_come(fact: MilestoneFact, points: int | None) -> None:
    assert component(health(milestones=(fact,)), ComponentKey.MILESTONES).score == points


@pytest.mark.parametrize(("days", "points"), [(0, 100), (14, 100), (30, 48), (45, 0), (400, 0)])
def test_points_fade_with_the_days_since_the_last_contact(days: int, points: int) -> None:
    assert component(health(last_contact_at=days_ago(days)), ComponentKey.LAST_CONTACT).score == points


def test_contact_does_not_count_where_nobody_is_expected_to_be_in_touch() -> None:
    untouched = health(touch=Touch.NONE, last_contact_at=days_ago(400))
    assert ComponentKey.LAST_CONTACT not in [part.key for part in untouched.components]


def test_a_segment_can_weigh_components_differently() -> None:
    config = HealthConfig(segments={Segment.ENTERPRISE: {ComponentKey.SENTIMENT: 0}})
    facts = {"sentiment": Sentiment.RED, "sentiment_at": NOW, "last_contact_at": NOW}
    assert health(config, segment=Segment.ENTERPRISE, **facts).score == 100
    assert health(config, segment=Segment.SMB, **facts).score == 50


@pytest.mark.parametrize(
    ("sentiment", "band"),
    [(Sentiment.GREEN, Band.GREEN), (Sentiment.YELLOW, Band.YELLOW), (Sentiment.RED, Band.RED)],
)
def test_the_bands_begin_where_the_rules_say(sentiment: Sentiment, band: Band) -> None:
    assert health(sentiment=sentiment, sentiment_at=NOW).band is band


def test_what_moved_names_the_points_and_the_cause() -> None:
    before = health(steps_open=3, sentiment=Sentiment.GREEN, sentiment_at=days_ago(9))
    after = health(
        steps_open=3,
        steps_overdue=2,
        longest_overdue_days=3,
        sentiment=Sentiment.GREEN,
        sentiment_at=days_ago(9),
        past=snapshot_of(before),
    )
    assert after.direction is Direction.DOWN
    assert after.change == -35
    moved = [(movement.label, movement.before, movement.after, movement.why) for movement in after.moved]
    assert moved == [("Overdue steps", 100, 40, "2 steps became overdue")]


def test_what_moved_most_comes_first() -> None:
    before = health(steps_open=3, steps_overdue=1, sentiment=Sentiment.GREEN, sentiment_at=days_ago(9))
    after = health(steps_open=3, sentiment=Sentiment.RED, sentiment_at=NOW, past=snapshot_of(before))
    assert [(m.label, m.why) for m in after.moved] == [
        ("Sentiment", "it went from green to red"),
        ("Overdue steps", "1 step fewer overdue"),
    ]


def test_a_milestone_that_passed_its_day_is_named_in_what_moved() -> None:
    reached = milestone("Kick-off", MilestoneStatus.REACHED, reached=date(2026, 2, 1))
    before = health(milestones=(reached,))
    after = health(milestones=(reached, milestone(target=date(2026, 3, 1))), past=snapshot_of(before))
    assert [movement.why for movement in after.moved] == ["“Go-live” is late"]


def test_silence_is_told_from_contact() -> None:
    before = compute_health(replace(NOTHING, last_contact_at=days_ago(27)), CONFIG, NOW - timedelta(days=7))
    silent = health(last_contact_at=days_ago(27), past=snapshot_of(before))
    in_touch = health(last_contact_at=days_ago(1), past=snapshot_of(before))
    assert [movement.why for movement in silent.moved] == ["nobody was in touch for 27 days"]
    assert [movement.why for movement in in_touch.moved] == ["someone was in touch"]


def test_a_component_that_had_no_data_before_is_said_to_be_new() -> None:
    before = health(steps_open=1)
    after = health(steps_open=1, sentiment=Sentiment.RED, sentiment_at=NOW, past=snapshot_of(before))
    assert [(m.before, m.after, m.why) for m in after.moved] == [(None, 10, "there was no data before")]


def test_a_small_change_is_steady() -> None:
    before = health(last_contact_at=days_ago(15))
    after = health(last_contact_at=days_ago(16), past=snapshot_of(before))
    assert (after.change, after.direction) == (-3, Direction.STEADY)
    strict = HealthConfig.model_validate({"trend": {"steady_within": 2}})
    assert health(strict, last_contact_at=days_ago(16), past=snapshot_of(before)).direction is Direction.DOWN


def test_without_a_snapshot_there_is_no_trend() -> None:
    new = health(steps_open=1)
    assert (new.direction, new.change, new.moved) == (Direction.NEW, 0, ())


FACTS = st.builds(
    HealthFacts,
    account_id=st.just(1),
    segment=st.sampled_from(Segment),
    touch=st.sampled_from(Touch),
    sentiment=st.none() | st.sampled_from(Sentiment),
    sentiment_at=st.just(NOW),
    last_contact_at=st.none() | st.integers(-3, 900).map(days_ago),
    steps_open=st.integers(0, 50),
    steps_overdue=st.integers(0, 50),
    milestones=st.lists(
        st.builds(
            MilestoneFact,
            st.just("Go-live"),
            st.sampled_from(MilestoneKind),
            st.sampled_from(MilestoneStatus),
            st.none() | st.dates(date(2024, 1, 1), date(2028, 1, 1)),
            st.none() | st.dates(date(2024, 1, 1), date(2026, 3, 2)),
        )
    ).map(tuple),
)


@given(FACTS)
def test_score_and_confidence_stay_between_0_and_100_and_say_why(facts: HealthFacts) -> None:
    found = compute_health(facts, CONFIG, NOW)
    assert found.score is None or 0 <= found.score <= 100
    assert 0 <= found.confidence <= 100
    assert all(part.why for part in found.components)
    assert (found.score is None) == (found.confidence == 0)


@given(FACTS)
def test_nothing_moved_in_a_comparison_with_itself(facts: HealthFacts) -> None:
    first = compute_health(facts, CONFIG, NOW)
    if first.score is not None:
        again = compute_health(replace(facts, past=snapshot_of(first)), CONFIG, NOW)
        assert (again.moved, again.change, again.direction) == ((), 0, Direction.STEADY)
