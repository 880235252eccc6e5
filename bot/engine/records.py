"""Records that other systems put: an account, a contact, a milestone, added or changed, whichever it takes.

What is not given stays as it is, so that two systems may each put what they know. Putting the same twice changes
nothing the second time.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.accounts import AccountDraft, ContactDraft, add_account, check, edit_account, save_contact
from bot.engine.actors import Actor
from bot.engine.evaluations import ask_for_evaluation
from bot.engine.journal import record
from bot.engine.journeys.milestones import key_now
from bot.engine.milestones import miss_milestone, plan_milestone, reach_milestone
from bot.errors import InvalidInput, NotFound, Taken, TryAgain, WrongState
from bot.library.library import Library
from bot.models import (
    Account,
    AccountRole,
    Contact,
    Member,
    MemberRole,
    Milestone,
    MilestoneKind,
    MilestoneStatus,
    TimelineKind,
)

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Put:
    """What became of it. `changed` are field names; `sentences` tell what followed, such as steps that moved."""

    created: bool
    changed: list[str] = field(default_factory=list)
    sentences: list[str] = field(default_factory=list)


async def put_account(
    session: AsyncSession,
    library: Library,
    key: str,
    values: Values,
    actor: Actor,
    now: datetime,
    *,
    team: Mapping[MemberRole, str | None] | None = None,
    external_ids: Mapping[str, str | None] | None = None,
    attributes: Values | None = None,
) -> Put:
    """`values` are fields of AccountDraft; `team` members by email. Of external ids and attributes, None takes one out.

    Raises InvalidInput for values an account cannot have, and for an email that is nobody's of the team, and
    TryAgain when somebody else adds the account at this moment.
    """
    account = (await session.exec(select(Account).where(Account.key == key))).one_or_none()
    given = {**values, **await _member_ids(session, team or {})}
    if account is None:
        if not given.get("name"):
            raise InvalidInput(f"There is no account {key} yet, so it needs a name.", field="name")
        try:
            account = await add_account(session, library, check(AccountDraft, {**given, "key": key}), actor, now)
        except Taken as error:  # it was not there a moment ago
            raise TryAgain from error
        put = Put(created=True, changed=sorted(given))
        _keep_loose(account, external_ids, attributes)
    else:
        edit = await edit_account(session, library, account.id, given, actor, now)
        account, loose = edit.account, _keep_loose(edit.account, external_ids, attributes)
        if loose:
            account.updated_at = now
            words = f"changed {', '.join(name.replace('_', ' ') for name in loose)}"
            record(session, TimelineKind.ACCOUNT_CHANGED, words, now, account_id=account.id, actor=actor)
        put = Put(created=False, changed=[*edit.changed, *loose], sentences=edit.sentences)
    if put.changed:
        await ask_for_evaluation(session, [account.id], now)
    return put


def _keep_loose(
    account: Account, external_ids: Mapping[str, str | None] | None, attributes: Values | None
) -> list[str]:
    """Change the two columns that hold whatever there is, and return the names of those that changed."""
    changed = []
    for name, more in (("external_ids", external_ids), ("attributes", attributes)):
        before: dict[str, Any] = getattr(account, name)
        after = {key: value for key, value in {**before, **(more or {})}.items() if value is not None}
        if after != before:
            setattr(account, name, after)
            changed.append(name)
    return changed


async def _member_ids(session: AsyncSession, team: Mapping[MemberRole, str | None]) -> dict[str, int | None]:
    found: dict[str, int | None] = {}
    for role, email in team.items():
        if email is None:
            found[f"{role.value}_id"] = None
            continue
        query = select(Member.id).where(func.lower(Member.email) == email.strip().lower(), col(Member.active))
        member_id = (await session.exec(query)).one_or_none()
        if member_id is None:
            raise InvalidInput(f"team.{role.value}: nobody of the team has the email {email}. Import members first.")
        found[f"{role.value}_id"] = member_id
    return found


async def put_contact(
    session: AsyncSession,
    library: Library,
    key: str,
    email: str,
    values: Values,
    actor: Actor,
    now: datetime,
    *,
    external_ids: Mapping[str, str | None] | None = None,
) -> Put:
    """`values` are fields of ContactDraft. Roles, where they are given, are all the contact has from then on."""
    account_id = await _account_id(session, key)
    contact = await find_contact(session, account_id, email)
    kept: dict[str, Any] = {}
    if contact is not None:
        kept = {"name": contact.name, "may_email": contact.may_email, "roles": contact.roles}
        if values.get("may_email") and contact.unsubscribed_at:
            day = f"{contact.unsubscribed_at:%Y-%m-%d}"
            raise WrongState(f"{contact.email} unsubscribed on {day}. Only they can take that back.")
    elif not values.get("name"):
        raise InvalidInput(f"There is no contact {email} yet, so it needs a name.", field="name")
    before = contact.model_dump() if contact else {}
    draft: ContactDraft = check(ContactDraft, {**kept, **values, "email": email})
    if not _differs(before, draft, values) and not _ids_differ(before, external_ids):
        return Put(created=False)
    contact = await save_contact(
        session, library, account_id, draft, actor, now, only_these_roles=values.get("roles") is not None
    )
    merged = {**contact.external_ids, **(external_ids or {})}
    contact.external_ids = {system: id_ for system, id_ in merged.items() if id_ is not None}
    await ask_for_evaluation(session, [account_id], now)
    after = contact.model_dump()
    return Put(created=not before, changed=[name for name in after if before and before[name] != after[name]])


def _differs(before: Values, draft: ContactDraft, given: Values) -> bool:
    """Whether anything of what was given is new. The order of roles is not; a score always is: it is an answer."""
    if not before or given.get("nps") is not None:
        return True
    checked = draft.model_dump(include=set(given))
    return any(
        set(value) != set(before[name]) if name == "roles" else value is not None and value != before[name]
        for name, value in checked.items()
    )


def _ids_differ(before: Values, external_ids: Mapping[str, str | None] | None) -> bool:
    known = before.get("external_ids", {})
    return any(known.get(system) != id_ for system, id_ in (external_ids or {}).items())


async def put_milestone(
    session: AsyncSession,
    library: Library,
    key: str,
    milestone_key: str,
    status: MilestoneStatus,
    actor: Actor,
    now: datetime,
    *,
    target: date | None = None,
    title: str | None = None,
    kind: MilestoneKind = MilestoneKind.CELEBRATION,
    evidence: str | None = None,
) -> Put:
    """Plan a milestone (for a day), reach it or miss it, as `/account milestone` does."""
    account_id = await _account_id(session, key)
    before = await find_milestone(session, library, account_id, milestone_key)
    if before and before.status is status and target in {None, before.target_date} and title in {None, before.title}:
        return Put(created=False)
    former = before.model_dump() if before else None
    if status is MilestoneStatus.REACHED:
        milestone = await reach_milestone(
            session, library, account_id, milestone_key, actor, now, title=title, evidence=evidence
        )
    elif status is MilestoneStatus.MISSED:
        milestone = await miss_milestone(
            session, account_id, milestone_key, actor, now, evidence=evidence, library=library
        )
    elif target is None:
        raise InvalidInput("target_date: a planned milestone needs the day it is meant to be reached.")
    else:
        milestone = await plan_milestone(
            session, account_id, milestone_key, actor, now, target=target, title=title, kind=kind, library=library
        )
    await ask_for_evaluation(session, [account_id], now)
    after = milestone.model_dump()
    return Put(created=former is None, changed=[name for name in after if former and former[name] != after[name]])


async def _account_id(session: AsyncSession, key: str) -> int:
    found = (await session.exec(select(Account.id).where(Account.key == key))).one_or_none()
    if found is None:
        raise NotFound(f"There is no account with the key {key}. PUT /api/v1/accounts/{key} adds it.")
    return found


async def find_contact(session: AsyncSession, account_id: int, email: str) -> Contact | None:
    query = select(Contact).where(Contact.account_id == account_id, func.lower(Contact.email) == email.lower())
    return (await session.exec(query)).one_or_none()


async def find_milestone(session: AsyncSession, library: Library, account_id: int, key: str) -> Milestone | None:
    """That of the present year, where the account's journey has one a year."""
    now_called = key_now(library, await session.get_one(Account, account_id), key)
    query = select(Milestone).where(Milestone.account_id == account_id, Milestone.key == now_called)
    return (await session.exec(query)).one_or_none()


@dataclass(frozen=True)
class AccountRecord:
    account: Account
    team: Mapping[MemberRole, str]  # emails


async def read_account(session: AsyncSession, key: str) -> AccountRecord:
    """Raises NotFound."""
    account = await session.get_one(Account, await _account_id(session, key))
    query = (
        select(AccountRole.role, Member.email)
        .join(Member, col(Member.id) == AccountRole.member_id)
        .where(AccountRole.account_id == account.id)
    )
    return AccountRecord(account, {MemberRole(role): email for role, email in (await session.exec(query)).all()})


async def read_contact(session: AsyncSession, key: str, email: str) -> Contact:
    """Raises NotFound."""
    contact = await find_contact(session, await _account_id(session, key), email)
    if contact is None:
        raise NotFound(f"The account {key} has no contact {email}. PUT the same address to add one.")
    return contact


async def read_milestone(session: AsyncSession, library: Library, key: str, milestone_key: str) -> Milestone:
    """Raises NotFound."""
    milestone = await find_milestone(session, library, await _account_id(session, key), milestone_key)
    if milestone is None:
        raise NotFound(f"The account {key} has no milestone {milestone_key}. PUT the same address to plan one.")
    return milestone
