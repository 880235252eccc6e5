"""An account's success plan: what the customer wants, the objectives, and what is under way for them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.actors import Actor
from bot.engine.calendars import local_date
from bot.errors import NotFound
from bot.library.library import Library
from bot.library.pinning import DIGEST, join_content
from bot.library.tags import OBJECTIVE
from bot.models import (
    FINISHED,
    OPEN_RUNS,
    Account,
    Contact,
    Member,
    Objective,
    ObjectiveStatus,
    Run,
    Step,
    StepStatus,
)
from bot.slack.payloads import ObjectiveRef
from bot.slack.success_plan import ObjectiveRow, PlanView, ServingRun

PAGE = 10
ACTION_PLAN = "action_plan"  # steps keep it on the account, under this attribute and others that begin with it


@dataclass(frozen=True)
class OwnedObjective:
    objective: Objective
    owner: str | None


async def load_plan(
    session: AsyncSession, library: Library, account_id: int, reader: Actor, now: datetime, page: int
) -> PlanView:
    """A page of the plan. `page` counts from 1; a page after the last is the last."""
    account = await session.get(Account, account_id)
    if account is None or account.archived:
        raise NotFound("That account is not there any more. `/account list` shows yours.")
    found = (await load_objectives(session, [account_id])).get(account_id, [])
    today = local_date(now, reader.timezone)
    pages = max(1, -(-len(found) // PAGE))
    shown = min(max(1, page), pages)
    counted = [one.objective for one in found if one.objective.status is not ObjectiveStatus.DROPPED]
    return PlanView(
        account_id=account.id,
        name=account.name,
        key=account.key,
        outcome=account.outcome,
        met=sum(1 for one in counted if one.status is ObjectiveStatus.MET),
        total=len(counted),
        objectives=tuple(_row(one, today) for one in found[(shown - 1) * PAGE : shown * PAGE]),
        today=today,
        page=shown,
        pages=pages,
        action_plan=action_plan_of(account),
        runs=await _runs(session, library, account_id),
    )


async def load_objectives(session: AsyncSession, account_ids: Collection[int]) -> dict[int, list[OwnedObjective]]:
    """The objectives of accounts: those that are open by due date, then those that are closed, the latest first."""
    query = (
        select(Objective, Member.name, Member.active, Contact.name)
        .join(Member, col(Member.id) == Objective.owner_id, isouter=True)
        .join(Contact, col(Contact.id) == Objective.owner_contact_id, isouter=True)
        .where(col(Objective.account_id).in_(account_ids))
    )
    found: dict[int, list[OwnedObjective]] = {}
    for objective, member, active, contact in (await session.exec(query)).all():
        left = "" if contact or active else " (has left)"
        owner = contact or member
        found.setdefault(objective.account_id, []).append(OwnedObjective(objective, owner and f"{owner}{left}"))
    for objectives in found.values():
        objectives.sort(key=lambda one: _order(one.objective))
    return found


def _order(objective: Objective) -> tuple[bool, float, int]:
    closed = objective.closed_at
    due = objective.due_on or date.max
    return closed is not None, -closed.timestamp() if closed else due.toordinal(), objective.id


def _row(one: OwnedObjective, today: date) -> ObjectiveRow:
    objective = one.objective
    return ObjectiveRow(
        ref=ObjectiveRef(objective=objective.id, revision=objective.revision),
        title=objective.title,
        measure=objective.measure,
        baseline=objective.baseline,
        current=objective.current,
        target=objective.target,
        owner=one.owner,
        due_on=objective.due_on,
        status=objective.status,
        overdue=is_overdue(objective, today),
        evidence=objective.evidence,
    )


def is_overdue(objective: Objective, today: date) -> bool:
    return objective.status is ObjectiveStatus.OPEN and objective.due_on is not None and objective.due_on < today


def action_plan_of(account: Account) -> tuple[tuple[str, str], ...]:
    """What steps have written down as the plan of action, by name: the plan itself, its first result, its review."""
    kept = {name: value for name, value in account.attributes.items() if name.startswith(ACTION_PLAN) and value}
    return tuple(
        (name.removeprefix(ACTION_PLAN).strip("_").replace("_", " "), str(kept[name])) for name in sorted(kept)
    )


async def _runs(session: AsyncSession, library: Library, account_id: int) -> tuple[ServingRun, ...]:
    """What is under way on the account, each with what the customer should reach with it and its next step."""
    query = (
        select(Run, DIGEST).where(Run.account_id == account_id, col(Run.status).in_(OPEN_RUNS)).order_by(col(Run.id))
    )
    runs = (await session.exec(join_content(query))).all()
    steps = await _steps_of(session, [run.id for run, _ in runs])
    serving = []
    for run, digest in runs:
        playbook = await library.version(session, run.playbook_version_id, digest, run.variant_id)
        applying = [step for step in steps.get(run.id, []) if step.status is not StepStatus.NOT_APPLICABLE]
        left = [step for step in applying if step.status not in FINISHED]
        following = min(left, key=lambda step: (step.due_on or date.max, step.position), default=None)
        serving.append(
            ServingRun(
                title=run.title,
                objective=playbook.objective,
                done=len(applying) - len(left),
                steps=len(applying),
                next_step=following.title if following else None,
                next_due=following.due_on if following else None,
            )
        )
    return tuple(serving)


async def _steps_of(session: AsyncSession, run_ids: Collection[int]) -> dict[int, list[Step]]:
    found: dict[int, list[Step]] = {}
    for step in (await session.exec(select(Step).where(col(Step.run_id).in_(run_ids)))).all():
        found.setdefault(step.run_id, []).append(step)
    return found


# --- in words ---------------------------------------------------------------------------------------------------------


async def load_plan_tags(session: AsyncSession, account_ids: Collection[int]) -> dict[int, list[Mapping[str, Any]]]:
    """The plans of accounts as merge tags: every objective by due date, without those that were dropped."""
    found = await load_objectives(session, account_ids)
    return {
        account_id: [
            _tags(one)
            for one in sorted(objectives, key=lambda one: (one.objective.due_on or date.max, one.objective.id))
            if one.objective.status is not ObjectiveStatus.DROPPED
        ]
        for account_id, objectives in found.items()
    }


def _tags(one: OwnedObjective) -> Mapping[str, Any]:
    values = {name: getattr(one.objective, name) for name in OBJECTIVE if name != "owner"}
    return values | {"status": one.objective.status.value, "owner": one.owner}
