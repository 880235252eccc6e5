"""The milestones that a journey plans for an account, kept in step with the account's dates."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.calendars import local_date
from bot.engine.journal import record
from bot.engine.journeys.planning import Place, plan_targets, rebegin
from bot.engine.planning import anchor_dates
from bot.engine.state import Team, load_team
from bot.library.journeys import JourneyMilestone
from bot.library.library import Library
from bot.models import Account, Milestone, MilestoneKind, MilestoneStatus, Stage, TimelineKind


@dataclass
class Planned:
    """What planning changed: the milestones that are new, that moved (with the day they had), and that are gone."""

    added: list[Milestone] = field(default_factory=list)
    moved: list[tuple[Milestone, date | None]] = field(default_factory=list)
    dropped: list[Milestone] = field(default_factory=list)


def place_of(library: Library, account: Account, today: date) -> Place | None:
    """Where the account stands; None when it is on no journey, or on one whose file is gone."""
    journey = library.journeys.get(account.journey or "")
    return Place(journey, account.journey_started_on or today) if journey else None


def key_now(library: Library, account: Account, key: str) -> str:
    """The key under which the account has a milestone of its journey: one that comes each year has the year in it."""
    journey = library.journeys.get(account.journey or "")
    spec = journey.milestones.get(key) if journey else None
    return spec.key_from(account.journey_started_on) if spec and account.journey_started_on else key


async def load_milestones(session: AsyncSession, account_id: int) -> dict[str, Milestone]:
    """The account's milestones by key."""
    query = select(Milestone).where(Milestone.account_id == account_id).order_by(col(Milestone.id))
    return {milestone.key: milestone for milestone in (await session.exec(query)).all()}


def targets_of(place: Place, account: Account, rows: Mapping[str, Milestone], team: Team) -> dict[str, date | None]:
    """The days the journey's milestones are meant for, by their key in the journey."""
    settled = {
        spec.key: day
        for spec in place.journey.planning_order
        if (row := rows.get(spec.key_from(place.started_on))) and (day := _settled_on(row))
    }
    anchors = anchor_dates(account)
    has_begun = account.stage != Stage.TRIAL or anchors[place.journey.starts] is not None
    return plan_targets(place, anchors, settled, team.csm.country if team.csm else "", has_begun=has_begun)


def _settled_on(row: Milestone) -> date | None:
    """The day a milestone was reached, or that somebody set by hand: no journey moves that one."""
    if row.status is MilestoneStatus.REACHED and row.reached_at:
        return row.reached_at.date()
    return row.target_date if row.journey is None else None


async def plan_milestones(session: AsyncSession, account: Account, place: Place, now: datetime) -> Planned:
    """Plan what the journey has and the account has not, move what is still planned, drop what no journey plans now.

    What is reached or missed stays as it is. A day that is past when its milestone is planned is not set: it could
    not have been kept.
    """
    team = await load_team(session, account.id)
    today = local_date(now, team.csm.timezone if team.csm else "UTC")
    rows = await load_milestones(session, account.id)
    targets = targets_of(place, account, rows, team)
    planned = Planned()
    keys = set()
    for spec in place.journey.milestones.values():
        key, target = spec.key_from(place.started_on), targets[spec.key]
        keys.add(key)
        if key in rows:
            _update(rows[key], spec, place, target, today, planned)
            continue
        row = _new(account.id, key, spec, place, now)
        row.target_date = target if target and target >= today else None
        planned.added.append(row)
    for row in rows.values():
        if row.key not in keys and row.journey and row.status is MilestoneStatus.PLANNED:
            planned.dropped.append(row)
            await session.delete(row)
    session.add_all(planned.added)
    await session.flush()
    return planned


def _new(account_id: int, key: str, spec: JourneyMilestone, place: Place, now: datetime) -> Milestone:
    return Milestone(
        account_id=account_id,
        key=key,
        title=spec.title,
        kind=spec.kind,
        owner_role=spec.owner,
        success=spec.success,
        journey=place.journey.key,
        created_at=now,
    )


def _update(
    row: Milestone, spec: JourneyMilestone, place: Place, target: date | None, today: date, planned: Planned
) -> None:
    row.owner_role, row.success = spec.owner, spec.success
    if row.status is not MilestoneStatus.PLANNED or row.journey is None:
        return
    row.title, row.kind, row.journey = spec.title, spec.kind, place.journey.key
    too_late = row.target_date is None and target is not None and target < today
    if row.target_date != target and not too_late:
        planned.moved.append((row, row.target_date))
        row.target_date = target


async def follow_dates(session: AsyncSession, library: Library, account: Account, now: datetime) -> list[str]:
    """Move the journey's milestones after a date of the account moved, and say which did."""
    journey = library.journeys.get(account.journey or "")
    if journey is None:
        return []
    today = local_date(now, "UTC")
    place = rebegin(journey, account.journey_started_on, anchor_dates(account), today)
    account.journey_started_on = place.started_on
    planned = await plan_milestones(session, account, place, now)
    sentences = [
        f"The milestone “{row.title}” moved from {_day(before)} to {_day(row.target_date)}."
        for row, before in planned.moved
        if row.kind is not MilestoneKind.RISK
    ]
    if sentences:
        record(session, TimelineKind.ANCHOR_MOVED, " ".join(sentences), now, account_id=account.id)
    return sentences


def _day(day: date | None) -> str:
    return f"{day.day} {day:%b %Y}" if day else "no date"
