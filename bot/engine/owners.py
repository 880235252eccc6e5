"""Who an owner of a playbook is: a role or an email in the file, members of the team here."""

from sqlalchemy import ColumnElement, func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.models import AccountRole, Member, MemberRole


async def owner_members(session: AsyncSession, owner: str, account_id: int | None) -> list[Member]:
    """The active members an owner means, in a fixed order; empty when there is nobody.

    A role is the account's member in it, else every member of that role; without an account, every member of the role.
    An email is the member with it.
    """
    if "@" in owner:
        return await _active(session, func.lower(Member.email) == owner.lower())
    role = MemberRole(owner)
    of_account = select(AccountRole.member_id).where(AccountRole.account_id == account_id, AccountRole.role == role)
    found = await _active(session, col(Member.id).in_(of_account)) if account_id is not None else []
    return found or await _active(session, col(Member.role) == role)


async def _active(session: AsyncSession, which: ColumnElement[bool]) -> list[Member]:
    query = select(Member).where(which, col(Member.active).is_(True)).order_by(col(Member.id))
    return list((await session.exec(query)).all())
