"""Putting an account on a journey, and going on to the next at the anniversary."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, or_, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.db import Reader
from bot.engine.actors import Actor
from bot.engine.calendars import local_date
from bot.engine.journal import record
from bot.engine.journeys.milestones import Planned, place_of, plan_milestones
from bot.engine.journeys.planning import Place, add_months, go_on, join
from bot.engine.outbox import notify, refresh_homes
from bot.engine.permissions import require_may_edit_account
from bot.engine.planning import anchor_dates
from bot.engine.state import Team, load_team, lock_account
from bot.errors import NotFound
from bot.library.library import Library
from bot.library.nearness import unknown_name
from bot.models import Account, MilestoneStatus, Stage, TimelineKind

FARTHEST_EAST = timedelta(hours=14)  # of UTC, where anybody lives


@dataclass(frozen=True)
class JourneyChange:
    account: Account
    changed: bool
    sentence: str


async def put_on_journey(
    session: AsyncSession,
    library: Library,
    account_id: int,
    key: str,
    actor: Actor | None,
    now: datetime,
    *,
    why: str | None = None,
) -> JourneyChange:
    """Put an account on a journey and plan its milestones. Those it has reached already stay reached.

    An account whose time on it is over is put on what follows. Doing it again changes nothing. `why` is told on the
    timeline when nobody asked for it by hand. Raises NotFound with the journeys there are.
    """
    account = await lock_account(session, account_id)
    team = await load_team(session, account_id)
    if actor:
        require_may_edit_account(actor, team.roles)
    if key not in library.journeys:
        raise NotFound(f"{unknown_name('journey', key, library.journeys)}.")
    today = local_date(now, _zone(team))
    place = join(library.journeys, key, anchor_dates(account), today)
    if place == place_of(library, account, today) and account.journey_started_on:
        return JourneyChange(account, False, f"{account.name} is on {place.journey.title} already.")
    planned = await _settle(session, account, place, now)
    reason = f" ({why})" if why else ""
    record(
        session,
        TimelineKind.JOURNEY_CHANGED,
        f"put the account on the journey {place.journey.title} from {place.started_on}{reason}",
        now,
        account_id=account_id,
        actor=actor,
        details={"journey": place.journey.key, "started_on": place.started_on.isoformat()},
    )
    await refresh_homes(session, [team.csm.id if team.csm else None], now)
    asked = library.journeys[key]
    over = f" The time on {asked.title} is over." if place.journey.key != key else ""
    return JourneyChange(account, True, f"{_on(account, place)}{over} {_plan_words(planned)}")


async def find_to_roll(reader: Reader, library: Library, now: datetime) -> list[int]:
    """The accounts whose time on their journey is over, or nearly so: `roll_over` looks at the day it is there."""
    latest = (now + FARTHEST_EAST).date()
    over = [
        and_(col(Account.journey) == key, col(Account.journey_started_on) <= add_months(latest, -journey.months))
        for key, journey in library.journeys.items()
        if journey.next in library.journeys
    ]
    if not over:
        return []
    current = and_(col(Account.archived).is_(False), col(Account.stage) != Stage.CHURNED.value)
    query = select(col(Account.id)).where(or_(*over), current).order_by(col(Account.id))
    return list((await reader.execute(query)).scalars())


async def roll_over(session: AsyncSession, library: Library, account_id: int, now: datetime) -> bool:
    """Go on to what follows when the journey's time is over, and tell the CSM. Doing it again changes nothing."""
    account = await lock_account(session, account_id)
    team = await load_team(session, account_id)
    today = local_date(now, _zone(team))
    before = place_of(library, account, today)
    if before is None or (place := go_on(library.journeys, before, today)) == before:
        return False
    planned = await _settle(session, account, place, now)
    words = f"{_on(account, place)} The time on {before.journey.title} is over."
    record(
        session,
        TimelineKind.JOURNEY_CHANGED,
        f"went on from {before.journey.title} to {place.journey.title}, from {place.started_on}",
        now,
        account_id=account_id,
        details={"journey": place.journey.key, "started_on": place.started_on.isoformat()},
    )
    if team.csm:
        text = f"{words} {_plan_words(planned)} `/account journey {account.key}` shows it."
        await notify(session, team.csm.id, text, now, account_id=account_id)
        await refresh_homes(session, [team.csm.id], now)
    return True


async def _settle(session: AsyncSession, account: Account, place: Place, now: datetime) -> Planned:
    account.journey, account.journey_started_on, account.updated_at = place.journey.key, place.started_on, now
    return await plan_milestones(session, account, place, now)


def _on(account: Account, place: Place) -> str:
    day = place.started_on
    return f"{account.name} is on {place.journey.title}, counted from {day.day} {day:%b %Y}."


def _plan_words(planned: Planned) -> str:
    ahead = [row for row in planned.added if row.status is MilestoneStatus.PLANNED and row.target_date]
    dropped = (
        f" {_count(len(planned.dropped))} of the journey before, not reached yet, went." if planned.dropped else ""
    )
    return f"{_count(len(ahead))} planned.{dropped}"


def _count(number: int) -> str:
    return (
        "No milestone is"
        if number == 0
        else f"{number} milestone{'' if number == 1 else 's'}" + (" is" if number == 1 else " are")
    )


def _zone(team: Team) -> str:
    return team.csm.timezone if team.csm else "UTC"
