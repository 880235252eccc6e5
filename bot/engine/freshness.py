"""Whether a step is still as somebody saw it when they clicked, or began to write about it."""

from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.words import ago
from bot.errors import NotFound, WrongState
from bot.models import FINISHED, Member, Step, TimelineEntry, TimelineKind

SILENT = (TimelineKind.NOTE, TimelineKind.EMAIL_SENT)  # they change nothing about the step


async def require_unchanged(session: AsyncSession, step_id: int, revision: int, now: datetime) -> None:
    """Raise WrongState, saying what happened, when the step has changed since it had this revision."""
    step = await session.get(Step, step_id)
    if step is None:
        raise NotFound("That step is not there any more. The Home tab shows what is current.")
    if step.revision != revision:
        happened = await _latest(session, step_id, now)
        raise WrongState(f"“{step.title}” has changed since you opened this, so nothing was done. {happened}".strip())


async def require_unfinished(session: AsyncSession, step: Step, now: datetime) -> None:
    """Raise WrongState, saying who finished it, for a step that there is nothing more to do about."""
    if step.status in FINISHED:
        happened = await _latest(session, step.id, now)
        raise WrongState(f"“{step.title}” is not open any more. {happened}".strip())


async def _latest(session: AsyncSession, step_id: int, now: datetime) -> str:
    query = (
        select(TimelineEntry, Member.name)
        .join(Member, col(Member.id) == TimelineEntry.actor_id)
        .where(TimelineEntry.step_id == step_id, col(TimelineEntry.kind).not_in(SILENT))
        .order_by(col(TimelineEntry.id).desc())
        .limit(1)
    )
    found = (await session.exec(query)).first()
    return f"{found[1]} {found[0].summary} ({ago(found[0].at, now)})." if found else ""
