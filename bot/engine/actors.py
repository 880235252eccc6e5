"""Who acts: a member, or another system through the HTTP API, as the engine's decisions see them."""

from dataclasses import dataclass

from sqlalchemy import and_, bindparam, func, true
from sqlalchemy import select as core_select
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.db import Reader
from bot.models import Member, MemberRole
from bot.prepared import Prepared, Statement

NO_MEMBER = 0


@dataclass(frozen=True, slots=True)
class Actor:
    member_id: int  # NO_MEMBER for another system
    name: str
    role: MemberRole
    slack_user_id: str | None
    timezone: str
    country: str

    @property
    def leads(self) -> bool:
        return self.role in {MemberRole.LEADER, MemberRole.ADMIN}

    @property
    def is_member(self) -> bool:
        return self.member_id != NO_MEMBER

    @property
    def on_file(self) -> int | None:
        """How the database refers to the actor; None for another system, which is told of in words."""
        return self.member_id if self.is_member else None

    @classmethod
    def system(cls, name: str) -> "Actor":
        """Another system, which may change every account. `name` is how the timeline calls it: `the API token crm`."""
        return cls(NO_MEMBER, name, MemberRole.ADMIN, None, "UTC", "US")

    @classmethod
    def of(cls, member: Member) -> "Actor":
        return cls(
            member.id, member.name, MemberRole(member.role), member.slack_user_id, member.timezone, member.country
        )


async def read_actor(reader: Reader, slack_user_id: str) -> Actor | None:
    """The active member behind a Slack user; None for anybody else."""
    for row in await _ACTOR.rows(reader, {"slack_user_id": slack_user_id}):
        return Actor(row.id, row.name, MemberRole(row.role), row.slack_user_id, row.timezone, row.country)
    return None


def _actor() -> Statement:
    columns = (Member.id, Member.name, Member.role, Member.slack_user_id, Member.timezone, Member.country)
    active = and_(col(Member.slack_user_id) == bindparam("slack_user_id"), col(Member.active).is_(true()))
    return core_select(*map(col, columns)).where(active)


_ACTOR = Prepared(_actor)


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
