"""Which playbooks a team uses: a leader turns them on and off. What runs already goes on either way."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.db import insert_or
from bot.engine.actors import Actor
from bot.engine.governance.entries import record_decision
from bot.engine.governance.syncing import sync_versions
from bot.engine.permissions import require_leads
from bot.library.library import Library
from bot.models import OPEN_RUNS, PlaybookSwitch, Run


@dataclass(frozen=True)
class SwitchChange:
    """`running`: how many runs of it are open, and go on. `waits`: it is on, but no version of it is approved."""

    key: str
    on: bool
    changed: bool
    running: int
    waits: bool


async def switch_playbook(
    session: AsyncSession, library: Library, key: str, on: bool, actor: Actor, now: datetime
) -> SwitchChange:
    """Turn a playbook on or off for everybody. `key` is one that has a file."""
    require_leads(actor)
    if not library.standing.governs:  # the first decision: what else there is must not be lost by it
        await sync_versions(session, library, now)
    await library.refresh(await session.connection())
    running = await _running(session, key)
    waits = library.approved(key) is None
    if library.is_on(key) is on:
        return SwitchChange(key, on, False, running, waits)
    statement = insert_or(session, PlaybookSwitch).values(key=key, on=on, changed_by_id=actor.member_id, changed_at=now)
    values = {"on": on, "changed_by_id": actor.member_id, "changed_at": now}
    await (await session.connection()).execute(statement.on_conflict_do_update(index_elements=["key"], set_=values))
    record_decision(session, key, f"turned it {'on' if on else 'off'}", now, actor=actor)
    return SwitchChange(key, on, True, running, waits)


async def _running(session: AsyncSession, key: str) -> int:
    query = select(func.count(col(Run.id))).where(Run.playbook_key == key, col(Run.status).in_(OPEN_RUNS))
    return (await session.exec(query)).one()
