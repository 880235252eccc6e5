"""The health of an account over time, and what happened meanwhile: for its chart."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from bot.db import Reader
from bot.engine.calendars import local_date
from bot.library.health_config import HealthConfig
from bot.models import Alert, Escalation, HealthSnapshot, Milestone, MilestoneStatus, Sentiment, Signal, SignalKind
from bot.reports.account_head import AccountHead, Statement

REACH = timedelta(weeks=26)
EVENTS = 10  # the latest; more would hide the curve
BETWEEN = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Happening:
    on: date
    words: str


@dataclass(frozen=True, slots=True)
class HealthHistory:
    """`scores` are days with their score, `happenings` what fell into those days; both oldest first."""

    name: str
    scores: tuple[tuple[date, int], ...]
    happenings: tuple[Happening, ...]
    green: int  # where the bands begin
    yellow: int


async def read_history(
    reader: Reader, account: AccountHead, config: HealthConfig, score: int | None, now: datetime, timezone: str
) -> HealthHistory:
    """`score` is that of now, which ends the curve."""
    today = local_date(now, timezone)
    query: Statement = (
        select(col(HealthSnapshot.day), col(HealthSnapshot.score))
        .where(col(HealthSnapshot.account_id) == account.id, col(HealthSnapshot.day) > today - REACH)
        .order_by(col(HealthSnapshot.day))
    )
    scores = [(row.day, row.score) for row in (await reader.execute(query)).all() if row.day < today]
    if score is not None:
        scores.append((today, score))
    since = scores[0][0] if scores else today
    found = [one async for one in _happenings(reader, account.id, timezone) if since <= one.on <= today]
    return HealthHistory(
        name=account.name,
        scores=tuple(scores),
        happenings=tuple(sorted(found, key=lambda one: one.on)[-EVENTS:]),
        green=config.bands.green,
        yellow=config.bands.yellow,
    )


async def _happenings(reader: Reader, account_id: int, timezone: str) -> Any:
    for query, words in _QUERIES:
        for row in (await reader.execute(query.where(query.selected_columns.account_id == account_id))).all():
            if row.at is not None:
                yield Happening(local_date(row.at, timezone), words(row))


def _queries() -> Iterator[tuple[Statement, Any]]:
    milestones: Statement = select(
        col(Milestone.account_id), col(Milestone.title).label("title"), col(Milestone.reached_at).label("at")
    )
    yield (
        milestones.where(col(Milestone.status) == MilestoneStatus.REACHED),
        lambda row: f"{row.title} reached",
    )
    escalations: Statement = select(
        col(Escalation.account_id), col(Escalation.ask).label("title"), col(Escalation.created_at).label("at")
    )
    yield escalations, lambda row: f"Escalated: {row.title}"
    alerts: Statement = select(
        col(Alert.account_id), col(Alert.title).label("title"), col(Alert.created_at).label("at")
    )
    yield alerts, lambda row: f"Alert: {row.title}"
    sentiments: Statement = select(
        col(Signal.account_id), col(Signal.label).label("title"), col(Signal.observed_at).label("at")
    ).where(col(Signal.kind) == SignalKind.SENTIMENT, col(Signal.label).in_(list(Sentiment)))
    yield sentiments, lambda row: f"Sentiment {row.title}"


_QUERIES = tuple(_queries())
