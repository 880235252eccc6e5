"""An account's journey as it stands: stages, milestones, the gate of the present stage, its playbooks."""

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy import func
from sqlalchemy import select as core_select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.db import Reader
from bot.engine.calendars import local_date
from bot.engine.governance.exemptions import is_exempt
from bot.engine.journeys.gates import is_met, missing_for_stage
from bot.engine.journeys.joining import load_proposals
from bot.engine.journeys.milestones import load_milestones, place_of, targets_of
from bot.engine.journeys.planning import Place
from bot.engine.state import load_team
from bot.errors import NotFound, WrongState
from bot.library.facts import account_facts
from bot.library.journeys import JourneyStage
from bot.library.library import Library
from bot.models import Account, Milestone, MilestoneKind, MilestoneStatus, Run, RunStatus, Step, StepStatus
from bot.reports.account_head import AccountHead, Statement, load_head
from bot.slack.dates import day_words
from bot.slack.journey_view import (
    CriterionRow,
    JourneyView,
    MilestoneRow,
    PlaybookRow,
    ProposalRow,
    StageView,
    StageWait,
)


async def load_journey_view(session: AsyncSession, library: Library, account_id: int, now: datetime) -> JourneyView:
    """Raises NotFound, with the journeys there are, when the account is on none."""
    account = await session.get_one(Account, account_id)
    team = await load_team(session, account_id)
    today = local_date(now, team.csm.timezone if team.csm else "UTC")
    place = place_of(library, account, today)
    if place is None:
        raise NotFound(_on_none(library, account))
    rows = await load_milestones(session, account_id)
    targets = targets_of(place, account, rows, team)
    exempt = await is_exempt(await session.connection(), account_id, now, stage=account.stage)
    states = await _run_states(session, account_id, today)
    stages = tuple(
        _stage(library, account, place, spec, rows, targets, states, exempt is not None, today)
        for spec in place.journey.stages
    )
    following = library.journeys.get(place.journey.next or "")
    return JourneyView(
        account_id=account_id,
        account=account.name,
        title=place.journey.title,
        started_on=place.started_on,
        ends_on=place.ends_on,
        next_title=following.title if following else None,
        today=today,
        stages=stages,
        proposals=len(await load_proposals(session, library, account, now)),
    )


async def load_proposal_rows(
    session: AsyncSession, library: Library, account_id: int, now: datetime
) -> tuple[str, list[ProposalRow]]:
    """The account's name, and what of its journey is probably reached."""
    account = await session.get_one(Account, account_id)
    found = await load_proposals(session, library, account, now)
    return account.name, [ProposalRow(one.milestone_id, one.title, one.why, one.sure) for one in found]


async def load_stage_wait(
    session: AsyncSession, library: Library, account_id: int, stage: str, now: datetime
) -> StageWait | None:
    """What keeps the account from a stage; None when it is there, or the stage is gone."""
    account = await session.get(Account, account_id)
    titles = library.stages.titles
    if account is None or account.stage == stage or stage not in titles:
        return None
    missing = await missing_for_stage(session, library, account, stage, now)
    present = titles.get(account.stage, account.stage)
    return StageWait(account_id, account.name, account.key, present, stage, titles[stage], tuple(missing))


async def load_gate(reader: Reader, library: Library, account_id: int) -> tuple[AccountHead, str]:
    """The account and the title of its stage, when that stage has a gate. Raises WrongState when nothing is asked."""
    account = await load_head(reader, account_id)
    journey = library.journeys.get(account.journey or "")
    spec = journey.stage(account.stage) if journey else None
    title = library.stages.titles.get(account.stage, account.stage)
    if spec is None or not spec.gate:
        raise WrongState(
            f"Nothing keeps {account.name} in {title}: there is no gate. `/account edit {account.key}` moves it on."
        )
    return account, title


def _on_none(library: Library, account: Account) -> str:
    if not library.journeys:
        return "There are no journeys yet. They are files in playbooks/journeys."
    return (
        f"{account.name} is on no journey. `/account journey {account.key} NAME` puts it on one of "
        f"{', '.join(library.journeys)}."
    )


def _stage(
    library: Library,
    account: Account,
    place: Place,
    spec: JourneyStage,
    rows: Mapping[str, Milestone],
    targets: Mapping[str, date | None],
    states: Mapping[str, str],
    exempt: bool,
    today: date,
) -> StageView:
    reached = {key for key, row in rows.items() if row.status is MilestoneStatus.REACHED}
    facts = {"account": account_facts(account, today)}
    playbooks = library.catalog.playbooks
    is_past = library.stages.leads_forward(spec.stage, account.stage)
    return StageView(
        title=library.stages.titles[spec.stage],
        goal=spec.goal,
        is_present=spec.stage == account.stage,
        milestones=tuple(
            _milestone(row, targets[one.key], today)
            for one in spec.milestones
            if (row := rows.get(one.key_from(place.started_on)))
            and not (is_past and _is_skipped(row, targets[one.key]))
        ),
        gate=tuple(CriterionRow(one.label, is_met(one, place, facts, reached)) for one in spec.gate),
        exempt=exempt,
        playbooks=tuple(
            PlaybookRow(playbooks[key].title, key, states.get(key, "not started"))
            for key in spec.playbooks
            if key in playbooks
        ),
    )


def _is_skipped(row: Milestone, target: date | None) -> bool:
    """Of a stage that is over: a risk that did not come true, or a moment that nothing gives a day to."""
    has_no_day = row.target_date is None and target is None
    return row.status is MilestoneStatus.PLANNED and (row.kind is MilestoneKind.RISK or has_no_day)


def _milestone(row: Milestone, target: date | None, today: date) -> MilestoneRow:
    day = row.reached_at.date() if row.reached_at else row.target_date or target
    to_confirm = row.status is MilestoneStatus.PLANNED and row.target_date is None and bool(target and target < today)
    owner = row.owner_role.value.replace("_", " ") if row.owner_role else None
    return MilestoneRow(row.title, row.kind, row.status, day, owner, to_confirm)


async def _run_states(session: AsyncSession, account_id: int, today: date) -> dict[str, str]:
    """How the newest run of each playbook stands on the account, in words."""
    finished = func.count().filter(col(Step.status).in_([StepStatus.DONE, StepStatus.SKIPPED]))
    counted = func.count().filter(col(Step.status).not_in([StepStatus.NOT_APPLICABLE, StepStatus.CANCELLED]))
    columns = (col(Run.id), col(Run.playbook_key), col(Run.status), col(Run.ended_at))
    query: Statement = (
        core_select(*columns, finished.label("done"), counted.label("counted"))
        .join(Step, col(Step.run_id) == Run.id)
        .where(col(Run.account_id) == account_id)
        .group_by(*columns)
        .order_by(col(Run.id))
    )
    states = {}
    for row in (await (await session.connection()).execute(query)).all():
        states[row.playbook_key] = _state(row.status, row.ended_at, row.done, row.counted, today)
    return states


def _state(status: RunStatus, ended_at: datetime | None, done: int, steps: int, today: date) -> str:
    progress = f"{done} of {steps} steps done"
    if status is RunStatus.ACTIVE:
        return progress
    if status is RunStatus.PAUSED:
        return f"paused, {progress}"
    return f"{status} {day_words(ended_at.date(), today)}" if ended_at else str(status)
