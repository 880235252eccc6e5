"""What the modals about accounts start with."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlmodel import col

from bot.db import Reader
from bot.engine.accounts import ROLE_FIELDS
from bot.library.library import Library
from bot.models import Account, AccountRole, Anchor, Member, MemberRole
from bot.reports.account_head import AccountHead, Statement
from bot.slack.account_form import ROLE_LABELS, AccountForm, Choice, NamesToChoose
from bot.slack.ids import InputId
from bot.slack.limits import SELECT_OPTIONS

FITTING: Mapping[MemberRole, frozenset[MemberRole]] = {  # who is offered for a role besides those who have it
    MemberRole.CSM: frozenset({MemberRole.LEADER}),
    MemberRole.LEADER: frozenset({MemberRole.ADMIN}),
    MemberRole.RENEWAL_OWNER: frozenset({MemberRole.AE}),
    MemberRole.GUARDIAN: frozenset({MemberRole.LEADER, MemberRole.CSM}),
}


async def read_new_form(reader: Reader, library: Library) -> AccountForm:
    return AccountForm(names=_names(library), people=await _people(reader, {}))


async def read_edit_form(reader: Reader, library: Library, account: AccountHead) -> tuple[AccountForm, datetime]:
    """The account as it is, and since when it is so."""
    columns = (Account.country, Account.industry, Account.outcome, Account.maturity, Account.updated_at)
    query: Statement = select(*map(col, columns)).where(col(Account.id) == account.id)
    more = (await reader.execute(query)).one()
    holders = {block_id: account.roles[role] for block_id, role in _roles().items() if role in account.roles}
    form = AccountForm(
        name=account.name,
        domain=account.domain,
        segment=account.segment,
        touch=account.touch,
        stage=account.stage,
        journey=account.journey,
        maturity=more.maturity,
        names=_names(library),
        arr=account.arr,
        currency=account.currency,
        country=more.country,
        industry=more.industry,
        outcome=more.outcome,
        anchors={anchor: getattr(account, anchor) for anchor in Anchor},
        people=await _people(reader, holders),
        holders={block_id: str(member_id) for block_id, member_id in holders.items()},
    )
    return form, more.updated_at


async def read_my_accounts(reader: Reader, member_id: int) -> tuple[Choice, ...]:
    """The accounts a member has a role on, by name, as options."""
    mine = select(col(AccountRole.account_id)).where(col(AccountRole.member_id) == member_id)
    query: Statement = (
        select(col(Account.id), col(Account.name))
        .where(col(Account.id).in_(mine), col(Account.archived).is_(False))
        .order_by(col(Account.name))
        .limit(SELECT_OPTIONS)
    )
    return tuple(Choice(str(row.id), row.name) for row in (await reader.execute(query)).all())


def _names(library: Library) -> NamesToChoose:
    return NamesToChoose(
        stages=_choices(library.stages.titles),
        segments=_choices(library.segments.titles),
        journeys=_choices({key: journey.title for key, journey in library.journeys.items()}),
    )


def _choices(titles: Mapping[str, str]) -> tuple[Choice, ...]:
    return tuple(Choice(key, title) for key, title in titles.items())


def _roles() -> dict[InputId, MemberRole]:
    return {block_id: ROLE_FIELDS[block_id] for block_id in ROLE_LABELS}


async def _people(reader: Reader, holders: Mapping[InputId, int]) -> dict[InputId, tuple[Choice, ...]]:
    """For each role those who have it by profession; whoever holds it on the account comes first."""
    query: Statement = select(col(Member.id), col(Member.name), col(Member.role)).where(col(Member.active).is_(True))
    members = (await reader.execute(query.order_by(col(Member.name)))).all()
    people = {}
    for block_id, role in _roles().items():
        holder = holders.get(block_id)
        fitting = [m for m in members if m.role in {role, *FITTING.get(role, ())} or m.id == holder]
        fitting.sort(key=lambda member, first=holder: member.id != first)  # type: ignore[misc]  # bound per role
        people[block_id] = tuple(Choice(str(member.id), member.name) for member in fitting)
    return people
