"""What is done when an account crosses a guardrail: somebody is told, a playbook started, or an escalation raised.

That it was done is an entry on the account's timeline, and by that entry it is not done again too soon.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.db import Reader
from bot.engine.calendars import next_morning
from bot.engine.governance.owners import owners_of
from bot.engine.journal import record
from bot.engine.outbox import gather_notice
from bot.engine.raising import any_leader, raise_escalation
from bot.engine.state import load_team, lock_account
from bot.engine.triggers import start_once
from bot.errors import NotFound, WrongState
from bot.library.guardrails import Guardrail, GuardrailEscalation
from bot.library.library import Library
from bot.models import Account, Member, MemberRole, Stage, TimelineEntry, TimelineKind

log = structlog.get_logger(__name__)

TOPIC = "guardrails"
HEAD = "Worth your attention today:"

Done = dict[tuple[int, str], datetime]  # by account id and the guardrail's key: when it was done last


def why_idle(library: Library, guardrail: Guardrail) -> str | None:
    """Why a guardrail can do nothing now: its playbook waits for approval, is off or gone. None when it can."""
    try:
        if guardrail.then.start:
            library.playbook(guardrail.then.start)
    except (NotFound, WrongState) as error:
        return error.message
    return None


async def done_lately(
    reader: Reader, account_ids: Collection[int], guardrails: Collection[Guardrail], now: datetime
) -> Done:
    """What was done on these accounts within the longest time for which any of the guardrails then rests."""
    longest = max((guardrail.again_after for guardrail in guardrails), default=0)
    query = (
        select(col(TimelineEntry.account_id), col(TimelineEntry.details), col(TimelineEntry.at))
        .where(
            col(TimelineEntry.account_id).in_(account_ids),
            col(TimelineEntry.kind) == TimelineKind.GUARDRAIL,
            col(TimelineEntry.at) > now - timedelta(days=longest),
        )
        .order_by(col(TimelineEntry.at))
    )
    return {(row.account_id, str(row.details.get("key"))): row.at for row in (await reader.execute(query)).all()}


def rests(guardrail: Guardrail, account_id: int, done: Done, now: datetime) -> bool:
    """Whether it was done so short a time ago that it is not done again yet."""
    last = done.get((account_id, guardrail.key))
    return last is not None and now - last < timedelta(days=guardrail.again_after)


async def act_on_guardrail(
    session: AsyncSession, library: Library, guardrail: Guardrail, account_id: int, why: str, now: datetime
) -> bool:
    """Do what a guardrail says for an account that has crossed it; whether there was anything to do.

    Nothing is done when it was done lately, or the account is no longer served. Raises what stands in the way of it.
    """
    account = await lock_account(session, account_id)
    done = await done_lately(await session.connection(), [account_id], [guardrail], now)
    if account.archived or account.stage == Stage.CHURNED or rests(guardrail, account_id, done, now):
        return False
    if guardrail.then.tell:
        did = await _tell(session, guardrail, guardrail.then.tell, account, why, now)
    elif guardrail.then.start:
        did = await _start(session, library, guardrail, guardrail.then.start, account, now)
    elif guardrail.then.escalate:
        did = await _escalate(session, library, guardrail, guardrail.then.escalate, account, why, now)
    summary = f"“{guardrail.title}” ({why}): {did}"
    record(session, TimelineKind.GUARDRAIL, summary, now, account_id=account_id, details={"key": guardrail.key})
    return True


async def _tell(
    session: AsyncSession, guardrail: Guardrail, whom: str, account: Account, why: str, now: datetime
) -> str:
    """One person hears of it, together with what else there is for them that day."""
    member = await _whom(session, whom, account)
    if member is None:
        return "there is nobody to tell"
    line = f"{account.name}: {guardrail.title} ({why}). Next: `/account health {account.key}`"
    await gather_notice(session, member.id, TOPIC, HEAD, line, now, delay=next_morning(member, now) - now)
    return f"{member.name} is told"


async def _whom(session: AsyncSession, owner: str, account: Account) -> Member | None:
    """The member by email, or the account's in the role; where there is none, a leader: nobody else's AE."""
    if "@" in owner:
        return next(iter(await owners_of(session, owner, account.id)), None)
    team = await load_team(session, account.id)
    return team.in_role(MemberRole(owner)) or await any_leader(session, team)


async def _start(
    session: AsyncSession, library: Library, guardrail: Guardrail, key: str, account: Account, now: datetime
) -> str:
    playbook = library.playbook(key)
    reason = f"guardrail:{guardrail.key}:{now.date()}"
    run = await start_once(session, library, account.id, playbook, reason, now)
    return f"{playbook.title} is started" if run else f"{playbook.title} was not started; it may be under way already"


async def _escalate(
    session: AsyncSession,
    library: Library,
    guardrail: Guardrail,
    call: GuardrailEscalation,
    account: Account,
    why: str,
    now: datetime,
) -> str:
    ask = f"{guardrail.title} ({why}). {call.ask}"
    await raise_escalation(session, library, account.id, None, now, target=call.to, severity=call.severity, ask=ask)
    return "an escalation is raised"
