"""What people do with steps. Each use case is one transaction and is safe to repeat."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.actors import Actor
from bot.engine.answers import NOTHING_SAID, REASON_LENGTH, Completion, check_completion
from bot.engine.calendars import local_date
from bot.engine.effects import apply_effects, revert_effects
from bot.engine.helping import ask_for_help
from bot.engine.informing import inform_of_done
from bot.engine.journal import record
from bot.engine.permissions import require_may_change_step
from bot.engine.progress import advance, replan, reschedule, show_changes
from bot.engine.reopening import send_back, settle_unfinished
from bot.engine.state import RunState, load_run_of_step
from bot.engine.thread_news import answer_words
from bot.engine.told import corrections, tell_data_owner
from bot.engine.touchpoints import cancel_touchpoints
from bot.engine.transitions import UNDOABLE, StepVerb, require_step_verb
from bot.engine.words import ago
from bot.errors import InvalidInput, NotFound, WrongState
from bot.library.library import Library
from bot.models import OPEN_RUNS, BlockCategory, Member, Run, RunStatus, Step, StepKind, StepStatus, TimelineKind

UNDO_WINDOW = timedelta(minutes=10)
CONTACT_KINDS = frozenset({StepKind.EMAIL, StepKind.MEETING})

_FINISHED_WORDS: Mapping[StepStatus, str] = {
    StepStatus.DONE: "completed",
    StepStatus.SKIPPED: "skipped",
    StepStatus.NOT_APPLICABLE: "marked as not applicable",
}


@dataclass(frozen=True)
class StepChange:
    """What became of a request. `changed` is False when it had been done before; the sentence then says by whom."""

    step: Step
    changed: bool
    sentence: str


@dataclass
class _Request:
    session: AsyncSession
    library: Library
    state: RunState
    step: Step
    actor: Actor | None  # None: Playcall itself
    now: datetime

    @property
    def who(self) -> str:
        return self.actor.name if self.actor else "Playcall"

    def told(self) -> str:
        """Who finished the step, and when."""
        finished = self.step.finished_at or self.now
        who = self.state.name_of(self.step.finished_by_id)
        return f"{who} {_FINISHED_WORDS[self.step.status]} “{self.step.title}” {ago(finished, self.now)}."

    def unchanged(self, sentence: str) -> StepChange:
        return StepChange(self.step, False, sentence)

    def record(self, kind: TimelineKind, summary: str, details: dict[str, Any] | None = None) -> None:
        record(
            self.session,
            kind,
            summary,
            self.now,
            account_id=self.step.account_id,
            actor=self.actor,
            run_id=self.step.run_id,
            step_id=self.step.id,
            details=details,
        )


async def _request(
    session: AsyncSession, library: Library, step_id: int, actor: Actor | None, now: datetime
) -> _Request:
    state = await load_run_of_step(session, library, step_id)
    step = state.step(step_id)
    if actor:
        require_may_change_step(actor, step, state.team.roles)
    return _Request(session, library, state, step, actor, now)


async def complete_step(
    session: AsyncSession,
    library: Library,
    step_id: int,
    actor: Actor | None,
    now: datetime,
    completion: Completion = NOTHING_SAID,
) -> StepChange:
    """Finish a step, with what it asks for. Completing it again changes nothing and says who did.

    Without an actor it is Playcall itself that did it. An outcome that reopens steps does not finish this one: it
    waits for them again.
    """
    request = await _request(session, library, step_id, actor, now)
    step, state = request.step, request.state
    if step.status is StepStatus.DONE:
        return request.unchanged(request.told())
    _require_needs_met(state, step)
    require_step_verb(StepVerb.COMPLETE, step, state.run)
    checked = check_completion(state.spec(step), completion)
    await _finish(request, StepStatus.DONE, checked.reason)
    step.outcome = checked.outcome.key if checked.outcome else None
    step.answers = checked.answers
    step.artefact = checked.artefact
    step.found = {key: known.recorded() for key, known in completion.found.items()}
    if step.kind in CONTACT_KINDS:
        former = state.account.last_contact_at
        step.effects = {**step.effects, "contact": [former.isoformat() if former else None]}
        state.account.last_contact_at = now
    affected = await apply_effects(session, library, state, step, checked, completion.found, actor, now)
    label = f" ({checked.outcome.label})" if checked.outcome else ""
    because = f": {checked.reason}" if checked.reason else ""
    corrected = corrections(state.spec(step).questions, checked.answers, completion.found)
    if actor:
        await tell_data_owner(session, library, state, corrected, completion.wrong, actor, now)
    wrong = f". {'; '.join(each.words for each in corrected)}" if corrected else ""
    details = {"answers": checked.answers, "artefact": checked.artefact}
    request.record(TimelineKind.STEP_COMPLETED, f"completed “{step.title}”{label}{because}{wrong}", details)
    if actor and checked.outcome and checked.outcome.reopen:
        why = checked.reason or checked.outcome.label
        affected += await send_back(session, state, step, checked.outcome.reopen, why, actor, now)
    else:
        await inform_of_done(session, state, step, actor, now)
    said = f"{request.who} completed “{step.title}”{label}."
    return await _finished(request, affected, said, noted=answer_words(state.spec(step), checked.answers))


async def skip_step(
    session: AsyncSession, library: Library, step_id: int, actor: Actor, now: datetime, *, reason: str
) -> StepChange:
    """Leave a step out, though it would apply. The reason is kept."""
    request = await _request(session, library, step_id, actor, now)
    if request.step.status is StepStatus.SKIPPED:
        return request.unchanged(request.told())
    require_step_verb(StepVerb.SKIP, request.step, request.state.run)
    await _finish(request, StepStatus.SKIPPED, _reason(reason))
    request.record(TimelineKind.STEP_SKIPPED, f"skipped “{request.step.title}”: {request.step.reason}")
    return await _finished(request, [], f"{actor.name} skipped “{request.step.title}”.")


async def mark_not_applicable(
    session: AsyncSession, library: Library, step_id: int, actor: Actor, now: datetime, *, reason: str
) -> StepChange:
    """Say that a step does not apply to this account: it leaves the progress count."""
    request = await _request(session, library, step_id, actor, now)
    if request.step.status is StepStatus.NOT_APPLICABLE:
        return request.unchanged(request.told())
    require_step_verb(StepVerb.NOT_APPLICABLE, request.step, request.state.run)
    await _finish(request, StepStatus.NOT_APPLICABLE, _reason(reason))
    summary = f"marked “{request.step.title}” as not applicable: {request.step.reason}"
    request.record(TimelineKind.STEP_NOT_APPLICABLE, summary)
    return await _finished(request, [], f"{actor.name} marked “{request.step.title}” as not applicable.")


async def undo_step(session: AsyncSession, library: Library, step_id: int, actor: Actor, now: datetime) -> StepChange:
    """Take back the finishing of a step, within ten minutes and while nothing was built on it."""
    request = await _request(session, library, step_id, actor, now)
    step, state = request.step, request.state
    if step.status in {StepStatus.OPEN, StepStatus.BLOCKED}:
        return request.unchanged(f"“{step.title}” is open again already.")
    require_step_verb(StepVerb.UNDO, step, state.run)
    _require_undoable(state, step, now)
    await _require_not_started_anew(session, state)
    await revert_effects(session, library, state, step, actor, now)
    state.run.status, state.run.ended_at, state.run.end_reason = RunStatus.ACTIVE, None, None
    state.run.criteria_met = None
    blocked = step.effects.get("blocked")
    step.status, step.reason = (StepStatus.BLOCKED, blocked) if blocked else (StepStatus.OPEN, None)
    step.finished_at, step.finished_by_id = None, None
    step.outcome, step.artefact, step.answers, step.found, step.effects = None, None, {}, {}, {}
    step.revision += 1
    moved = [other for other, _ in replan(state)]
    changed = [*settle_unfinished(state), *moved]
    await cancel_touchpoints(session, [other.id for other in changed])
    again = {s.id: s for s in (step, *changed) if s.status is StepStatus.OPEN}
    await reschedule(session, state, again.values(), now, silent=True)
    request.record(TimelineKind.STEP_UNDONE, f"reopened “{step.title}”")
    sentence = f"{actor.name} reopened “{step.title}”."
    await show_changes(session, state, [step, *changed], actor, now, sentence=sentence)
    return StepChange(step, True, sentence)


async def snooze_step(
    session: AsyncSession, library: Library, step_id: int, actor: Actor, now: datetime, *, until: date
) -> StepChange:
    """Put a step off to a later day. It speaks up again in the morning of that day."""
    request = await _request(session, library, step_id, actor, now)
    step = request.step
    if until <= local_date(now, actor.timezone):
        raise InvalidInput("Pick a day after today.", field="until")
    if until > local_date(now, actor.timezone) + timedelta(days=366):
        raise InvalidInput("That is more than a year away. Pick an earlier day.", field="until")
    if step.snoozed_until == until and step.status in {StepStatus.OPEN, StepStatus.BLOCKED}:
        return request.unchanged(f"“{step.title}” is already snoozed until {until:%a %d %b}.")
    require_step_verb(StepVerb.SNOOZE, step, request.state.run)
    step.first_due_on = step.first_due_on or step.due_on
    step.snoozed_until = step.due_on = until
    moved = [other for other, _ in replan(request.state)]
    await reschedule(session, request.state, [step, *(s for s in moved if s.status is StepStatus.OPEN)], now)
    request.record(TimelineKind.STEP_SNOOZED, f"snoozed “{step.title}” until {until:%a %d %b %Y}")
    sentence = f"{actor.name} snoozed “{step.title}” until {until:%a %d %b}."
    await show_changes(session, request.state, [step, *moved], actor, now, sentence=sentence)
    return StepChange(step, True, sentence)


async def reassign_step(
    session: AsyncSession, library: Library, step_id: int, actor: Actor, now: datetime, *, member_id: int
) -> StepChange:
    """Give a step to another member, who is told at the start of their next working day, or now if it is one."""
    request = await _request(session, library, step_id, actor, now)
    step, state = request.step, request.state
    member = await session.get(Member, member_id)
    if member is None or not member.active:
        raise NotFound("That person is not a member of the team any more. Pick someone else.")
    if step.assignee_id == member_id:
        return request.unchanged(f"“{step.title}” is already {member.name}'s.")
    require_step_verb(StepVerb.REASSIGN, step, state.run)
    before = step.assignee_id
    state.team.members[member.id] = member
    step.assignee_id, step.role_missing = member_id, False
    if step.status in {StepStatus.OPEN, StepStatus.BLOCKED}:
        await reschedule(session, state, [step], now)
    request.record(
        TimelineKind.STEP_REASSIGNED,
        f"gave “{step.title}” to {member.name}",
        {"from": before, "to": member_id},
    )
    sentence = f"{actor.name} gave “{step.title}” to {member.name}."
    await show_changes(session, state, [step], actor, now, sentence=sentence, also=[before])
    return StepChange(step, True, sentence)


async def block_step(
    session: AsyncSession,
    library: Library,
    step_id: int,
    actor: Actor,
    now: datetime,
    *,
    reason: str,
    category: BlockCategory = BlockCategory.OTHER,
    pull_in: Collection[int] = (),
) -> StepChange:
    """Say that a step cannot go on, and why. It stays its assignee's and is not nudged until it is unblocked.

    The members to pull in get a message with what it is about, and are asked to help.
    """
    request = await _request(session, library, step_id, actor, now)
    step = request.step
    if step.status is StepStatus.BLOCKED:
        return request.unchanged(f"“{step.title}” is already blocked: {step.reason}")
    require_step_verb(StepVerb.BLOCK, step, request.state.run)
    step.reason = _reason(reason)
    step.status = StepStatus.BLOCKED
    step.revision += 1
    await cancel_touchpoints(session, [step.id])
    helpers = await ask_for_help(session, step, pull_in, actor, now)
    asked = f" (asked {', '.join(member.name for member in helpers)} for help)" if helpers else ""
    details = {"category": category.value, "pulled_in": [member.id for member in helpers]}
    request.record(TimelineKind.STEP_BLOCKED, f"blocked “{step.title}”: {step.reason}{asked}", details)
    sentence = f"{actor.name} blocked “{step.title}”: {step.reason}"
    await show_changes(session, request.state, [step], actor, now, sentence=sentence)
    return StepChange(step, True, sentence)


async def unblock_step(
    session: AsyncSession, library: Library, step_id: int, actor: Actor, now: datetime
) -> StepChange:
    request = await _request(session, library, step_id, actor, now)
    step = request.step
    if step.status is StepStatus.OPEN:
        return request.unchanged(f"“{step.title}” is not blocked.")
    require_step_verb(StepVerb.UNBLOCK, step, request.state.run)
    step.status, step.reason = StepStatus.OPEN, None
    await reschedule(session, request.state, [step], now, silent=True)
    request.record(TimelineKind.STEP_UNBLOCKED, f"unblocked “{step.title}”")
    sentence = f"{actor.name} unblocked “{step.title}”."
    await show_changes(session, request.state, [step], actor, now, sentence=sentence)
    return StepChange(step, True, sentence)


async def _finish(request: _Request, status: StepStatus, reason: str | None) -> None:
    step = request.step
    await cancel_touchpoints(request.session, [step.id])  # before anything else is locked, as firing does it
    step.effects = {"blocked": step.reason} if step.status is StepStatus.BLOCKED else {}
    step.status, step.reason = status, reason
    step.finished_at, step.finished_by_id = request.now, request.actor.member_id if request.actor else None
    step.revision += 1


async def _finished(request: _Request, affected: list[Step], sentence: str, *, noted: str = "") -> StepChange:
    """`noted` is what was written down with it: the thread of the run's escalation, if there is one, reads it, too."""
    session, state, step, actor, now = request.session, request.state, request.step, request.actor, request.now
    if state.run.status is RunStatus.ACTIVE:
        affected = [*affected, *await advance(session, request.library, state, actor, now)]
    await show_changes(session, state, [step, *affected], actor, now, sentence=f"{sentence}{noted}")
    return StepChange(step, True, sentence)


