"""Code red: the worst case. One call for help at the highest severity, the playbook for it, and an update every day."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import and_, func, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.actors import Actor
from bot.engine.calendars import next_working_time
from bot.engine.escalations import tell_thread
from bot.engine.raising import open_code_red, raise_escalation
from bot.engine.runs import start_run
from bot.engine.state import lock_account
from bot.errors import PlaycallError, WrongState
from bot.library.library import Library
from bot.models import (
    Escalation,
    EscalationStatus,
    Member,
    MemberRole,
    Run,
    Severity,
    TimelineEntry,
    TimelineKind,
)
from bot.models.columns import constant

log = structlog.get_logger(__name__)

PLAYBOOK = "code-red"
UPDATE_WITHIN = timedelta(hours=24)


@dataclass(frozen=True)
class CodeRed:
    """`run` is None, and `why_not` says why, when the playbook could not be started with it."""

    escalation: Escalation
    owner: Member
    run: Run | None
    why_not: str | None = None


async def call_code_red(
    session: AsyncSession, library: Library, account_id: int, actor: Actor, now: datetime, *, what: str
) -> CodeRed:
    """Call code red for an account: anybody of its team may, and any leader.

    The call for help does not depend on the playbook: it goes out also when that cannot be started. Raises WrongState
    when the account is in code red already.
    """
    account = await lock_account(session, account_id)
    if running := await open_code_red(session, account_id):
        owner = await session.get_one(Member, running.owner_id)
        raise WrongState(
            f"{account.name} is in code red already; {owner.name} has it. Write into its thread in the escalation "
            f"channel. `/account health {account.key}` shows how it stands."
        )
    escalation = await raise_escalation(
        session,
        library,
        account_id,
        actor,
        now,
        target=MemberRole.LEADER,
        severity=Severity.CRITICAL,
        ask=what,
        code_red=True,
    )
    owner = await session.get_one(Member, escalation.owner_id)
    try:
        async with session.begin_nested():
            run = await start_run(session, library, account_id, PLAYBOOK, now, actor=actor, invited=True)
    except PlaycallError as error:
        log.warning("code_red_without_playbook", account_id=account_id, why=error.message)
        await session.refresh(escalation)
        await session.refresh(owner)
        return CodeRed(escalation, owner, None, error.message)
    return CodeRed(escalation, owner, run)


async def ask_for_updates(session: AsyncSession, now: datetime) -> int:
    """Ask in the thread of every code red that nobody has said anything about for a day. Returns how many those are.

    Its owner is asked in their working hours, once a day; what people write into the thread, and every step that is
    finished, is an update.
    """
    query = (
        select(Escalation, Member)
        .join(Member, col(Member.id) == Escalation.owner_id)
        .where(col(Escalation.code_red).is_(True), col(Escalation.status) != constant(EscalationStatus.RESOLVED))
        .with_for_update(of=Escalation, skip_locked=True)
    )
    asked = 0
    for escalation, owner in (await session.exec(query)).all():
        if next_working_time(owner, now) or now - await _heard_last(session, escalation) < UPDATE_WITHIN:
            continue
        sentence = f"Nothing was said about this for a day. How does it stand, {owner.name}? “Nothing new” is news too."
        await tell_thread(
            session,
            escalation,
            TimelineKind.UPDATE_ASKED,
            f"asked {owner.name} for the update of the day on the code red",
            sentence,
            None,
            now,
            mention=owner,
        )
        asked += 1
    return asked


async def _heard_last(session: AsyncSession, escalation: Escalation) -> datetime:
    """When somebody said or did something about it last, or was asked to."""
    entry = TimelineEntry
    by_people = and_(
        col(entry.account_id) == escalation.account_id,
        col(entry.actor_id).is_not(None),
        or_(
            col(entry.kind) == TimelineKind.NOTE,
            *([col(entry.run_id) == escalation.run_id] if escalation.run_id is not None else []),
        ),
    )
    query = select(func.max(entry.at)).where(or_(col(entry.escalation_id) == escalation.id, by_people))
    return (await session.exec(query)).one() or escalation.created_at
