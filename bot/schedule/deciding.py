"""Whether a planned touchpoint still makes sense now that its time has come. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.engine.calendars import at_hour, is_working_day, working_day_on_or_after
from bot.models import RunStatus, StepStatus, TouchpointKind


@dataclass(frozen=True, slots=True)
class Recipient:
    member_id: int
    timezone: str
    country: str
    workday_start: int
    workday_end: int
    active: bool


@dataclass(frozen=True, slots=True)
class Candidate:
    """A due touchpoint of a step, with what it depends on."""

    touchpoint_id: int
    kind: TouchpointKind
    at_once: bool
    step_id: int
    step_status: StepStatus
    run_status: RunStatus
    account_id: int
    assignee_id: int


@dataclass(frozen=True, slots=True)
class Fire:
    pass


@dataclass(frozen=True, slots=True)
class Skip:
    reason: str


@dataclass(frozen=True, slots=True)
class Defer:
    until: datetime


Decision = Fire | Skip | Defer

FIRE = Fire()
STRENGTH: Mapping[TouchpointKind, int] = {
    TouchpointKind.REMINDER: 0,
    TouchpointKind.DUE: 1,
    TouchpointKind.OVERDUE: 2,
}


def decide_firing(candidate: Candidate, strongest: TouchpointKind, works_from: datetime | None) -> Decision:
    """Fire, skip for good, or put off.

    `strongest` is the most urgent kind that is due for the same step: after downtime a step speaks up once, not three
    times. `works_from` is when the recipient works next; None means now.
    """
    if candidate.step_status is not StepStatus.OPEN:
        return Skip(f"the step is {candidate.step_status}")
    if candidate.run_status is not RunStatus.ACTIVE:
        return Skip(f"the run is {candidate.run_status}")
    if candidate.kind is not strongest:
        return Skip(f"the {strongest} touchpoint says it")
    if works_from is not None and not candidate.at_once:
        return Defer(works_from)
    return FIRE


def next_working_time(recipient: Recipient, now: datetime) -> datetime | None:
    """When the recipient works next; None when they do now."""
    local = now.astimezone(ZoneInfo(recipient.timezone))
    today = local.date()
    if is_working_day(today, recipient.country):
        if recipient.workday_start <= local.hour < recipient.workday_end:
            return None
        if local.hour < recipient.workday_start:
            return at_hour(today, recipient.workday_start, recipient.timezone)
    morning = working_day_on_or_after(today + timedelta(days=1), recipient.country)
    return at_hour(morning, recipient.workday_start, recipient.timezone)
