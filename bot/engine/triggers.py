"""What starts playbooks by itself: milestones, contact roles, sentiments, scores, and dates that come near."""

from collections.abc import Collection
from datetime import date, datetime

import structlog
from sqlalchemy import func, inspect
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.calendars import local_date
from bot.engine.journeys.milestones import key_now
from bot.engine.nearing import Due, find_due, trigger_key
from bot.engine.rounds import pass_over_if_open
from bot.engine.runs import start_run
from bot.engine.waiting import applies, waiting, waiting_for_roles, waiting_for_scores
from bot.errors import PlaycallError
from bot.library.facts import account_facts, contact_facts
from bot.library.library import Library
from bot.library.schema import MilestoneTrigger, Playbook, SentimentTrigger
from bot.models import Account, AccountRole, Contact, Member, MemberRole, Milestone, Run, Signal

log = structlog.get_logger(__name__)


async def start_for_milestone(
    session: AsyncSession, library: Library, account: Account, milestone: Milestone, now: datetime
) -> list[Run]:
    await library.refresh(await session.connection())
    found = waiting_for_milestone(library, account, milestone)
    return await _start_those(session, library, account, found, f"milestone:{milestone.id}", now)


def waiting_for_milestone(
    library: Library, account: Account, milestone: Milestone
) -> list[tuple[Playbook, str | None]]:
    """The playbooks that a milestone of the account starts where their condition holds."""
    return [
        (playbook, trigger.when)
        for playbook, trigger in waiting(library, MilestoneTrigger)
        if milestone.key in {trigger.milestone, key_now(library, account, trigger.milestone)}
    ]


async def start_for_contact_roles(
    session: AsyncSession, library: Library, account: Account, contact: Contact, roles: list[str], now: datetime
) -> list[Run]:
    """Start what waits for a contact to be given one of these roles, on the contact where the playbook is about one."""
    await library.refresh(await session.connection())
    found = [(playbook, trigger.when) for playbook, trigger in waiting_for_roles(library, roles)]
    return await _start_those(session, library, account, found, f"contact:{contact.id}", now, contact)


async def start_for_sentiment(
    session: AsyncSession, library: Library, account: Account, signal: Signal, now: datetime
) -> list[Run]:
    await library.refresh(await session.connection())
    found = [
        (p, trigger.when) for p, trigger in waiting(library, SentimentTrigger) if trigger.sentiment == signal.label
    ]
    return await _start_those(session, library, account, found, f"sentiment:{signal.id}", now)


async def start_for_nps(
    session: AsyncSession, library: Library, account: Account, contact: Contact, signal: Signal, now: datetime
) -> list[Run]:
    """Start what waits for a low score: this contact's, or the average of the account's contacts with it."""
    await library.refresh(await session.connection())
    of_account = select(func.avg(Contact.nps)).where(Contact.account_id == account.id)
    company = (await session.exec(of_account)).one()
    found = [(playbook, trigger.when) for playbook, trigger in waiting_for_scores(library, contact.nps, company)]
    return await _start_those(session, library, account, found, f"nps:{signal.id}", now, contact)


async def start_for_anchors(session: AsyncSession, library: Library, now: datetime, *, account_id: int) -> list[Run]:
    """Start what is due to start on an account because a date of it has come near."""
    return await start_due(session, library, now, [account_id])


async def start_due(session: AsyncSession, library: Library, now: datetime, account_ids: Collection[int]) -> list[Run]:
    """Start what is due on these accounts because a date has come near, as it stands in this transaction."""
    await session.flush()
    connection = await session.connection()
    await library.refresh(connection)
    found = [due async for page in find_due(connection, library, now, among=account_ids) for due in page]
    return [run for due in found if (run := await _start_one(session, library, due, now))]


async def _start_one(session: AsyncSession, library: Library, due: Due, now: datetime) -> Run | None:
    if due.round and await pass_over_if_open(session, due.account_id, due.playbook, due.round, now):
        return None
    return await start_once(session, library, due.account_id, due.playbook, due.reason, now)


async def _start_those(
    session: AsyncSession,
    library: Library,
    account: Account,
    found: list[tuple[Playbook, str | None]],
    reason: str,
    now: datetime,
    contact: Contact | None = None,
) -> list[Run]:
    """Start, of the playbooks that wait for what happened, those whose condition holds."""
    if not found:
        return []
    today = await _today(session, account.id, now)
    facts = {"account": account_facts(account, today)}
    if contact:
        facts["contact"] = contact_facts(contact, today)
    return [
        run
        for playbook, condition in found
        if applies(playbook, condition, facts)
        if (run := await start_once(session, library, account.id, playbook, reason, now, contact))
    ]


async def _today(session: AsyncSession, account_id: int, now: datetime) -> date:
    """The day it is for the account's CSM; without one, in UTC."""
    query = (
        select(Member.timezone)
        .join(AccountRole, col(AccountRole.member_id) == Member.id)
        .where(AccountRole.account_id == account_id, AccountRole.role == MemberRole.CSM, col(Member.active))
    )
    return local_date(now, (await session.exec(query)).one_or_none() or "UTC")


async def start_once(
    session: AsyncSession,
    library: Library,
    account_id: int,
    playbook: Playbook,
    reason: str,
    now: datetime,
    contact: Contact | None = None,
) -> Run | None:
    """Start for a reason, once. What cannot be started, as when it is under way already, is not an error here.

    It leaves nothing behind then: whatever part of it was written is taken back, and the rest of the transaction stays.
    """
    key = trigger_key(playbook, account_id, reason)
    if (await session.exec(select(Run.id).where(Run.trigger_key == key))).first() is not None:
        return None
    contact_id = contact.id if contact and playbook.subject == "contact" else None
    try:
        async with session.begin_nested():
            return await start_run(
                session, library, account_id, playbook.key, now, actor=None, contact_id=contact_id, trigger_key=key
            )
    except PlaycallError as error:
        log.info("trigger_started_nothing", playbook=playbook.key, account_id=account_id, why=error.message)
    await _reload_expired(session)
    return None


async def _reload_expired(session: AsyncSession) -> None:
    """Read again what taking back a savepoint made the session forget: an AsyncSession cannot do so on first use."""
    for row in list(session.identity_map.values()):
        if inspect(row).expired_attributes:
            await session.refresh(row)
