"""A run with everything its decisions look at, loaded in a few statements and locked against other changes.

The account is what is locked, before anything else is read: changes of one account are carried out one after the other,
and no two of them can wait for each other.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.calendars import local_date
from bot.errors import InvalidInput, NotFound
from bot.library.library import Library
from bot.library.offsets import Due
from bot.library.pinning import DIGEST, join_content
from bot.library.schema import Playbook, StepSpec
from bot.models import FINISHED, Account, AccountRole, Member, MemberRole, Run, Step

FALLBACKS: Mapping[MemberRole, tuple[MemberRole, ...]] = {
    MemberRole.RENEWAL_OWNER: (MemberRole.AE,),
    MemberRole.GUARDIAN: (MemberRole.LEADER,),
}
"""Who does a role's part on an account where nobody has it. In the end, as for all other roles, it is the CSM."""


@dataclass
class Team:
    """Who plays which role for an account, and the members a run concerns, by id."""

    roles: dict[MemberRole, int] = field(default_factory=dict)
    members: dict[int, Member] = field(default_factory=dict)

    @property
    def csm(self) -> Member | None:
        return self.in_role(MemberRole.CSM)

    def today(self, now: datetime) -> date:
        """The day it is where the CSM is; in UTC without one."""
        return local_date(now, self.csm.timezone if self.csm else "UTC")

    def in_role(self, role: MemberRole) -> Member | None:
        """The active member in a role."""
        member = self.members.get(self.roles.get(role, 0))
        return member if member and member.active else None

    def assignee_for(self, role: MemberRole, account: Account) -> tuple[Member, bool]:
        """Who gets a step of this role, and whether the role is missing so that it is somebody else: see FALLBACKS.

        Raises InvalidInput when the account has not even a CSM.
        """
        if member := self.in_role(role):
            return member, False
        others = (self.in_role(other) for other in (*FALLBACKS.get(role, ()), MemberRole.CSM))
        if member := next(filter(None, others), None):
            return member, True
        raise InvalidInput(f"{account.name} has no CSM. Set one with `/account edit {account.key}`.")


def spec_of(playbook: Playbook, step: Step) -> StepSpec:
    """A run that was moved to a newer version keeps finished steps which that version does not have."""
    for spec in playbook.run_steps:
        if spec.key == step.key:
            return spec
    return StepSpec(key=step.key, title=step.title[:150], role=step.role, due=Due(), optional=True)


@dataclass
class RunState:
    run: Run
    account: Account
    playbook: Playbook
    steps: list[Step]
    team: Team

    def step(self, step_id: int) -> Step:
        return next(step for step in self.steps if step.id == step_id)

    def spec(self, step: Step) -> StepSpec:
        """What the playbook says of the step; of one that was left behind when the run was moved, what is known."""
        return spec_of(self.playbook, step)

    def assignee(self, step: Step) -> Member:
        return self.team.members[step.assignee_id]

    def unmet(self, step: Step) -> list[Step]:
        """The steps this one waits for."""
        needs = self.spec(step).needs
        return [other for other in self.steps if other.key in needs and other.status not in FINISHED]

    def name_of(self, member_id: int | None) -> str:
        if member_id is None:
            return "Playcall"
        member = self.team.members.get(member_id)
        return member.name if member else "Someone"

    def local_day(self, step: Step, instant: datetime) -> date:
        """The day it is for the step's assignee."""
        return local_date(instant, self.assignee(step).timezone)


async def lock_account(session: AsyncSession, account_id: int) -> Account:
    """The account as it is now, and nobody else changes it until this transaction ends. Raises NotFound."""
    return await _locked(session, col(Account.id) == account_id, "That account is not there any more.")


async def _locked(session: AsyncSession, which: ColumnElement[bool], missing: str) -> Account:
    query = select(Account).where(which).with_for_update(key_share=True).execution_options(populate_existing=True)
    account = (await session.exec(query)).one_or_none()
    if account is None:
        raise NotFound(missing)
    return account


async def load_run_of_step(session: AsyncSession, library: Library, step_id: int) -> RunState:
    """Raises NotFound when there is no such step."""
    account_id = select(Step.account_id).where(Step.id == step_id).scalar_subquery()
    run_id = select(Step.run_id).where(Step.id == step_id).scalar_subquery()
    return await _load(session, library, col(Account.id) == account_id, col(Run.id) == run_id)


async def load_run(session: AsyncSession, library: Library, run_id: int) -> RunState:
    """Raises NotFound when there is no such run."""
    account_id = select(Run.account_id).where(Run.id == run_id).scalar_subquery()
    return await _load(session, library, col(Account.id) == account_id, col(Run.id) == run_id)


async def _load(
    session: AsyncSession, library: Library, which_account: ColumnElement[bool], which_run: ColumnElement[bool]
) -> RunState:
    account = await _locked(
        session, which_account, "That step is not there any more. The Home tab shows what is current."
    )
    return await _read(session, library, account, which_run)


async def _read(session: AsyncSession, library: Library, account: Account, which_run: ColumnElement[bool]) -> RunState:
    query = join_content(select(Run, DIGEST)).where(which_run)
    run, digest = (await session.exec(query)).one()
    steps = (await session.exec(select(Step).where(Step.run_id == run.id).order_by(col(Step.position)))).all()
    playbook = await library.version(session, run.playbook_version_id, digest, run.variant_id)
    return RunState(run, account, playbook, list(steps), await load_team(session, account.id, run.id))


async def read_run(session: AsyncSession, library: Library, run_id: int) -> RunState:
    """The same, to look at only: nothing is locked."""
    account_id = select(Run.account_id).where(Run.id == run_id).scalar_subquery()
    account = (await session.exec(select(Account).where(Account.id == account_id))).one()
    return await _read(session, library, account, col(Run.id) == run_id)


async def load_playbooks_of(session: AsyncSession, library: Library, run_ids: Collection[int]) -> dict[int, Playbook]:
    """The playbooks that runs are pinned to, by run."""
    rows = (await session.exec(join_content(select(Run, DIGEST)).where(col(Run.id).in_(run_ids)))).all()
    return {
        run.id: await library.version(session, run.playbook_version_id, digest, run.variant_id) for run, digest in rows
    }


async def load_team(session: AsyncSession, account_id: int, run_id: int | None = None) -> Team:
    """The account's role map with its members, and whoever else has to do with the run's steps."""
    of_account = and_(col(AccountRole.member_id) == Member.id, col(AccountRole.account_id) == account_id)
    concerned: list[ColumnElement[bool]] = [col(AccountRole.id).is_not(None)]
    if run_id is not None:
        of_run = [select(column).where(Step.run_id == run_id) for column in (Step.assignee_id, Step.finished_by_id)]
        concerned.extend(col(Member.id).in_(members) for members in of_run)
    query = select(Member, AccountRole.role).join(AccountRole, of_account, isouter=True).where(or_(*concerned))
    team = Team()
    for member, role in (await session.exec(query)).all():
        team.members[member.id] = member
        if role is not None:
            team.roles[MemberRole(role)] = member.id
    return team
