"""A step that Playcall puts off by itself, because the customer heard from us just now or is better left alone.

The step stays as it is and when it is due; only what would bring it up is moved. It comes back by itself.
"""

from datetime import date, datetime, timedelta

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.calendars import at_hour, local_date, working_day_on_or_after
from bot.engine.journal import record
from bot.engine.state import RunState
from bot.models import Step, TimelineEntry, TimelineKind, Touchpoint, TouchpointStatus


async def put_off(
    session: AsyncSession, state: RunState, step: Step, until: date, why: str, now: datetime, *, again: str
) -> None:
    """Bring the step up on the morning of the first working day from `until` on, and not before tomorrow.

    `why` is half a sentence, and `again` says when it comes back: `until Thu 5 Mar`. Both are on the timeline, once.
    """
    who = state.assignee(step)
    tomorrow = local_date(now, who.timezone) + timedelta(days=1)
    day = working_day_on_or_after(max(until, tomorrow), who.country)
    later = at_hour(day, who.workday_start, who.timezone) - now
    query = (
        select(Touchpoint)
        .where(Touchpoint.step_id == step.id, Touchpoint.status == TouchpointStatus.PLANNED)
        .order_by(col(Touchpoint.fire_at))
        .with_for_update()
    )
    for touchpoint in (await session.exec(query)).all():
        touchpoint.fire_at = max(touchpoint.fire_at, now) + later
    summary = f"put off “{step.title}” {again}: {why}"
    if not await _is_told(session, step, summary):
        record(
            session,
            TimelineKind.STEP_SNOOZED,
            summary,
            now,
            account_id=step.account_id,
            run_id=step.run_id,
            step_id=step.id,
        )


async def _is_told(session: AsyncSession, step: Step, summary: str) -> bool:
    query = select(TimelineEntry.id).where(
        TimelineEntry.account_id == step.account_id,
        TimelineEntry.step_id == step.id,
        TimelineEntry.kind == TimelineKind.STEP_SNOOZED,
        TimelineEntry.summary == summary,
    )
    return (await session.exec(query.limit(1))).first() is not None
