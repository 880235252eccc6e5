"""Steps as cards for one reader: read in a handful of statements, however many steps there are."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.actors import Actor
from bot.engine.calendars import local_date
from bot.engine.permissions import RoleMap, may_see_arr
from bot.engine.steps import UNDO_WINDOW
from bot.engine.transitions import UNDOABLE
from bot.library.library import Library
from bot.library.schema import StepSpec
from bot.models import (
    FINISHED,
    Account,
    AccountRole,
    Contact,
    Member,
    Run,
    RunStatus,
    Step,
    StepStatus,
)
from bot.reports.guidance import render_guidance
from bot.slack.step_card import Ending, StepCard


@dataclass(frozen=True)
class StepWithRun:
    step: Step
    run: Run
    account: Account
    spec: StepSpec


@dataclass(frozen=True)
class Surroundings:
    """What cards tell besides their own rows: who people are, who is at the customer, how far the runs are."""

    members: dict[int, Member]
    contacts: dict[int, list[Contact]]  # by account
    applying: dict[int, list[int]]  # by run: the ids of the steps that apply, in order
    roles: dict[int, RoleMap]  # by account


async def load_step_cards(
    session: AsyncSession, library: Library, step_ids: Sequence[int], reader: Actor, now: datetime
) -> list[StepCard]:
    """The cards of those of the steps that exist, in the given order."""
    found = {each.step.id: each for each in await load_steps(session, library, step_ids)}
    around = await load_surroundings(session, found.values())
    return [build_card(found[step_id], around, reader, now) for step_id in step_ids if step_id in found]


async def load_steps(session: AsyncSession, library: Library, step_ids: Iterable[int]) -> list[StepWithRun]:
    query = (
        select(Step, Run, Account)
        .join(Run, col(Run.id) == Step.run_id)
        .join(Account, col(Account.id) == Step.account_id)
        .where(col(Step.id).in_(list(step_ids)))
    )
    rows = (await session.exec(query)).all()
    return [
        StepWithRun(step, run, account, (await library.version(session, run.playbook_version_id)).step(step.key))
        for step, run, account in rows
    ]


async def load_surroundings(session: AsyncSession, steps: Iterable[StepWithRun]) -> Surroundings:
    steps = list(steps)
    accounts = {each.account.id for each in steps}
    people = {i for each in steps for i in (each.step.assignee_id, each.step.finished_by_id) if i is not None}
    members = (await session.exec(select(Member).where(col(Member.id).in_(people)))).all()
    contacts = select(Contact).where(col(Contact.account_id).in_(accounts)).order_by(col(Contact.id))
    applying = (
        select(Step.run_id, Step.id)
        .where(col(Step.run_id).in_({each.run.id for each in steps}), col(Step.status) != StepStatus.NOT_APPLICABLE)
        .order_by(col(Step.position))
    )
    around = Surroundings({member.id: member for member in members}, {}, {}, {})
    for contact in (await session.exec(contacts)).all():
        around.contacts.setdefault(contact.account_id, []).append(contact)
    for run_id, step_id in (await session.exec(applying)).all():
        around.applying.setdefault(run_id, []).append(step_id)
    around.roles.update(await load_role_maps(session, accounts))
    return around


async def load_role_maps(session: AsyncSession, account_ids: Iterable[int]) -> dict[int, RoleMap]:
    query = select(AccountRole).where(col(AccountRole.account_id).in_(list(account_ids)))
    maps: dict[int, dict[str, int]] = {}
    for row in (await session.exec(query)).all():
        maps.setdefault(row.account_id, {})[row.role] = row.member_id
    return dict(maps)  # type: ignore[arg-type]  # a MemberRole is a str


def build_card(found: StepWithRun, around: Surroundings, reader: Actor, now: datetime) -> StepCard:
    step, run, account, spec = found.step, found.run, found.account, found.spec
    contacts = around.contacts.get(account.id, [])
    about = next((contact for contact in contacts if contact.id == run.contact_id), None)
    applying = around.applying.get(run.id, [])
    return StepCard(
        step_id=step.id,
        revision=step.revision,
        title=step.title,
        kind=step.kind,
        status=step.status,
        account_id=account.id,
        account=account.name,
        playbook=run.title if about is None else run.title.removesuffix(f": {about.name}"),
        number=applying.index(step.id) + 1 if step.id in applying else step.position + 1,
        total=len(applying),
        due_on=step.due_on,
        today=local_date(now, reader.timezone),
        contact=about.name if about else None,
        optional=spec.optional,
        guidance=guidance_for(found, around, reader, local_date(now, reader.timezone)),
        attendees=tuple(contact.name for contact in attendees(spec, contacts)),
        missing_attendees=tuple(
            role for role in spec.attendees if not any(role in contact.roles for contact in contacts)
        ),
        assets=tuple(spec.assets),
        missing_role=step.role if step.role_missing else None,
        snoozed_until=step.snoozed_until,
        assignee=None if step.assignee_id == reader.member_id else _name(around, step.assignee_id),
        paused=run.status is RunStatus.PAUSED,
        reason=step.reason,
        ending=_ending(found, around, reader, now) if step.status in FINISHED else None,
    )


def attendees(spec: StepSpec, contacts: Iterable[Contact]) -> list[Contact]:
    """Who must be invited: everyone with one of the roles the step names."""
    return [contact for contact in contacts if set(spec.attendees) & set(contact.roles)]


def guidance_for(found: StepWithRun, around: Surroundings, reader: Actor, today: date) -> str:
    contacts = around.contacts.get(found.account.id, [])
    about = next((contact for contact in contacts if contact.id == found.run.contact_id), None)
    with_arr = may_see_arr(reader, around.roles.get(found.account.id, {}))
    return render_guidance(found.spec.guidance, found.account, about, today, with_arr=with_arr)


def _ending(found: StepWithRun, around: Surroundings, reader: Actor, now: datetime) -> Ending:
    step = found.step
    outcome = next((outcome.label for outcome in found.spec.outcomes if outcome.key == step.outcome), None)
    return Ending(
        by=_name(around, step.finished_by_id) if step.finished_by_id else None,
        at=step.finished_at.astimezone(ZoneInfo(reader.timezone)) if step.finished_at else None,
        outcome=outcome,
        reason=step.reason,
        undoable=_shows_undo(step, now),
    )


def _shows_undo(step: Step, now: datetime) -> bool:
    """Whether to offer Undo. The engine has the last word when it is clicked."""
    if step.status not in UNDOABLE or step.finished_at is None or step.effects.get("sent"):
        return False
    return now - step.finished_at < UNDO_WINDOW


def _name(around: Surroundings, member_id: int) -> str:
    member = around.members.get(member_id)
    return member.name if member else "someone"
