"""What finishing a step changes elsewhere: the account, other steps, the run. Kept on the step, so it can be undone."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.account_changes import Changed, change_account, describe_change, restore_account, saved_fields
from bot.engine.actors import Actor
from bot.engine.answers import Checked, Found
from bot.engine.calendars import local_date
from bot.engine.journal import record
from bot.engine.journeys.gates import hold_back, missing_for_stage
from bot.engine.journeys.serving import follow_table, row_of
from bot.engine.milestones import call_off_celebration, reach_milestone
from bot.engine.own_signals import note_worth, worth
from bot.engine.progress import end_run
from bot.engine.replanning import replan_other_runs
from bot.engine.state import RunState
from bot.engine.step_asks import log_step_ask, revert_step_ask
from bot.engine.told import forget_told, keep_told
from bot.engine.touchpoints import cancel_touchpoints
from bot.engine.transitions import UNFINISHED
from bot.library.library import Library
from bot.library.schema import Outcome, Then
from bot.models import (
    Account,
    Anchor,
    Milestone,
    MilestoneStatus,
    RunStatus,
    Step,
    StepStatus,
    TimelineKind,
)

ENDS = {Then.COMPLETE_RUN: RunStatus.COMPLETED, Then.CANCEL_RUN: RunStatus.CANCELLED}


async def apply_effects(
    session: AsyncSession,
    library: Library,
    state: RunState,
    step: Step,
    checked: Checked,
    found: Mapping[str, Found],
    actor: Actor | None,
    now: datetime,
) -> list[Step]:
    """Carry out what the answers and the outcome say. Returns the other steps that changed."""
    today, fields = state.team.today(now), saved_fields(state.spec(step), checked.answers)
    may_change = bool(fields) or bool(checked.outcome and checked.outcome.stage)
    row = row_of(library, state.account, today) if may_change else None  # most steps change nothing of the account
    former_worth = worth(state.account.stage, state.account.arr)
    changed = change_account(state.account, fields, now)
    if checked.outcome and checked.outcome.stage:
        changed |= await _move_stage(session, library, state.account, checked.outcome, now)
    effects: dict[str, Any] = {**step.effects, "account": changed}
    if changed:
        summary = "changed " + ", ".join(describe_change(name, after) for name, (_, after) in changed.items())
        record(session, TimelineKind.ACCOUNT_CHANGED, summary, now, account_id=step.account_id, actor=actor)
        await note_worth(session, state.account, former_worth, now, actor)
    if changed.keys() & set(Anchor):
        await replan_other_runs(session, library, state.account, now, but=state.run.id)
    if changed:
        await follow_table(session, library, state.account, row, today, actor, now)
    affected: list[Step] = []
    if told := await keep_told(session, library, state, step, checked.answers, found, actor, now):
        effects["signals"] = told
    if actor and (asked := await log_step_ask(session, library, state, step, checked, actor, now)):
        effects["ask"] = asked
    if checked.outcome:
        affected = await _apply_outcome(session, library, state, checked.outcome, checked.reason, actor, now, effects)
    step.effects = effects
    return affected


async def _move_stage(
    session: AsyncSession, library: Library, account: Account, outcome: Outcome, now: datetime
) -> Changed:
    """Move the account to the outcome's stage. Where a gate is not met the move waits, and the CSM is told."""
    stage = str(outcome.stage)
    reaching = [outcome.milestone] if outcome.milestone else []
    if missing := await missing_for_stage(session, library, account, stage, now, reaching=reaching):
        await hold_back(session, account, stage, missing, now)
        return {}
    return change_account(account, {"stage": stage}, now)


async def _apply_outcome(
    session: AsyncSession,
    library: Library,
    state: RunState,
    outcome: Outcome,
    reason: str | None,
    actor: Actor | None,
    now: datetime,
    effects: dict[str, Any],
) -> list[Step]:
    pointless = [s for s in state.steps if s.key in outcome.not_applicable and s.status in UNFINISHED]
    for other in pointless:
        other.status, other.reason = StepStatus.NOT_APPLICABLE, f"“{outcome.label}”"
        other.finished_at, other.finished_by_id = now, actor.member_id if actor else None
        other.revision += 1
    await cancel_touchpoints(session, [other.id for other in pointless])
    effects["not_applicable"] = [other.id for other in pointless]
    if outcome.milestone:
        milestone = await reach_milestone(session, library, state.account.id, outcome.milestone, actor, now)
        if milestone.reached_at == now:  # else it had been reached before, and undo leaves it so
            effects["milestone"] = milestone.id
    if outcome.then in ENDS:
        effects["ended"] = True
        words = f"{outcome.label}. {reason}" if reason else outcome.label
        return [*pointless, *await end_run(session, state, ENDS[outcome.then], actor, now, words)]
    return pointless


async def revert_effects(
    session: AsyncSession, library: Library, state: RunState, step: Step, actor: Actor, now: datetime
) -> None:
    """Take back what finishing the step changed. What others changed since stays, and so does what a milestone started.

    The run's own dates are for the caller to work out anew.
    """
    today = local_date(now, actor.timezone)
    row = row_of(library, state.account, today)
    former_worth = worth(state.account.stage, state.account.arr)
    restored = restore_account(state.account, step.effects.get("account", {}), now)
    if restored:
        await note_worth(session, state.account, former_worth, now, actor)
        await follow_table(session, library, state.account, row, today, actor, now)
    former = step.effects.get("contact")
    if former and state.account.last_contact_at == step.finished_at:
        state.account.last_contact_at = datetime.fromisoformat(former[0]) if former[0] else None
    if restored & set(Anchor):
        await session.flush()
        await replan_other_runs(session, library, state.account, now, but=state.run.id)
    for other in state.steps:
        if other.id in step.effects.get("not_applicable", []):
            other.status, other.reason, other.finished_at, other.finished_by_id = StepStatus.WAITING, None, None, None
            other.revision += 1
    await forget_told(session, step, now)
    if asked := step.effects.get("ask"):
        await revert_step_ask(session, asked)
    if milestone_id := step.effects.get("milestone"):
        milestone = await session.get_one(Milestone, milestone_id)
        milestone.status, milestone.reached_at = MilestoneStatus.PLANNED, None
        await call_off_celebration(session, milestone_id)
