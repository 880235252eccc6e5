"""When a date of an account moves, the steps that hang on it move along."""

from datetime import date, datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.journal import record
from bot.engine.journeys.milestones import follow_dates
from bot.engine.progress import replan, reschedule, show_changes
from bot.engine.state import load_run
from bot.library.library import Library
from bot.models import OPEN_RUNS, Account, Run, RunStatus, StepStatus, TimelineKind


async def replan_other_runs(
    session: AsyncSession, library: Library, account: Account, now: datetime, *, but: int | None = None
) -> list[str]:
    """Re-plan the account's open runs and the milestones of its journey, and say, in plain sentences, what moved.

    Sentences such as: “Run the EBR” (120 days until renewal) moved from 1 Dec 2026 to 15 Dec 2026.
    """
    query = select(Run.id).where(
        Run.account_id == account.id, col(Run.status).in_(OPEN_RUNS), col(Run.id).is_distinct_from(but)
    )
    sentences = []
    for run_id in (await session.exec(query.order_by(col(Run.id)))).all():
        sentences += await _replan_run(session, library, run_id, now)
    return [*sentences, *await follow_dates(session, library, account, now)]


async def _replan_run(session: AsyncSession, library: Library, run_id: int, now: datetime) -> list[str]:
    state = await load_run(session, library, run_id)
    moved = replan(state)
    if state.run.status is RunStatus.ACTIVE:
        await reschedule(session, state, [step for step, _ in moved if step.status is StepStatus.OPEN], now)
    sentences = [
        f"“{step.title}” ({state.run.title}) moved from {_day(before)} to {_day(step.due_on)}."
        for step, before in moved
    ]
    if moved:
        record(
            session,
            TimelineKind.ANCHOR_MOVED,
            " ".join(sentences),
            now,
            account_id=state.run.account_id,
            run_id=run_id,
        )
        await show_changes(session, state, [step for step, _ in moved], None, now)
    return sentences


def _day(day: date | None) -> str:
    return f"{day.day} {day:%b %Y}" if day else "no date"
