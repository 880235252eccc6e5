"""The state machines, as tables. Doing a thing twice is a no-op its use case answers; from a wrong state it raises."""

from collections.abc import Mapping
from enum import StrEnum

from bot.errors import WrongState
from bot.models import AskStatus, EscalationStatus, Run, RunStatus, Step, StepStatus


class StepVerb(StrEnum):
    COMPLETE = "complete"
    SKIP = "skip"
    NOT_APPLICABLE = "mark as not applicable"
    SNOOZE = "snooze"
    REASSIGN = "reassign"
    BLOCK = "block"
    UNBLOCK = "unblock"
    UNDO = "undo"


UNFINISHED = frozenset({StepStatus.WAITING, StepStatus.OPEN, StepStatus.BLOCKED})
UNDOABLE = frozenset({StepStatus.DONE, StepStatus.SKIPPED, StepStatus.NOT_APPLICABLE})

STEP_FROM: Mapping[StepVerb, frozenset[StepStatus]] = {
    StepVerb.COMPLETE: frozenset({StepStatus.OPEN, StepStatus.BLOCKED}),
    StepVerb.SKIP: UNFINISHED,
    StepVerb.NOT_APPLICABLE: UNFINISHED,
    StepVerb.SNOOZE: frozenset({StepStatus.OPEN, StepStatus.BLOCKED}),
    StepVerb.REASSIGN: UNFINISHED,
    StepVerb.BLOCK: frozenset({StepStatus.OPEN}),
    StepVerb.UNBLOCK: frozenset({StepStatus.BLOCKED}),
    StepVerb.UNDO: UNDOABLE,
}

RUN_FROM: Mapping[RunStatus, frozenset[RunStatus]] = {
    RunStatus.PAUSED: frozenset({RunStatus.ACTIVE}),
    RunStatus.ACTIVE: frozenset({RunStatus.PAUSED}),
    RunStatus.CANCELLED: frozenset({RunStatus.ACTIVE, RunStatus.PAUSED}),
}

ESCALATION_FROM: Mapping[EscalationStatus, frozenset[EscalationStatus]] = {
    EscalationStatus.ACKNOWLEDGED: frozenset({EscalationStatus.OPEN, EscalationStatus.INFO_NEEDED}),
    # asking back is an answer too, but the clock does not stop until someone takes it
    EscalationStatus.INFO_NEEDED: frozenset({EscalationStatus.OPEN, EscalationStatus.ACKNOWLEDGED}),
    EscalationStatus.RESOLVED: frozenset(
        {EscalationStatus.OPEN, EscalationStatus.INFO_NEEDED, EscalationStatus.ACKNOWLEDGED}
    ),
}

ASK_FROM: Mapping[AskStatus, frozenset[AskStatus]] = {
    AskStatus.ASKED: frozenset(),
    # people change their minds, in both directions, until they have done what they were asked for
    AskStatus.ACCEPTED: frozenset({AskStatus.ASKED, AskStatus.DECLINED}),
    AskStatus.DECLINED: frozenset({AskStatus.ASKED, AskStatus.ACCEPTED}),
    AskStatus.DELIVERED: frozenset({AskStatus.ASKED, AskStatus.ACCEPTED, AskStatus.DECLINED}),
}

_STATES: Mapping[StepStatus, str] = {
    StepStatus.WAITING: "is still waiting for an earlier step",
    StepStatus.OPEN: "is open",
    StepStatus.BLOCKED: "is blocked",
    StepStatus.DONE: "is already done",
    StepStatus.SKIPPED: "was skipped",
    StepStatus.NOT_APPLICABLE: "was marked as not applicable",
    StepStatus.CANCELLED: "was called off with its playbook",
}


def require_step_verb(verb: StepVerb, step: Step, run: Run) -> None:
    """Raise WrongState unless the verb is possible now."""
    if step.status not in STEP_FROM[verb]:
        raise WrongState(f"“{step.title}” {_STATES[step.status]}, so you cannot {verb} it.")
    if run.status is RunStatus.PAUSED:
        raise WrongState(f"{run.title} is paused. Resume it with `/playbook resume` first.")
