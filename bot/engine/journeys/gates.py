"""Gates: what must be true before an account goes on to the next stage of its journey."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.calendars import local_date
from bot.engine.governance.exemptions import is_exempt
from bot.engine.journal import record
from bot.engine.journeys.milestones import load_milestones, place_of
from bot.engine.journeys.planning import Place
from bot.engine.outbox import enqueue, member_lane
from bot.engine.state import load_team
from bot.errors import InvalidInput
from bot.library.conditions import ConditionError, holds
from bot.library.facts import account_facts
from bot.library.journeys import GateCriterion
from bot.library.library import Library
from bot.models import Account, DeliveryKind, MilestoneStatus, TimelineKind


def unmet_criteria(place: Place, stage: str, facts: Mapping[str, Any], reached: Collection[str]) -> list[GateCriterion]:
    """What the gate of a stage still asks for. `reached` are the keys of the account's milestones that are reached."""
    spec = place.journey.stage(stage)
    return [one for one in (spec.gate if spec else []) if not is_met(one, place, facts, reached)]


def is_met(criterion: GateCriterion, place: Place, facts: Mapping[str, Any], reached: Collection[str]) -> bool:
    if criterion.milestone:
        milestone = place.journey.milestones[criterion.milestone]
        return milestone.key_from(place.started_on) in reached
    try:
        return holds(criterion.when, facts)
    except ConditionError:
        return False


async def missing_for_stage(
    session: AsyncSession,
    library: Library,
    account: Account,
    stage: str,
    now: datetime,
    *,
    reaching: Collection[str] = (),
) -> list[str]:
    """What is missing before the account may move to a stage, in words; nothing when it may.

    Only a move forward meets a gate, that of the present stage. `reaching` are keys of milestones that are reached
    with the same change.
    """
    team = await load_team(session, account.id)
    today = local_date(now, team.csm.timezone if team.csm else "UTC")
    place = place_of(library, account, today)
    if place is None or not library.stages.leads_forward(account.stage, stage):
        return []
    rows = await load_milestones(session, account.id)
    reached = {key for key, row in rows.items() if row.status is MilestoneStatus.REACHED}
    reached |= {
        place.journey.milestones[key].key_from(place.started_on) for key in reaching if key in place.journey.milestones
    }
    unmet = unmet_criteria(place, account.stage, {"account": account_facts(account, today)}, reached)
    if not unmet or await is_exempt(await session.connection(), account.id, now, stage=account.stage):
        return []
    return [criterion.label for criterion in unmet]


async def require_gate_open(
    session: AsyncSession, library: Library, account: Account, stage: str, now: datetime
) -> None:
    """Raises InvalidInput with what is missing, and the ways out."""
    if missing := await missing_for_stage(session, library, account, stage, now):
        raise InvalidInput(
            f"{account.name} cannot leave {library.stages.titles[account.stage]} yet. Missing: {'; '.join(missing)}. "
            f"Complete that (`/account journey {account.key}` shows it), or ask for an exception with "
            f"`/account exempt {account.key}`.",
            field="stage",
        )


async def hold_back(session: AsyncSession, account: Account, stage: str, missing: list[str], now: datetime) -> None:
    """A step's outcome would have moved the account: the move waits, and the CSM is told what is missing."""
    record(
        session,
        TimelineKind.STAGE_WAITS,
        f"could not move the account to {stage} yet: {'; '.join(missing)}",
        now,
        account_id=account.id,
    )
    team = await load_team(session, account.id)
    if team.csm:
        await enqueue(
            session,
            DeliveryKind.STAGE_WAITS,
            now,
            lane=member_lane(team.csm.id),
            merge_key=f"stage:{account.id}:{stage}",
            member_id=team.csm.id,
            account_id=account.id,
            payload={"stage": stage},
        )
