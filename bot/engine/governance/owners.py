"""Who decides about a playbook or an overlay: its owner, by role or by email; where there is none, the leaders."""

from collections.abc import Mapping, Sequence

from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.owners import owner_members
from bot.models import DocumentKind, Member, MemberRole, PlaybookVersion


async def owners_of(session: AsyncSession, owner: str | None, account_id: int | None = None) -> Sequence[Member]:
    """The active members an owner stands for, on an account when it is about one.

    An owner who is nobody any more leaves it to the leaders, and without leaders to the administrators, so that
    nothing waits for somebody who has left.
    """
    for which in (owner or MemberRole.LEADER, MemberRole.LEADER, MemberRole.ADMIN):
        if found := await owner_members(session, which, account_id):
            return found
    return []


def owner_named(version: PlaybookVersion) -> str | None:
    """Whom a stored version names as its owner. The schema's own default for an overlay is a leader."""
    if version.kind is DocumentKind.OVERLAY:
        return version.content.get("owner")
    owners: Mapping[str, str] = version.content.get("owners", {})
    return owners.get("journey")


def editors_named(version: PlaybookVersion) -> list[str]:
    """Who may propose changes to it, by role or by email; a playbook names nobody."""
    return list(version.content.get("editors", []))
