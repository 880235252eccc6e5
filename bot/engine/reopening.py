"""Steps that are to be done again: after an undo, or because somebody sent them back."""

from collections.abc import Collection
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.actors import Actor
from bot.engine.calendars import working_day_on_or_after
from bot.engine.journal import record
from bot.engine.progress import replan, reschedule
from bot.engine.state import RunState
from bot.engine.touchpoints import cancel_touchpoints
from bot.engine.transitions import UNFINISHED
from bot.models import Step, StepStatus, TimelineKind


def settle_unfinished(state: RunState) -> list[Step]:
    """Put the unfinished steps where they belong once a step is open again: waiting for it, or revived with the run."""
    changed = []
    for step in state.steps:
        if step.status not in {*UNFINISHED, StepStatus.CANCELLED} or step.status is StepStatus.BLOCKED:
            continue
        belongs = StepStatus.WAITING if state.unmet(step) else StepStatus.OPEN
        if step.status is not belongs:
            step.status = belongs
            step.revision += 1
            changed.append(step)
    return changed


async def send_back(
    session: AsyncSession,
    state: RunState,
    sender: Step,
    keys: Collection[str],
    reason: str,
    actor: Actor,
    now: datetime,
) -> list[Step]:
    """Reopen finished steps, as the outcome of `sender` asks; `sender` waits for them and is then done once more.

    What was answered and left behind stays, to be corrected. The steps are due on the day they come back. What they
    changed on the account stays as it is. Returns the steps that changed.
    """
    returned = [
        step for step in state.steps if step.key in keys and step.status in {StepStatus.DONE, StepStatus.SKIPPED}
    ]
    for step in (*returned, sender):
        step.status = StepStatus.OPEN
        step.finished_at, step.finished_by_id, step.outcome, step.reason = None, None, None, None
        step.effects = {}
        step.revision += 1
    for step in returned:
        step.reason = f"{actor.name} sent it back: {reason}"
        assignee = state.assignee(step)
        today = working_day_on_or_after(state.local_day(step, now), assignee.country)
        step.snoozed_until = step.due_on = today  # whatever its plan said
        step.first_due_on = None
        _record(session, step, f"sent “{step.title}” back: {reason}", actor, now)
    settled = settle_unfinished(state)
    moved = [step for step, _ in replan(state)]
    changed = {step.id: step for step in (*returned, sender, *settled, *moved)}
    await cancel_touchpoints(session, changed)
    await reschedule(session, state, [step for step in changed.values() if step.status is StepStatus.OPEN], now)
    return list(changed.values())


def _record(session: AsyncSession, step: Step, summary: str, actor: Actor, now: datetime) -> None:
    record(
        session,
        TimelineKind.STEP_SENT_BACK,
        summary,
        now,
        account_id=step.account_id,
        actor=actor,
        run_id=step.run_id,
        step_id=step.id,
    )
