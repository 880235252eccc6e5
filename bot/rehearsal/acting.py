"""What people would do: which of them acts next on what is open, and the act itself, by the real engine."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.actors import Actor
from bot.engine.calendars import local_date
from bot.engine.escalations import acknowledge_escalation, resolve_escalation
from bot.engine.state import RunState, read_run
from bot.engine.steps import complete_step
from bot.errors import PlaycallError
from bot.library.library import Library
from bot.models import Escalation, EscalationStatus, Member, RunStatus, Step, StepKind, StepStatus
from bot.models.columns import constant
from bot.rehearsal.assuming import REASON, Assumptions, complete, when_done, when_taken
from bot.reports.email_draft import load_email_draft
from bot.reports.step_forms import load_completion_form, load_step
from bot.slack.email_modal import EmailDraft


@dataclass(frozen=True, slots=True)
class Act:
    """Something a member would do at a moment: with a step, or with the escalation it has raised."""

    at: datetime
    member_id: int
    step_id: int
    escalation_id: int | None = None


async def next_act(
    session: AsyncSession, library: Library, run_id: int, assumptions: Assumptions, but: set[int]
) -> Act | None:
    """The earliest; None when nothing is open but those steps that are stuck (`but`)."""
    state = await read_run(session, library, run_id)
    if state.run.status is not RunStatus.ACTIVE:
        return None
    calls = {call.step_id: call for call in await _unresolved(session, run_id)}
    members = await _members(session, {call.owner_id for call in calls.values()})
    acts = [
        _answer(calls[step.id], step, members[calls[step.id].owner_id], assumptions)
        if step.id in calls
        else _finish(state, step, assumptions)
        for step in state.steps
        if step.status is StepStatus.OPEN and step.id not in but
    ]
    return min(acts, key=lambda act: (act.at, act.step_id), default=None)


def _finish(state: RunState, step: Step, assumptions: Assumptions) -> Act:
    person, opened_at = state.assignee(step), step.opened_at or state.run.started_at
    due_on = step.due_on or local_date(opened_at, person.timezone)
    return Act(when_done(due_on, opened_at, person, assumptions.late), person.id, step.id)


def _answer(call: Escalation, step: Step, owner: Member, assumptions: Assumptions) -> Act:
    """Whoever is asked takes it first, and resolves it when its step is due."""
    if call.acknowledged_at is None:
        at = when_taken(call.created_at, owner, assumptions.late)
    else:
        due_on = step.due_on or local_date(call.created_at, owner.timezone)
        at = when_done(due_on, call.acknowledged_at, owner, assumptions.late)
    return Act(at, owner.id, step.id, call.id)


async def _unresolved(session: AsyncSession, run_id: int) -> Sequence[Escalation]:
    query = select(Escalation).join(Step, col(Step.id) == Escalation.step_id)
    of_run = (Escalation.run_id == run_id, Step.kind == StepKind.ESCALATION)
    unresolved = col(Escalation.status) != constant(EscalationStatus.RESOLVED)
    return (await session.exec(query.where(*of_run, unresolved))).all()


async def _members(session: AsyncSession, ids: set[int]) -> dict[int, Member]:
    if not ids:
        return {}
    return {member.id: member for member in await session.exec(select(Member).where(col(Member.id).in_(ids)))}


# --- the act ----------------------------------------------------------------------------------------------------------


async def answer_escalation(session: AsyncSession, library: Library, act: Act, now: datetime) -> None:
    call = await session.get_one(Escalation, act.escalation_id)
    actor = Actor.of(await session.get_one(Member, act.member_id))
    if call.acknowledged_at is None:
        await acknowledge_escalation(session, call.id, actor, now)
    else:
        await resolve_escalation(session, library, call.id, actor, now, resolution=REASON)


async def finish_step(
    session: AsyncSession, library: Library, act: Act, assumptions: Assumptions, now: datetime, *, is_again: bool
) -> Step:
    """Complete it with what is assumed. The step is done, or open when it sent others back."""
    actor = Actor.of(await session.get_one(Member, act.member_id))
    found = await load_step(session, library, act.step_id)
    form = await load_completion_form(session, library, found, actor, now)
    today = local_date(now, actor.timezone)
    completion = complete(found.spec, form.questions, today, assumptions, is_again=is_again)
    return (await complete_step(session, library, act.step_id, actor, now, completion)).step


async def draft_words(session: AsyncSession, library: Library, act: Act, now: datetime) -> str | None:
    """The mail that the person would read and send, with the holes that are left in it; None for another step."""
    if (await session.get_one(Step, act.step_id)).kind is not StepKind.EMAIL:
        return None
    actor = Actor.of(await session.get_one(Member, act.member_id))
    try:
        draft = await load_email_draft(session, library, library.emails, act.step_id, actor, now)
    except PlaycallError as error:
        return f"no mail: {error.message}"
    return "\n".join([_address(draft), draft.subject, draft.body])


def _address(draft: EmailDraft) -> str:
    to = ", ".join(f"{contact.name} <{contact.email}>" for contact in draft.recipients) or "nobody: no contact fits"
    each = " (a mail each)" if draft.everyone and len(draft.recipients) > 1 else ""
    holes = f"; to be filled in: {', '.join(draft.missing)}" if draft.missing else ""
    return f"To {to}{each}{holes}"
