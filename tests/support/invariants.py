"""What always holds (docs/architecture.md), as questions to a database and to the Slack double at any moment."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.message import EmailMessage as Mail
from typing import TypeVar

from sqlmodel import SQLModel, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.db import Database
from bot.models import (
    ACTIONABLE,
    FINISHED,
    OPEN_RUNS,
    Alert,
    AlertStatus,
    Delivery,
    DeliveryStatus,
    EmailMessage,
    EmailStatus,
    Escalation,
    EscalationStatus,
    Milestone,
    MilestoneStatus,
    Note,
    PostedMessage,
    Run,
    RunStatus,
    Step,
    StepKind,
    StepStatus,
    TimelineEntry,
    TimelineKind,
    Touchpoint,
    TouchpointKind,
    TouchpointStatus,
)
from tests.support.slack_state import SlackState

T = TypeVar("T", bound=SQLModel)

TOLD = {  # by which entries of its timeline a step may have come to this end
    StepStatus.DONE: {TimelineKind.STEP_COMPLETED, TimelineKind.ESCALATION_RESOLVED},
    StepStatus.SKIPPED: {TimelineKind.STEP_SKIPPED},
}
CHANGES = {  # of what a step is, not when it is due
    *TOLD[StepStatus.DONE],
    TimelineKind.STEP_SKIPPED,
    TimelineKind.STEP_NOT_APPLICABLE,
    TimelineKind.STEP_UNDONE,
    TimelineKind.STEP_SENT_BACK,
}
ENDS = {RunStatus.COMPLETED: TimelineKind.RUN_COMPLETED, RunStatus.CANCELLED: TimelineKind.RUN_CANCELLED}
SPOKEN = {TouchpointStatus.PLANNED, TouchpointStatus.FIRED}
UNSENT = {DeliveryStatus.PENDING, DeliveryStatus.LEASED}


@dataclass
class Picture:
    """All there is at one moment."""

    runs: Sequence[Run]
    steps: Sequence[Step]
    touchpoints: Sequence[Touchpoint]
    timeline: Sequence[TimelineEntry]
    deliveries: Sequence[Delivery]
    escalations: Sequence[Escalation]
    milestones: Sequence[Milestone]
    alerts: Sequence[Alert]
    notes: Sequence[Note]
    posted: Sequence[PostedMessage]
    emails: Sequence[EmailMessage]


async def take_picture(database: Database) -> Picture:
    async with database.transaction() as session:
        return Picture(
            runs=await _all(session, Run),
            steps=await _all(session, Step),
            touchpoints=await _all(session, Touchpoint),
            timeline=await _all(session, TimelineEntry),
            deliveries=await _all(session, Delivery),
            escalations=await _all(session, Escalation),
            milestones=await _all(session, Milestone),
            alerts=await _all(session, Alert),
            notes=await _all(session, Note),
            posted=await _all(session, PostedMessage),
            emails=await _all(session, EmailMessage),
        )


async def _all(session: AsyncSession, table: type[T]) -> Sequence[T]:
    return (await session.exec(select(table).order_by("id"))).all()


def broken(seen: Picture, slack: SlackState) -> list[str]:
    """What does not hold, a sentence each; [] when all is well."""
    return [
        *_runs(seen),
        *_finished_steps(seen),
        *_touchpoints(seen),
        *_open_steps(seen),
        *_escalations(seen),
        *_milestones(seen),
        *_one_of_each(seen),
        *_messages(seen, slack),
    ]


def mail_faults(seen: Picture, taken: Sequence[Mail], broken_off: int) -> list[str]:
    """What does not hold between the mails of the database and those the mail server took.

    `broken_off` is how often it took one and nobody heard of it: that one is sent again.
    """
    return [*_mails(seen, Counter(str(mail["Message-ID"]) for mail in taken), broken_off)]


def unsent(seen: Picture) -> list[str]:
    """When everything has come to rest, every delivery has ended, and well."""
    return [
        f"delivery {d.id} ({d.kind}) is {d.status}: {d.last_error}"
        for d in seen.deliveries
        if d.status is not DeliveryStatus.SENT
    ]


def _runs(seen: Picture) -> Iterator[str]:
    open_runs = Counter((r.account_id, r.playbook_key, r.contact_id) for r in seen.runs if r.status in OPEN_RUNS)
    yield from (f"{number} open runs of {key}" for key, number in open_runs.items() if number > 1)
    ended = defaultdict(list)
    for entry in seen.timeline:
        if entry.kind in {TimelineKind.RUN_STARTED, *ENDS.values()}:
            ended[entry.run_id].append(entry.kind)
    for run in seen.runs:
        left = [s.key for s in seen.steps if s.run_id == run.id and s.status not in FINISHED]
        if run.status not in OPEN_RUNS and left:
            yield f"run {run.id} is {run.status} and has the unfinished steps {left}"
        if run.status in OPEN_RUNS and run.ended_at:
            yield f"run {run.id} is {run.status} and has ended at {run.ended_at}"
        if TimelineKind.RUN_STARTED not in ended[run.id]:
            yield f"run {run.id} began without an entry"
        if run.status in ENDS and ended[run.id][-1] is not ENDS[run.status]:
            yield f"run {run.id} is {run.status}, and the timeline says {ended[run.id][-1]}"


def _finished_steps(seen: Picture) -> Iterator[str]:
    last: dict[int | None, TimelineEntry] = {}
    for entry in seen.timeline:
        if entry.kind in CHANGES:
            last[entry.step_id] = entry
    for step in seen.steps:
        told = last.get(step.id)
        if step.status in TOLD and (told is None or told.kind not in TOLD[step.status]):
            yield f"step {step.key} is {step.status}, and the timeline says {told and told.kind}"
        if step.status in ACTIONABLE and (step.finished_at or step.finished_by_id):
            yield f"step {step.key} is {step.status} and finished at {step.finished_at}"
        if step.status in TOLD and step.finished_at is None:
            yield f"step {step.key} is {step.status} since nobody knows when"


def _touchpoints(seen: Picture) -> Iterator[str]:
    steps = {step.id: step for step in seen.steps}
    runs = {run.id: run for run in seen.runs}
    for touchpoint in seen.touchpoints:
        if touchpoint.status is TouchpointStatus.FIRED and (touchpoint.fired_at is None):
            yield f"touchpoint {touchpoint.id} was fired at no time"
        if touchpoint.status is not TouchpointStatus.PLANNED or touchpoint.step_id is None:
            continue
        step = steps[touchpoint.step_id]
        place = f"the {touchpoint.kind} touchpoint of step {step.key} ({step.status})"
        if touchpoint.revision != step.revision:
            yield f"{place} is planned for revision {touchpoint.revision} of {step.revision}"
        if step.status not in ACTIONABLE:
            yield f"{place} is planned"
        if runs[step.run_id].status is not RunStatus.ACTIVE:
            yield f"{place} is planned, and its run is {runs[step.run_id].status}"


def _open_steps(seen: Picture) -> Iterator[str]:
    """An open step has said something or will; what it needs is finished, and what is finished has let it open."""
    active = {run.id for run in seen.runs if run.status is RunStatus.ACTIVE}
    spoken = {(t.step_id, t.revision) for t in seen.touchpoints if t.status in SPOKEN}
    for step in seen.steps:
        is_open = step.status is StepStatus.OPEN and step.run_id in active
        if is_open and step.due_on and (step.id, step.revision) not in spoken:
            yield f"step {step.key} is open, and nothing of its revision {step.revision} speaks up"


def _escalations(seen: Picture) -> Iterator[str]:
    watched = {t.escalation_id for t in seen.touchpoints if t.status is TouchpointStatus.PLANNED}
    kinds = defaultdict(set)
    for entry in seen.timeline:
        kinds[entry.escalation_id].add(entry.kind)
    open_of_step = Counter(
        e.step_id for e in seen.escalations if e.run_id and e.status is not EscalationStatus.RESOLVED
    )
    yield from (f"{n} escalations of step {step} are open" for step, n in open_of_step.items() if step and n > 1)
    for one in seen.escalations:
        resolved = one.status is EscalationStatus.RESOLVED
        if (resolved or one.acknowledged_at) and one.id in watched:
            yield f"escalation {one.id} is {one.status} and still climbs"
        if resolved and TimelineKind.ESCALATION_RESOLVED not in kinds[one.id]:
            yield f"escalation {one.id} was resolved without an entry"
        if TimelineKind.ESCALATION_RAISED not in kinds[one.id]:
            yield f"escalation {one.id} was raised without an entry"


def _milestones(seen: Picture) -> Iterator[str]:
    celebrations = {
        t.milestone_id: t.status
        for t in seen.touchpoints
        if t.kind is TouchpointKind.CELEBRATION and t.status is TouchpointStatus.PLANNED
    }
    for milestone in seen.milestones:
        if (milestone.status is MilestoneStatus.REACHED) != (milestone.reached_at is not None):
            yield f"milestone {milestone.key} is {milestone.status} at {milestone.reached_at}"
        if milestone.id in celebrations and milestone.status is not MilestoneStatus.REACHED:
            yield f"milestone {milestone.key} is {milestone.status} and about to be celebrated"


def _one_of_each(seen: Picture) -> Iterator[str]:
    open_alerts = Counter((a.account_id, a.contact_id, a.cause) for a in seen.alerts if a.status is AlertStatus.OPEN)
    yield from (f"{number} alerts about {cause} are open" for cause, number in open_alerts.items() if number > 1)
    notes = Counter((note.channel, note.ts) for note in seen.notes if note.ts)
    yield from (f"{number} notes of the message {place}" for place, number in notes.items() if number > 1)
    waiting = Counter(d.merge_key for d in seen.deliveries if d.merge_key and d.status is DeliveryStatus.PENDING)
    yield from (f"{number} pending deliveries of {key}" for key, number in waiting.items() if number > 1)
    triggered = Counter(run.trigger_key for run in seen.runs if run.trigger_key)
    yield from (f"{number} runs were started by {key}" for key, number in triggered.items() if number > 1)


def _mails(seen: Picture, taken: Counter[str], broken_off: int) -> Iterator[str]:
    known = {email.message_id for email in seen.emails}
    yield from (f"the mail server has {mail}, which is none of ours" for mail in taken if mail not in known)
    if (more := taken.total() - len(taken)) > broken_off:
        yield f"mails were sent again {more} times, and {broken_off} had to be"
    for email in seen.emails:
        if email.status is EmailStatus.SENT and email.message_id not in taken:
            yield f"email {email.id} is sent, and the mail server does not have it"
    completed = Counter(e.step_id for e in seen.timeline if e.kind is TimelineKind.STEP_COMPLETED)
    written = Counter(email.step_id for email in seen.emails)
    for step in seen.steps:
        if written[step.id] > completed[step.id]:
            yield f"step {step.key} was completed {completed[step.id]} times and wrote {written[step.id]} mails"
        by_itself = step.kind is StepKind.EMAIL and step.status is StepStatus.DONE and step.finished_by_id is None
        if by_itself and not written[step.id]:
            yield f"step {step.key} was done by itself, and nobody was written to"


def _messages(seen: Picture, slack: SlackState) -> Iterator[str]:
    """Slack has every message once, and those the database remembers are there."""
    yield from (f"Slack accepted delivery {key} {n} times" for key, n in slack.accepted.items() if n > 1)
    deliveries = {delivery.key: delivery for delivery in seen.deliveries}
    yield from (f"Slack has {key}, which is no delivery" for key in slack.accepted if key not in deliveries)
    by_id = {delivery.id: delivery for delivery in seen.deliveries}
    for message in seen.posted:
        if by_id[message.delivery_id].status in UNSENT:
            yield f"message {message.id} is posted, and its delivery is {by_id[message.delivery_id].status}"
        if by_id[message.delivery_id].key not in slack.accepted:
            yield f"message {message.id} is remembered, and Slack does not have it"