def _require_needs_met(state: RunState, step: Step) -> None:
    if unmet := state.unmet(step):
        first = unmet[0]
        raise WrongState(
            f"“{step.title}” waits for “{first.title}” ({state.name_of(first.assignee_id)}). "
            "Complete or skip that one first."
        )


def _require_undoable(state: RunState, step: Step, now: datetime) -> None:
    if step.finished_at and now - step.finished_at > UNDO_WINDOW:
        raise WrongState("That can be undone for ten minutes only. Add a note to say what should be different.")
    if step.effects.get("sent"):
        raise WrongState("The email is on its way, so this cannot be undone. Add a note to say what went wrong.")
    if step.finished_at is None:
        raise WrongState(f"“{step.title}” does not apply to this account. There is nothing to undo.")
    if state.run.status is RunStatus.CANCELLED and not step.effects.get("ended"):
        raise WrongState(f"{state.run.title} was cancelled. Start it again with `/playbook start`.")
    spared = step.effects.get("not_applicable", [])  # by this step's own outcome: undo brings them back
    built_on = [
        other
        for other in state.steps
        if step.key in state.spec(other).needs and other.status in UNDOABLE and other.finished_at
        if other.id not in spared
    ]
    if built_on:
        raise WrongState(f"“{built_on[0].title}” was finished since, so this cannot be undone.")


async def _require_not_started_anew(session: AsyncSession, state: RunState) -> None:
    run = state.run
    query = select(Run.id).where(
        Run.account_id == run.account_id,
        Run.playbook_key == run.playbook_key,
        col(Run.contact_id).is_not_distinct_from(run.contact_id),
        col(Run.status).in_(OPEN_RUNS),
        Run.id != run.id,
    )
    if (await session.exec(query)).first() is not None:
        raise WrongState(f"{run.title} was started again since, so this cannot be undone.")


def _reason(text: str) -> str:
    reason = text.strip()
    if not reason:
        raise InvalidInput("Say why, in a few words.", field="reason")
    if len(reason) > REASON_LENGTH:
        raise InvalidInput(f"That is {len(reason):,} characters; the limit is {REASON_LENGTH:,}.", field="reason")
    return reason
