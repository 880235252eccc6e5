"""When steps are overdue, those who answer for them hear of it."""

from collections.abc import Collection
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.informing import tell_of_overdue
from bot.engine.state import load_playbooks_of, read_run
from bot.library.library import Library
from bot.models import Step


async def tell_accountable(session: AsyncSession, library: Library, step_ids: Collection[int], now: datetime) -> None:
    """Tell those who are accountable for these overdue steps. Only adds messages, so no run is locked."""
    if not step_ids:
        return
    of_steps = select(Step.run_id).where(col(Step.id).in_(step_ids)).distinct()
    playbooks = await load_playbooks_of(session, library, (await session.exec(of_steps)).all())
    for run_id in sorted(playbooks):
        if any(spec.accountable for spec in playbooks[run_id].steps):
            state = await read_run(session, library, run_id)
            for step in state.steps:
                if step.id in step_ids:
                    await tell_of_overdue(session, state, step, now)
