"""Telling those whom a step names besides its assignee: seldom, in their working hours, several things at once."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.actors import Actor
from bot.engine.calendars import next_working_time
from bot.engine.outbox import gather_notice
from bot.engine.state import RunState
from bot.models import Member, MemberRole, Step

WAIT = timedelta(minutes=30)  # what is news in the meantime goes into the same message
DONE = "done"
OVERDUE = "overdue"


async def inform_of_done(
    session: AsyncSession, state: RunState, step: Step, actor: Actor | None, now: datetime
) -> None:
    """Those of the account who play one of the step's `informed` roles hear that it is done; not who did it."""
    known = {step.assignee_id, actor.member_id if actor else None}
    by = f" by {actor.name}" if actor else ""
    line = f"“{step.title}” was done{by}: {state.account.name}, {state.run.title}"
    for member in members_in(state, state.spec(step).informed):
        if member.id not in known:
            await tell(session, member, DONE, "What was done on accounts of yours:", line, now)


async def tell_of_overdue(session: AsyncSession, state: RunState, step: Step, now: datetime) -> None:
    """Whoever answers for a step hears that it is overdue; its assignee is nudged anyway."""
    role = state.spec(step).accountable
    if role is None:
        return
    accountable, _ = state.team.assignee_for(role, state.account)
    if accountable.id != step.assignee_id:
        whose = state.name_of(step.assignee_id)
        line = f"“{step.title}” is overdue with {whose}: {state.account.name}, {state.run.title}"
        await tell(session, accountable, OVERDUE, "Overdue steps that you answer for:", line, now, at_once=True)


def members_in(state: RunState, roles: Iterable[MemberRole]) -> list[Member]:
    """The account's members in these roles, each once."""
    found = [member for role in roles if (member := state.team.in_role(role))]
    return list({member.id: member for member in found}.values())


async def tell(
    session: AsyncSession,
    member: Member,
    topic: str,
    head: str,
    line: str,
    now: datetime,
    *,
    at_once: bool = False,
) -> None:
    """Put a line into the member's next message about this topic, in their working hours."""
    soon = now if at_once else now + WAIT
    at = next_working_time(member, soon) or soon
    await gather_notice(session, member.id, topic, head, line, now, delay=at - now)
