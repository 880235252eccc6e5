"""Who decides about a playbook: its journey owner, by role or by email; where there is none, the leaders."""

from collections.abc import Sequence

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.permissions import RoleMap
from bot.models import Member, MemberRole


async def owners_of(session: AsyncSession, owner: str | None, roles: RoleMap | None = None) -> Sequence[Member]:
    """The active members an owner stands for. `roles` is the role map of the account it is about, if it is about one.

    A role is the account's member in it, else every member with it. An owner who is nobody any more leaves it to the
    leaders, and without leaders to the administrators, so that nothing waits for somebody who has left.
    """
    asked = owner or MemberRole.LEADER
    for which in (asked, MemberRole.LEADER, MemberRole.ADMIN):
        if found := await _members(session, which, roles or {}):
            return found
    return []


async def _members(session: AsyncSession, owner: str, roles: RoleMap) -> Sequence[Member]:
    query = select(Member).where(col(Member.active)).order_by(col(Member.id))
    if "@" in owner:
        return (await session.exec(query.where(func.lower(Member.email) == owner.lower()))).all()
    role = MemberRole(owner)
    if role in roles and (own := (await session.exec(query.where(Member.id == roles[role]))).all()):
        return own
    return (await session.exec(query.where(Member.role == role))).all()
