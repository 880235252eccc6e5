"""How an account felt to the team over time."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlmodel import col

from bot.db import Reader
from bot.models import Member, Sentiment, Signal, SignalKind
from bot.reports.account_head import Statement

SHOWN = 5


@dataclass(frozen=True, slots=True)
class LoggedSentiment:
    sentiment: Sentiment
    comment: str | None
    who: str | None
    at: datetime


async def read_sentiments(reader: Reader, account_id: int) -> tuple[LoggedSentiment, ...]:
    """The last ones, newest first."""
    query: Statement = (
        select(
            col(Signal.label).label("sentiment"),
            col(Signal.comment),
            col(Member.name).label("who"),
            col(Signal.observed_at),
        )
        .join(Member, col(Member.id) == Signal.author_id, isouter=True)
        .where(col(Signal.account_id) == account_id, col(Signal.kind) == SignalKind.SENTIMENT)
        .order_by(col(Signal.observed_at).desc(), col(Signal.id).desc())
        .limit(SHOWN)
    )
    rows = (await reader.execute(query)).all()
    return tuple(LoggedSentiment(Sentiment(row.sentiment), row.comment, row.who, row.observed_at) for row in rows)
