"""Who acts: a member, as the engine's decisions see them."""

from dataclasses import dataclass

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.models import Member, MemberRole


@dataclass(frozen=True, slots=True)
class Actor:
    member_id: int
    name: str
    role: MemberRole
    slack_user_id: str | None
    timezone: str
    country: str

    @property
    def leads(self) -> bool:
        return self.role in {MemberRole.LEADER, MemberRole.ADMIN}

    @classmethod
    def of(cls, member: Member) -> "Actor":
        return cls(
            member.id, member.name, MemberRole(member.role), member.slack_user_id, member.timezone, member.country
        )


async def find_actor(session: AsyncSession, slack_user_id: str) -> Actor | None:
    """The active member behind a Slack user; None for anybody else."""
    query = select(Member).where(Member.slack_user_id == slack_user_id, col(Member.active).is_(True))
    member = (await session.exec(query)).one_or_none()
    return Actor.of(member) if member else None


async def link_slack_user(session: AsyncSession, slack_user_id: str, email: str) -> Actor | None:
    """Tie a Slack user to the active member with this email who was imported without one; None when there is none."""
    query = select(Member).where(
        func.lower(Member.email) == email.lower(), col(Member.slack_user_id).is_(None), col(Member.active).is_(True)
    )
    member = (await session.exec(query)).one_or_none()
    if member is None:
        return None
    member.slack_user_id = slack_user_id
    await session.flush()
    return Actor.of(member)
