"""What starts playbooks by itself: milestones, contact roles, sentiments, and dates that come near."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import TypeVar

import structlog
from sqlalchemy import exists, func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.calendars import shift
from bot.engine.runs import start_run
from bot.errors import PlaycallError
from bot.library.conditions import holds
from bot.library.facts import account_facts, contact_facts
from bot.library.library import Library
from bot.library.schema import (
    AnchorTrigger,
    ContactRoleTrigger,
    MilestoneTrigger,
    NpsTrigger,
    Playbook,
    QuarterEndTrigger,
    SentimentTrigger,
)
from bot.models import Account, Contact, Milestone, Run, Signal, Stage

log = structlog.get_logger(__name__)

T = TypeVar("T", AnchorTrigger, MilestoneTrigger, ContactRoleTrigger, SentimentTrigger, NpsTrigger, QuarterEndTrigger)


async def start_for_milestone(
    session: AsyncSession, library: Library, account: Account, milestone: Milestone, now: datetime
) -> list[Run]:
    facts = {"account": account_facts(account, now.date())}
    return [
        run
        for playbook, trigger in _with(library, MilestoneTrigger)
        if trigger.milestone == milestone.key and holds(trigger.when, facts)
        if (run := await _start(session, library, account, playbook, f"milestone:{milestone.id}", now))
    ]


async def start_for_contact_roles(
    session: AsyncSession, library: Library, account: Account, contact: Contact, roles: list[str], now: datetime
) -> list[Run]:
    """Start what waits for a contact to be given one of these roles, on the contact where the playbook is about one."""
    facts = {"account": account_facts(account, now.date()), "contact": contact_facts(contact)}
    return [
        run
        for playbook, trigger in _with(library, ContactRoleTrigger)
        if trigger.role in roles and holds(trigger.when, facts)
        if (run := await _start(session, library, account, playbook, f"contact:{contact.id}", now, contact))
    ]


async def start_for_sentiment(
    session: AsyncSession, library: Library, account: Account, signal: Signal, now: datetime
) -> list[Run]:
    facts = {"account": account_facts(account, now.date())}
    return [
        run
        for playbook, trigger in _with(library, SentimentTrigger)
        if trigger.sentiment == signal.label and holds(trigger.when, facts)
        if (run := await _start(session, library, account, playbook, f"sentiment:{signal.id}", now))
    ]


async def start_for_nps(
    session: AsyncSession, library: Library, account: Account, contact: Contact, signal: Signal, now: datetime
) -> list[Run]:
    """Start what waits for a low score: this contact's, or the average of the account's contacts with it."""
    of_account = select(func.avg(Contact.nps)).where(Contact.account_id == account.id)
    scores = {"contact": contact.nps, "company": (await session.exec(of_account)).one()}
    facts = {"account": account_facts(account, now.date()), "contact": contact_facts(contact)}
    return [
        run
        for playbook, trigger in _with(library, NpsTrigger)
        if (score := scores[trigger.of]) is not None and score <= trigger.at_most and holds(trigger.when, facts)
        if (run := await _start(session, library, account, playbook, f"nps:{signal.id}", now, contact))
    ]


async def start_for_anchors(
    session: AsyncSession, library: Library, now: datetime, *, account_id: int | None = None, limit: int = 200
) -> list[Run]:
    """Start what is due to start because a date of an account has come near; up to `limit` runs a call.

    A date that is past starts nothing, and neither does one for which the playbook was started already: moving a
    renewal by some weeks does not start its playbook a second time. The end of a quarter is such a date too.
    """
    started = await _start_for_quarter_ends(session, library, now, account_id, limit)
    for playbook, trigger in _with(library, AnchorTrigger):
        for account in await _accounts_near(session, playbook, trigger, now.date(), account_id):
            day: date = getattr(account, trigger.anchor)
            if len(started) < limit and holds(trigger.when, {"account": account_facts(account, now.date())}):
                reason = f"{trigger.anchor}:{day}"
                if run := await _start(session, library, account, playbook, reason, now):
                    started.append(run)
    return started


async def _accounts_near(
    session: AsyncSession, playbook: Playbook, trigger: AnchorTrigger, today: date, account_id: int | None
) -> list[Account]:
    column = col(getattr(Account, trigger.anchor))
    ahead = today - shift(today, trigger.offset, "")  # how long before the date it starts
    latest = today + ahead
    earliest = today if ahead > timedelta() else latest - timedelta(days=30)
    recent = exists().where(
        col(Run.account_id) == Account.id,
        col(Run.playbook_key) == playbook.key,
        col(Run.started_on) > today - max(abs(ahead), timedelta(days=30)),
    )
    query = (
        select(Account)
        .where(column >= earliest, column <= latest, ~recent)
        .where(col(Account.archived).is_(False), col(Account.stage) != Stage.CHURNED)
        .order_by(column)
    )
    if account_id is not None:
        query = query.where(Account.id == account_id)
    return list((await session.exec(query)).all())


async def _start_for_quarter_ends(
    session: AsyncSession, library: Library, now: datetime, account_id: int | None, limit: int
) -> list[Run]:
    started: list[Run] = []
    today = now.date()
    day = quarter_end(today)
    for playbook, trigger in _with(library, QuarterEndTrigger):
        begins = shift(day, trigger.offset, "")
        if begins > today:
            continue
        for account in await _accounts_without(session, playbook, begins, account_id):
            if len(started) == limit:
                return started
            applies = holds(trigger.when, {"account": account_facts(account, today)})
            if applies and (run := await _start(session, library, account, playbook, f"quarter:{day}", now)):
                started.append(run)
    return started


def quarter_end(day: date) -> date:
    """The last day of the calendar quarter that `day` is in."""
    month = (day.month - 1) // 3 * 3 + 3
    return date(day.year, month, 30 if month in {6, 9} else 31)


async def _accounts_without(
    session: AsyncSession, playbook: Playbook, since: date, account_id: int | None
) -> list[Account]:
    """The accounts on which the playbook was not started since a day, by whatever or whomever."""
    recent = exists().where(
        col(Run.account_id) == Account.id, col(Run.playbook_key) == playbook.key, col(Run.started_on) >= since
    )
    query = select(Account).where(~recent, col(Account.archived).is_(False), col(Account.stage) != Stage.CHURNED)
    if account_id is not None:
        query = query.where(Account.id == account_id)
    return list((await session.exec(query.order_by(col(Account.id)))).all())


def _with(library: Library, kind: type[T]) -> Iterator[tuple[Playbook, T]]:
    for playbook in library.catalog.playbooks.values():
        for trigger in playbook.triggers:
            if isinstance(trigger, kind):
                yield playbook, trigger


async def _start(
    session: AsyncSession,
    library: Library,
    account: Account,
    playbook: Playbook,
    reason: str,
    now: datetime,
    contact: Contact | None = None,
) -> Run | None:
    """Start for a reason, once. What cannot be started, as when it is under way already, is not an error here."""
    trigger_key = f"{playbook.key}:{account.id}:{reason}"
    if (await session.exec(select(Run.id).where(Run.trigger_key == trigger_key))).first() is not None:
        return None
    contact_id = contact.id if contact and playbook.subject == "contact" else None
    try:
        return await start_run(
            session,
            library,
            account.id,
            playbook.key,
            now,
            actor=None,
            contact_id=contact_id,
            trigger_key=trigger_key,
        )
    except PlaycallError as error:
        log.info("trigger_started_nothing", playbook=playbook.key, account_id=account.id, why=error.message)
        return None
