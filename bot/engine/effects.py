"""What finishing a step changes elsewhere: the account, other steps, the run. Kept on the step, so it can be undone."""

from datetime import date, datetime
from typing import Any

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.actors import Actor
from bot.engine.answers import Answer, Checked
from bot.engine.journal import record
from bot.engine.milestones import reach_milestone
from bot.engine.progress import end_run
from bot.engine.replanning import replan_other_runs
from bot.engine.state import RunState
from bot.engine.transitions import UNFINISHED
from bot.library.library import Library
from bot.library.schema import Outcome, StepSpec, Then
from bot.models import (
    Account,
    Anchor,
    Milestone,
    MilestoneStatus,
    RunStatus,
    Stage,
    Step,
    StepStatus,
    TimelineKind,
)

ENDS = {Then.COMPLETE_RUN: RunStatus.COMPLETED, Then.CANCEL_RUN: RunStatus.CANCELLED}
ATTRIBUTE = "attributes."


async def apply_effects(
    session: AsyncSession,
    library: Library,
    state: RunState,
    step: Step,
    checked: Checked,
    actor: Actor,
    now: datetime,
) -> list[Step]:
    """Carry out what the answers and the outcome say. Returns the other steps that changed."""
    changes = saved_fields(state.spec(step), checked.answers)
    if checked.outcome and checked.outcome.stage:
        changes["stage"] = checked.outcome.stage
    before = change_account(state.account, changes, now)
    effects: dict[str, Any] = {**step.effects, "account": before}
    if before:
        summary = "changed " + ", ".join(name.removeprefix(ATTRIBUTE).replace("_", " ") for name in before)
        record(session, TimelineKind.ACCOUNT_CHANGED, summary, now, account_id=step.account_id, actor=actor)
    if before.keys() & set(Anchor):
        await replan_other_runs(session, library, state.account, now, but=state.run.id)
    affected: list[Step] = []
    if checked.outcome:
        affected = await _apply_outcome(session, library, state, checked.outcome, checked.reason, actor, now, effects)
    step.effects = effects
    return affected


async def _apply_outcome(
    session: AsyncSession,
    library: Library,
    state: RunState,
    outcome: Outcome,
    reason: str | None,
    actor: Actor,
    now: datetime,
    effects: dict[str, Any],
) -> list[Step]:
    pointless = [s for s in state.steps if s.key in outcome.not_applicable and s.status in UNFINISHED]
    for other in pointless:
        other.status, other.reason = StepStatus.NOT_APPLICABLE, f"“{outcome.label}”"
        other.finished_at, other.finished_by_id = now, actor.member_id
        other.revision += 1
    effects["not_applicable"] = [other.id for other in pointless]
    if outcome.milestone:
        effects["milestone"] = outcome.milestone
        await reach_milestone(session, library, state.account.id, outcome.milestone, actor, now)
    if outcome.then in ENDS:
        effects["ended"] = True
        words = f"{outcome.label}. {reason}" if reason else outcome.label
        return [*pointless, *await end_run(session, state, ENDS[outcome.then], actor, now, words)]
    return pointless


async def revert_effects(session: AsyncSession, state: RunState, step: Step, now: datetime) -> None:
    """Take back what finishing the step changed. What others changed since stays."""
    change_account(state.account, _restorable(step.effects.get("account", {})), now)
    for other in state.steps:
        if other.id in step.effects.get("not_applicable", []):
            other.status, other.reason, other.finished_at, other.finished_by_id = StepStatus.WAITING, None, None, None
            other.revision += 1
    if key := step.effects.get("milestone"):
        query = select(Milestone).where(Milestone.account_id == step.account_id, Milestone.key == key)
        if milestone := (await session.exec(query)).one_or_none():
            milestone.status, milestone.reached_at = MilestoneStatus.PLANNED, None


def saved_fields(spec: StepSpec, answers: dict[str, Answer]) -> dict[str, Any]:
    """The account's fields that answers are kept in, by name; `attributes.x` for its free attributes."""
    saved: dict[str, Any] = {}
    for question in spec.questions:
        if question.saves_to and question.key in answers:
            saved[question.saves_to] = _for_field(question.saves_to, answers[question.key])
    return saved


def change_account(account: Account, changes: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Set fields, and return the former values (JSON types) of those that really changed."""
    before: dict[str, Any] = {}
    for name, value in changes.items():
        former = account.attributes.get(name.removeprefix(ATTRIBUTE)) if _is_attribute(name) else getattr(account, name)
        if former == value:
            continue
        before[name] = former.isoformat() if isinstance(former, date) else former
        if _is_attribute(name):
            account.attributes = {**account.attributes, name.removeprefix(ATTRIBUTE): value}
        else:
            setattr(account, name, value)
    if before:
        account.updated_at = now
    return before


def _is_attribute(name: str) -> bool:
    return name.startswith(ATTRIBUTE)


def _for_field(name: str, answer: Answer) -> Any:
    if name in set(Anchor):
        return date.fromisoformat(str(answer))
    return int(answer) if name in {"arr", "maturity"} else answer


def _restorable(before: dict[str, Any]) -> dict[str, Any]:
    """Former values in the types of their columns."""
    restored: dict[str, Any] = {}
    for name, value in before.items():
        if value is not None and name in set(Anchor):
            restored[name] = date.fromisoformat(value)
        else:
            restored[name] = Stage(value) if name == "stage" else value
    return restored
