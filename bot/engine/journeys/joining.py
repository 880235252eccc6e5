"""Joining a journey in the middle: which milestones seem to be met already, and what the CSM says about them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.actors import Actor
from bot.engine.calendars import local_date
from bot.engine.journal import record
from bot.engine.journeys.milestones import load_milestones, place_of, targets_of
from bot.engine.journeys.planning import Place
from bot.engine.outbox import refresh_homes
from bot.engine.permissions import require_may_edit_account
from bot.engine.state import load_team, lock_account
from bot.errors import WrongState
from bot.library.conditions import ConditionError, holds
from bot.library.facts import account_facts
from bot.library.library import Library
from bot.models import Account, Milestone, MilestoneKind, MilestoneStatus, TimelineKind


@dataclass(frozen=True, slots=True)
class Proposal:
    """A milestone that is probably reached. `sure`: what is known of the account says so, not only the calendar."""

    milestone_id: int
    key: str
    title: str
    why: str
    sure: bool


def propose_met(
    place: Place,
    rows: Mapping[str, Milestone],
    targets: Mapping[str, date | None],
    facts: Mapping[str, object],
    today: date,
) -> list[Proposal]:
    """What an account that joined in the middle has probably behind it; its CSM has the last word.

    A milestone is proposed when its condition holds, or when its day was past before it could be planned.
    """
    proposals = []
    for spec in place.journey.milestones.values():
        row = rows.get(spec.key_from(place.started_on))
        if row is None or row.status is not MilestoneStatus.PLANNED or row.kind is MilestoneKind.RISK:
            continue
        day = targets[spec.key]
        if spec.met_when and _holds(spec.met_when, facts):
            proposals.append(Proposal(row.id, spec.key, row.title, "what is known of the account says so", sure=True))
        elif row.target_date is None and day and day < today:
            proposals.append(Proposal(row.id, spec.key, row.title, f"its day was {day.day} {day:%b %Y}", sure=False))
    return proposals


def _holds(condition: str, facts: Mapping[str, object]) -> bool:
    try:
        return holds(condition, facts)
    except ConditionError:
        return False


async def load_proposals(session: AsyncSession, library: Library, account: Account, now: datetime) -> list[Proposal]:
    team = await load_team(session, account.id)
    today = local_date(now, team.csm.timezone if team.csm else "UTC")
    place = place_of(library, account, today)
    if place is None:
        return []
    rows = await load_milestones(session, account.id)
    targets = targets_of(place, account, rows, team)
    return propose_met(place, rows, targets, {"account": account_facts(account, today)}, today)


async def confirm_met(
    session: AsyncSession,
    library: Library,
    account_id: int,
    milestone_ids: Collection[int],
    actor: Actor,
    now: datetime,
) -> list[str]:
    """Mark those of the proposed milestones reached that the CSM has confirmed. Returns their titles.

    They are history: nothing is celebrated, and no playbook starts because of them. They count as reached on the day
    they were meant for, where that is past.
    """
    account = await lock_account(session, account_id)
    team = await load_team(session, account_id)
    require_may_edit_account(actor, team.roles)
    today = local_date(now, actor.timezone)
    place = place_of(library, account, today)
    if place is None:
        raise WrongState(f"{account.name} is on no journey any more. `/account journey {account.key}` shows what is.")
    rows = await load_milestones(session, account_id)
    targets = targets_of(place, account, rows, team)
    confirmed = []
    for spec in place.journey.milestones.values():
        row = rows.get(spec.key_from(place.started_on))
        if row and row.id in milestone_ids and row.status is MilestoneStatus.PLANNED:
            row.status, row.reached_at = MilestoneStatus.REACHED, _moment(targets[spec.key], now)
            confirmed.append(row.title)
    if confirmed:
        summary = f"confirmed as reached before: {', '.join(confirmed)}"
        record(session, TimelineKind.MILESTONE_REACHED, summary, now, account_id=account_id, actor=actor)
        await refresh_homes(session, [team.csm.id if team.csm else None], now)
    return confirmed


def _moment(day: date | None, now: datetime) -> datetime:
    return min(datetime.combine(day, time(12), UTC), now) if day else now
