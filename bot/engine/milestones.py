"""Milestones of an account: planned, reached, missed. Reaching one is celebrated and may start playbooks."""

from datetime import date, datetime

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.actors import Actor
from bot.engine.calendars import at_hour, local_date
from bot.engine.journal import record
from bot.engine.journeys.milestones import key_now
from bot.engine.outbox import refresh_homes
from bot.engine.permissions import require_may_edit_account
from bot.engine.state import load_team, lock_account
from bot.engine.touchpoints import cancel_planned
from bot.engine.triggers import start_for_milestone
from bot.errors import InvalidInput
from bot.library.library import Library
from bot.models import (
    Account,
    MemberRole,
    Milestone,
    MilestoneKind,
    MilestoneStatus,
    TimelineKind,
    Touchpoint,
    TouchpointKind,
)

EVIDENCE_LENGTH = 3000
NOON = 12


async def reach_milestone(
    session: AsyncSession,
    library: Library,
    account_id: int,
    key: str,
    actor: Actor | None,
    now: datetime,
    *,
    title: str | None = None,
    evidence: str | None = None,
    on: date | None = None,
) -> Milestone:
    """Mark a milestone reached, whether or not it was planned. Doing it again changes nothing. No actor: Playcall.

    `on` is the day it was reached, when that was before today where the actor is.
    """
    account, milestone = await _open(session, account_id, key, actor, now, title=title, library=library)
    if milestone.status is MilestoneStatus.REACHED:
        return milestone
    timezone = actor.timezone if actor else "UTC"
    milestone.status, milestone.reached_at = MilestoneStatus.REACHED, now
    if on and on < local_date(now, timezone):
        milestone.reached_at = at_hour(on, NOON, timezone)
    milestone.evidence = (evidence or "").strip()[:EVIDENCE_LENGTH] or milestone.evidence
    await session.flush()
    proof = f": {milestone.evidence}" if milestone.evidence else ""
    _record(session, TimelineKind.MILESTONE_REACHED, f"reached {milestone.title}{proof}", milestone, actor, now)
    await _celebrate(session, milestone, now)
    await start_for_milestone(session, library, account, milestone, now)
    await _refresh(session, account_id, now)
    return milestone


async def plan_milestone(
    session: AsyncSession,
    account_id: int,
    key: str,
    actor: Actor,
    now: datetime,
    *,
    target: date,
    title: str | None = None,
    kind: MilestoneKind = MilestoneKind.CELEBRATION,
    library: Library | None = None,
) -> Milestone:
    """Set the day a milestone is meant to be reached. A day that is past is refused."""
    if target < local_date(now, actor.timezone):
        raise InvalidInput("That date is past. Give today or a later day, or say that it was reached.", field="target")
    _, milestone = await _open(session, account_id, key, actor, now, title=title, kind=kind, library=library)
    milestone.journey = None  # a day chosen by hand stays, whatever the journey's dates do
    await call_off_celebration(session, milestone.id)
    milestone.status, milestone.target_date, milestone.reached_at = MilestoneStatus.PLANNED, target, None
    _record(session, TimelineKind.MILESTONE_PLANNED, f"planned {milestone.title} for {target}", milestone, actor, now)
    await _refresh(session, account_id, now)
    return milestone


async def miss_milestone(
    session: AsyncSession,
    account_id: int,
    key: str,
    actor: Actor,
    now: datetime,
    *,
    evidence: str | None = None,
    library: Library | None = None,
) -> Milestone:
    """Say that a milestone will not be reached."""
    _, milestone = await _open(session, account_id, key, actor, now, library=library)
    await call_off_celebration(session, milestone.id)
    milestone.status, milestone.reached_at = MilestoneStatus.MISSED, None
    milestone.evidence = (evidence or "").strip()[:EVIDENCE_LENGTH] or milestone.evidence
    why = f": {milestone.evidence}" if milestone.evidence else ""
    _record(session, TimelineKind.MILESTONE_MISSED, f"missed {milestone.title}{why}", milestone, actor, now)
    await _refresh(session, account_id, now)
    return milestone


async def _celebrate(session: AsyncSession, milestone: Milestone, now: datetime) -> None:
    """A milestone that is planned anew and reached again is celebrated again."""
    times = await session.exec(select(func.count()).where(Touchpoint.milestone_id == milestone.id))
    session.add(
        Touchpoint(
            kind=TouchpointKind.CELEBRATION,
            account_id=milestone.account_id,
            milestone_id=milestone.id,
            revision=times.one(),
            fire_at=now,
            at_once=True,
        )
    )


async def call_off_celebration(session: AsyncSession, milestone_id: int) -> None:
    """What has been celebrated already stays celebrated."""
    await cancel_planned(session, col(Touchpoint.milestone_id) == milestone_id)


async def _open(
    session: AsyncSession,
    account_id: int,
    key: str,
    actor: Actor | None,
    now: datetime,
    *,
    title: str | None = None,
    kind: MilestoneKind = MilestoneKind.CELEBRATION,
    library: Library | None = None,
) -> tuple[Account, Milestone]:
    """The milestone, made where the account has none. With a library, that of the present year of the journey."""
    account = await lock_account(session, account_id)
    key = key_now(library, account, key) if library else key
    if actor:
        require_may_edit_account(actor, (await load_team(session, account_id)).roles)
    query = select(Milestone).where(Milestone.account_id == account_id, Milestone.key == key)
    milestone = (await session.exec(query)).one_or_none()
    if milestone is None:
        words = title or key.replace("-", " ").capitalize()
        milestone = Milestone(account_id=account_id, key=key, title=words, kind=kind, created_at=now)
        session.add(milestone)
        await session.flush()
    elif title:
        milestone.title = title
    return account, milestone


def _record(
    session: AsyncSession, kind: TimelineKind, summary: str, milestone: Milestone, actor: Actor | None, now: datetime
) -> None:
    record(
        session,
        kind,
        summary,
        now,
        account_id=milestone.account_id,
        actor=actor,
        details={"milestone": milestone.key},
    )


async def _refresh(session: AsyncSession, account_id: int, now: datetime) -> None:
    team = await load_team(session, account_id)
    await refresh_homes(session, [team.roles.get(MemberRole.CSM)], now)
