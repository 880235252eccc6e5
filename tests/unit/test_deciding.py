from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.models import RunStatus, StepStatus, TouchpointKind
from bot.schedule.deciding import FIRE, Candidate, Defer, Recipient, Skip, decide_firing, next_working_time

BERLIN = Recipient(1, "Europe/Berlin", "DE", 9, 18, active=True)
DUE = Candidate(1, TouchpointKind.DUE, False, 1, StepStatus.OPEN, RunStatus.ACTIVE, 1, 1)
MORNING = datetime(2026, 3, 3, 8, tzinfo=UTC)


def test_an_open_step_fires_while_its_assignee_works() -> None:
    assert decide_firing(DUE, TouchpointKind.DUE, None) == FIRE


@pytest.mark.parametrize("status", [status for status in StepStatus if status is not StepStatus.OPEN])
def test_a_step_that_is_not_open_any_more_is_skipped(status: StepStatus) -> None:
    assert isinstance(decide_firing(replace(DUE, step_status=status), TouchpointKind.DUE, None), Skip)


def test_a_paused_run_says_nothing() -> None:
    paused = replace(DUE, run_status=RunStatus.PAUSED)
    assert decide_firing(paused, TouchpointKind.DUE, None) == Skip("the run is paused")


def test_of_several_touchpoints_of_a_step_the_most_urgent_speaks() -> None:
    assert decide_firing(DUE, TouchpointKind.OVERDUE, None) == Skip("the overdue touchpoint says it")


def test_outside_working_hours_it_waits_for_the_morning() -> None:
    assert decide_firing(DUE, TouchpointKind.DUE, MORNING) == Defer(MORNING)


def test_what_follows_from_ones_own_action_does_not_wait() -> None:
    assert decide_firing(replace(DUE, at_once=True), TouchpointKind.DUE, MORNING) == FIRE


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (datetime(2026, 3, 2, 10, tzinfo=UTC), None),
        (datetime(2026, 3, 2, 5, tzinfo=UTC), datetime(2026, 3, 2, 8, tzinfo=UTC)),
        (datetime(2026, 3, 2, 17, tzinfo=UTC), datetime(2026, 3, 3, 8, tzinfo=UTC)),  # 18:00 in Berlin: over
        (datetime(2026, 3, 7, 10, tzinfo=UTC), datetime(2026, 3, 9, 8, tzinfo=UTC)),  # a Saturday
        (datetime(2026, 3, 27, 20, tzinfo=UTC), datetime(2026, 3, 30, 7, tzinfo=UTC)),  # the clocks change in between
        (datetime(2026, 4, 3, 10, tzinfo=UTC), datetime(2026, 4, 7, 7, tzinfo=UTC)),  # Good Friday to Easter Monday
    ],
)
def test_working_time_knows_hours_weekends_holidays_and_summer_time(now: datetime, expected: datetime | None) -> None:
    assert next_working_time(BERLIN, now) == expected
