"""A run with everything its decisions look at, loaded in a few statements and locked against other changes.

The account is what is locked, before anything else is read: changes of one account are carried out one after the other,
and no two of them can wait for each other.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import ColumnElement, bindparam, union
from sqlalchemy import select as core_select
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import Select, SelectOfScalar

from bot.engine.calendars import local_date
from bot.errors import InvalidInput, NotFound
from bot.library.library import Library
from bot.library.offsets import Due
from bot.library.pinning import DIGEST, join_content
from bot.library.schema import Playbook, StepSpec
from bot.models import FINISHED, Account, AccountRole, Member, MemberRole, Run, Step
from bot.prepared import Prepared, PreparedObjects, Statement

_RunWithAccount = Select[Account, Run]

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
    if spec := playbook.by_key.get(step.key):
        return spec
    return StepSpec(key=step.key, title=step.title[:150], role=step.role, due=Due(), optional=True)


@dataclass
class RunState:
    run: Run
    account: Account
    playbook: Playbook
    steps: list[Step]
    team: Team
    _specs: dict[str, StepSpec] = field(default_factory=dict, init=False, repr=False)

    def step(self, step_id: int) -> Step:
        return next(step for step in self.steps if step.id == step_id)

    def spec(self, step: Step) -> StepSpec:
        """What the playbook says of the step; of one that was left behind when the run was moved, what is known."""
        if step.key not in self._specs:
            self._specs[step.key] = spec_of(self.playbook, step)
        return self._specs[step.key]

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
    for account in await _ACCOUNT.load(session, {"id": account_id}):
        return account
    raise NotFound("That account is not there any more.")


async def load_run_of_step(session: AsyncSession, library: Library, step_id: int) -> RunState:
    """Raises NotFound when there is no such step."""
    return await _load(session, library, _RUN_OF_STEP, step_id)


async def load_run(session: AsyncSession, library: Library, run_id: int) -> RunState:
    """Raises NotFound when there is no such run."""
    return await _load(session, library, _RUN, run_id)


async def _load(
    session: AsyncSession, library: Library, query: PreparedObjects[tuple[Account, Run]], id_: int
) -> RunState:
    for account, run in await query.load(session, {"id": id_}):
        steps = list(await _STEPS.load(session, {"run_id": run.id}))
        rows = await _CONTENT_AND_ROLES.rows(await session.connection(), {"run_id": run.id})
        playbook = await library.version(session, run.playbook_version_id, rows[0].digest, run.variant_id)
        roles = {MemberRole(row.role): row.member_id for row in rows if row.role}
        members = await _MEMBERS.load(session, {"run_id": run.id, "account_id": account.id})
        return RunState(run, account, playbook, steps, Team(roles, {member.id: member for member in members}))
    raise NotFound("That step is not there any more. The Home tab shows what is current.")


async def read_run(session: AsyncSession, library: Library, run_id: int) -> RunState:
    """The same, to look at only: nothing is locked."""
    return await _load(session, library, _RUN_TO_LOOK_AT, run_id)


async def load_playbooks_of(session: AsyncSession, library: Library, run_ids: Collection[int]) -> dict[int, Playbook]:
    """The playbooks that runs are pinned to, by run."""
    rows = (await session.exec(join_content(select(Run, DIGEST)).where(col(Run.id).in_(run_ids)))).all()
    return {
        run.id: await library.version(session, run.playbook_version_id, digest, run.variant_id) for run, digest in rows
    }


async def load_team(session: AsyncSession, account_id: int) -> Team:
    """The account's role map with its members."""
    team = Team()
    for member, role in await session.exec(_TEAM, params={"account_id": account_id}):
        team.members[member.id] = member
        team.roles[MemberRole(role)] = member.id
    return team


# Made once: making a statement, and the key that its compiled form is found by, takes longer than executing it.

_ACCOUNT = PreparedObjects(
    lambda: (
        select(Account)
        .where(col(Account.id) == bindparam("id"))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
)


def _with_account(run_id: ColumnElement[int]) -> _RunWithAccount:
    return select(Account, Run).join(Run, col(Run.account_id) == Account.id).where(col(Run.id) == run_id)


def _locked(query: _RunWithAccount) -> _RunWithAccount:
    """The account is locked before the run. PostgreSQL reads both anew when it had to wait, but nothing else: what
    may have changed meanwhile must not be joined here."""
    return query.with_for_update(key_share=True, of=(Account, Run)).execution_options(populate_existing=True)


def _run_of_step() -> ColumnElement[int]:
    return select(Step.run_id).where(col(Step.id) == bindparam("id")).scalar_subquery()


_RUN_TO_LOOK_AT: PreparedObjects[tuple[Account, Run]] = PreparedObjects(lambda: _with_account(bindparam("id")))
_RUN: PreparedObjects[tuple[Account, Run]] = PreparedObjects(lambda: _locked(_with_account(bindparam("id"))))
_RUN_OF_STEP: PreparedObjects[tuple[Account, Run]] = PreparedObjects(lambda: _locked(_with_account(_run_of_step())))


def _content_and_roles() -> Statement:
    """One row for each role of the run's account, and one when it has none; the digest is the same in all."""
    query = select(DIGEST.label("digest"), AccountRole.role, AccountRole.member_id).select_from(Run)
    roles = query.join(AccountRole, col(AccountRole.account_id) == Run.account_id, isouter=True)
    return join_content(roles).where(col(Run.id) == bindparam("run_id"))


def _steps() -> SelectOfScalar[Step]:
    return select(Step).where(col(Step.run_id) == bindparam("run_id")).order_by(col(Step.position))


def _members() -> SelectOfScalar[Member]:
    """Those who play a role for the account, have one of the run's steps or finished one."""
    of_run = col(Step.run_id) == bindparam("run_id")
    roles = core_select(col(AccountRole.member_id)).where(col(AccountRole.account_id) == bindparam("account_id"))
    assignees = core_select(col(Step.assignee_id)).where(of_run)
    finishers = core_select(col(Step.finished_by_id)).where(of_run)
    return select(Member).where(col(Member.id).in_(union(roles, assignees, finishers)))


_STEPS = PreparedObjects(_steps)
_CONTENT_AND_ROLES = Prepared(_content_and_roles)
_MEMBERS = PreparedObjects(_members)
_TEAM = (
    select(Member, AccountRole.role)
    .join(AccountRole, col(AccountRole.member_id) == Member.id)
    .where(col(AccountRole.account_id) == bindparam("account_id"))
)
