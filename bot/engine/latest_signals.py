"""What an account and its contacts show of their signals: the one observed last, whenever it came in.

A score, a sentiment or an ARR is a signal first. The column beside it follows the newest one, and what waits for it is
started by that one alone; an older one that comes in late is kept for what is measured, and changes nothing else.
"""

from datetime import datetime, timedelta

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.actors import Actor
from bot.engine.journal import record
from bot.engine.triggers import start_for_nps, start_for_sentiment
from bot.library.library import Library
from bot.models import Account, Contact, Run, Sentiment, Signal, SignalKind, TimelineKind

HISTORY = timedelta(days=30)  # what was observed longer ago starts nothing: somebody brings in what they kept elsewhere


async def take_score(
    session: AsyncSession,
    library: Library,
    account: Account,
    contact: Contact,
    survey: Signal,
    now: datetime,
    *,
    actor: Actor | None = None,
    sender: str | None = None,
) -> list[Run]:
    """A contact's NPS answer. Returns the playbooks it started."""
    score = round(survey.number or 0)
    record(
        session,
        TimelineKind.SURVEY,
        f"noted an NPS of {score} from {contact.name}{_whence(survey, sender, now)}",
        now,
        account_id=account.id,
        actor=actor,
    )
    if contact.nps_at is not None and survey.observed_at < contact.nps_at:
        return []
    contact.nps, contact.nps_at = score, survey.observed_at
    await session.flush()
    if survey.observed_at < now - HISTORY:
        return []
    return await start_for_nps(session, library, account, contact, survey, now)


async def take_sentiment(
    session: AsyncSession,
    library: Library,
    account: Account,
    signal: Signal,
    now: datetime,
    *,
    actor: Actor | None = None,
    sender: str | None = None,
) -> list[Run]:
    """How the account feels to the team. Returns the playbooks it started."""
    sentiment = Sentiment(signal.label or "")
    words = f": {signal.comment}" if signal.comment else ""
    summary = f"set the sentiment to {sentiment}{_whence(signal, sender, now)}{words}"
    record(session, TimelineKind.SENTIMENT, summary, now, account_id=account.id, actor=actor)
    if account.sentiment_at is not None and signal.observed_at < account.sentiment_at:
        return []
    account.sentiment, account.sentiment_at = sentiment, signal.observed_at
    await session.flush()
    if signal.observed_at < now - HISTORY:
        return []
    return await start_for_sentiment(session, library, account, signal, now)


async def take_arr(session: AsyncSession, account: Account, signal: Signal, now: datetime, *, sender: str) -> None:
    """What the account pays a year, as another system knows it."""
    later = select(Signal.id).where(
        Signal.account_id == account.id,
        Signal.kind == SignalKind.ARR,
        col(Signal.observed_at) > signal.observed_at,
    )
    former, arr = account.arr, round(signal.number or 0)
    if former == arr or (await session.exec(later.limit(1))).first() is not None:
        return
    account.arr, account.updated_at = arr, now
    record(
        session,
        TimelineKind.ACCOUNT_CHANGED,
        f"changed arr{_whence(signal, sender, now)}",
        now,
        account_id=account.id,
        details={"arr": [None if former is None else str(former), str(arr)]},
    )


def _whence(signal: Signal, sender: str | None, now: datetime) -> str:
    """Who sent it, and of which day it is when that is not today."""
    day = "" if now - signal.observed_at < timedelta(days=1) else f" of {signal.observed_at:%Y-%m-%d}"
    return f"{day}, by {sender}" if sender else day
