"""Whether a planned touchpoint still makes sense now that its time has come. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.engine.calendars import next_working_time
from bot.models import RunStatus, StepKind, StepStatus, TouchpointKind


@dataclass(frozen=True, slots=True)
class Recipient:
    member_id: int
    timezone: str
    country: str
    workday_start: int
    workday_end: int
    active: bool


@dataclass(frozen=True, slots=True)
class Recipients:
    """Who hears of a step: its assignee, or the account's CSM for one who has left."""

    assignees: Mapping[int, Recipient]
    csms: Mapping[int, Recipient]  # by account

    def of(self, account_id: int, assignee_id: int) -> Recipient:
        assignee = self.assignees[assignee_id]
        return assignee if assignee.active else self.csms.get(account_id, assignee)


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
    step_kind: StepKind
    playbook_key: str


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


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of a batch: the ids of its touchpoints."""

    fired: dict[int, list[int]] = field(default_factory=dict)  # by the member who hears of them
    hurried: set[int] = field(default_factory=set)  # members whose message does not wait for others to join it
    skipped: dict[str, list[int]] = field(default_factory=dict)  # by reason
    deferred: dict[datetime, list[int]] = field(default_factory=dict)  # by when they are due next


URGENCY: Mapping[str, int] = {
    TouchpointKind.REMINDER: 0,
    TouchpointKind.DUE: 1,
    TouchpointKind.OVERDUE: 2,
}


def parse_candidate(values: Sequence[Any]) -> Candidate:
    """A candidate from its fields in their order, its kind and statuses as the database holds them."""
    touchpoint_id, kind, at_once, step_id, step_status, run_status, account_id, assignee_id, step_kind, key = values
    return Candidate(
        touchpoint_id,
        TouchpointKind(kind),
        at_once,
        step_id,
        StepStatus(step_status),
        RunStatus(run_status),
        account_id,
        assignee_id,
        StepKind(step_kind),
        key,
    )


def concerns_customers(row: Sequence[Any], expansion: Collection[str]) -> bool:
    """Whether a claimed row (see `parse_candidate`) may reach a customer by itself, or had better not now: an email, or
    anything of one of the `expansion` playbooks.
    """
    return row[8] == StepKind.EMAIL or row[9] in expansion


def decide_batch(rows: Sequence[Sequence[Any]], recipients: Recipients, now: datetime) -> Outcome:
    """What becomes of each claimed row (see `parse_candidate`).

    Most rows of a batch are alike in all that matters, so they are grouped as they come and decided a group at a time.
    """
    outcome = Outcome()
    works_from: dict[int, datetime | None] = {}
    for (member_id, strongest, *_), alike in _grouped(rows, recipients).items():
        candidate = parse_candidate(alike[0])
        if member_id not in works_from:
            recipient = recipients.of(candidate.account_id, candidate.assignee_id)
            works_from[member_id] = next_working_time(recipient, now)
        decision = decide_firing(candidate, TouchpointKind(strongest), works_from[member_id])
        _note(outcome, decision, member_id, [row[0] for row in alike])
        if candidate.at_once and decision == FIRE:
            outcome.hurried.add(member_id)
    return outcome


def _grouped(
    rows: Sequence[Sequence[Any]], recipients: Recipients
) -> dict[tuple[int, str, str, bool, str, str], list[Sequence[Any]]]:
    """The rows by recipient, most urgent kind due for their step, and what else `decide_firing` asks of them."""
    strongest = _strongest((row[3], row[1]) for row in rows)
    groups: dict[tuple[int, str, str, bool, str, str], list[Sequence[Any]]] = {}
    for row in rows:
        _, kind, at_once, step_id, step_status, run_status, account_id, assignee_id, _, _ = row
        member_id = recipients.of(account_id, assignee_id).member_id
        case = (member_id, strongest[step_id], kind, at_once, step_status, run_status)
        groups.setdefault(case, []).append(row)
    return groups


def _strongest(kinds: Iterable[tuple[int, str]]) -> dict[int, str]:
    """The most urgent kind due for each step."""
    strongest: dict[int, str] = {}
    for step_id, kind in kinds:
        if step_id not in strongest or URGENCY[kind] > URGENCY[strongest[step_id]]:
            strongest[step_id] = kind
    return strongest


def _note(outcome: Outcome, decision: Decision, member_id: int, touchpoint_ids: list[int]) -> None:
    if isinstance(decision, Skip):
        outcome.skipped.setdefault(decision.reason, []).extend(touchpoint_ids)
    elif isinstance(decision, Defer):
        outcome.deferred.setdefault(decision.until, []).extend(touchpoint_ids)
    else:
        outcome.fired.setdefault(member_id, []).extend(touchpoint_ids)


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
