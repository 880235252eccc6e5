"""Who decides about a playbook: its journey owner, by role or by email; where there is none, the leaders."""

from collections.abc import Sequence

from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.owners import owner_members
from bot.models import Member, MemberRole


async def owners_of(session: AsyncSession, owner: str | None, account_id: int | None = None) -> Sequence[Member]:
    """The active members an owner stands for, on an account when it is about one.

    An owner who is nobody any more leaves it to the leaders, and without leaders to the administrators, so that
    nothing waits for somebody who has left.
    """
    for which in (owner or MemberRole.LEADER, MemberRole.LEADER, MemberRole.ADMIN):
        if found := await owner_members(session, which, account_id):
            return found
    return []
