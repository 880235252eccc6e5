from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.engine.calendars import next_working_time
from bot.models import RunStatus, StepKind, StepStatus, TouchpointKind
from bot.schedule.deciding import (
    FIRE,
    Candidate,
    Defer,
    Outcome,
    Recipient,
    Recipients,
    Skip,
    concerns_customers,
    decide_batch,
    decide_firing,
)

BERLIN = Recipient(1, "Europe/Berlin", "DE", 9, 18, active=True)
DUE = Candidate(1, TouchpointKind.DUE, False, 1, StepStatus.OPEN, RunStatus.ACTIVE, 1, 1, StepKind.TASK, "play")
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


MAYA, LEO = replace(BERLIN, member_id=7), Recipient(8, "America/New_York", "US", 9, 18, active=True)
GONE = replace(LEO, member_id=9, active=False)
TEAM = Recipients({7: MAYA, 8: LEO, 9: GONE}, {1: MAYA})
TEN_IN_BERLIN = datetime(2026, 3, 3, 9, tzinfo=UTC)  # 4:00 in New York


def row(
    touchpoint: int,
    assignee: int = 7,
    *,
    step: int | None = None,
    account: int = 1,
    step_kind: str = "task",
    playbook: str = "play",
    **changes: object,
) -> list[object]:
    """A claimed row, as `parse_candidate` reads it."""
    columns = {"kind": "due", "at_once": False, "step": step or touchpoint, "status": "open", "run": "active"}
    return [touchpoint, *{**columns, **changes}.values(), account, assignee, step_kind, playbook]


def test_a_batch_is_told_apart_by_recipient_reason_and_time() -> None:
    rows = [row(1), row(2, 8), row(3, status="done"), row(4), row(5, run="paused"), row(6, 8)]
    assert decide_batch(rows, TEAM, TEN_IN_BERLIN) == Outcome(
        fired={7: [1, 4]},
        skipped={"the step is done": [3], "the run is paused": [5]},
        deferred={datetime(2026, 3, 3, 14, tzinfo=UTC): [2, 6]},
    )


def test_only_who_is_to_hear_at_once_is_hurried() -> None:
    outcome = decide_batch([row(1), row(2, 8, at_once=True), row(3, 8)], TEAM, TEN_IN_BERLIN)
    assert (outcome.fired, outcome.hurried) == ({7: [1], 8: [2]}, {8})


def test_a_batch_speaks_of_a_step_once() -> None:
    rows = [row(1, step=1, kind="reminder"), row(2, step=1), row(3, step=1, kind="overdue"), row(4, step=2)]
    outcome = decide_batch(rows, TEAM, TEN_IN_BERLIN)
    assert (outcome.fired, outcome.skipped) == ({7: [3, 4]}, {"the overdue touchpoint says it": [1, 2]})


def test_the_csm_hears_for_one_who_left_and_without_a_csm_the_one_who_left() -> None:
    assert TEAM.of(1, 9) == MAYA
    assert TEAM.of(2, 9) == GONE
    assert decide_batch([row(1, 9), row(2)], TEAM, TEN_IN_BERLIN).fired == {7: [1, 2]}


def test_emails_and_steps_of_expansion_playbooks_are_looked_at_before_they_fire() -> None:
    assert concerns_customers(row(1, step_kind="email"), ())
    assert concerns_customers(row(1, playbook="referral"), {"referral"})
    assert not concerns_customers(row(1), {"referral"})
