"""When somebody else takes a role of an account, the steps of that role become theirs."""

from collections.abc import Mapping
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.actors import Actor
from bot.engine.journal import record
from bot.engine.progress import reschedule, show_changes
from bot.engine.state import RunState, load_run
from bot.engine.transitions import UNFINISHED
from bot.library.library import Library
from bot.models import OPEN_RUNS, MemberRole, Run, RunStatus, Step, StepStatus, TimelineKind


async def hand_over_steps(
    session: AsyncSession,
    library: Library,
    account_id: int,
    former: Mapping[MemberRole, int],
    actor: Actor,
    now: datetime,
) -> list[str]:
    """Give the unfinished steps of the account's open runs to who plays their roles now; `former` is who did before.

    A step somebody was given by hand stays theirs. Returns sentences such as: 3 steps of QBR went to Noah.
    """
    query = select(Run.id).where(Run.account_id == account_id, col(Run.status).in_(OPEN_RUNS)).order_by(col(Run.id))
    sentences = []
    for run_id in (await session.exec(query)).all():
        sentences += await _hand_over_run(session, await load_run(session, library, run_id), former, actor, now)
    return sentences


async def _hand_over_run(
    session: AsyncSession, state: RunState, former: Mapping[MemberRole, int], actor: Actor, now: datetime
) -> list[str]:
    taken: dict[int, list[Step]] = {}
    before = set()
    for step in state.steps:
        of_role = step.role_missing or step.assignee_id == former.get(step.role)
        if step.status not in UNFINISHED or not of_role:
            continue
        assignee, role_missing = state.team.assignee_for(step.role, state.account)
        step.role_missing = role_missing
        if assignee.id != step.assignee_id:
            before.add(step.assignee_id)
            step.assignee_id = assignee.id
            taken.setdefault(assignee.id, []).append(step)
    moved = [step for steps in taken.values() for step in steps]
    if not moved:
        return []
    if state.run.status is RunStatus.ACTIVE:
        await reschedule(session, state, [step for step in moved if step.status is StepStatus.OPEN], now)
    await show_changes(session, state, moved, actor, now, also=before)
    sentences = [_sentence(state, member, len(steps)) for member, steps in taken.items()]
    for sentence in sentences:
        record(
            session,
            TimelineKind.STEP_REASSIGNED,
            sentence,
            now,
            account_id=state.run.account_id,
            actor=actor,
            run_id=state.run.id,
        )
    return sentences


def _sentence(state: RunState, member_id: int, number: int) -> str:
    return f"{number} {'step' if number == 1 else 'steps'} of {state.run.title} went to {state.name_of(member_id)}."
