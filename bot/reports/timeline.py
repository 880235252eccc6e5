"""An account's timeline, newest first, a page at a time."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlmodel import col

from bot.db import Reader
from bot.models import Member, TimelineEntry, TimelineKind
from bot.reports.account_head import Statement

PAGE_ENTRIES = 15


@dataclass(frozen=True, slots=True)
class Entry:
    """`who` is None for what Playcall did by itself."""

    at: datetime
    who: str | None
    kind: TimelineKind
    summary: str


@dataclass(frozen=True, slots=True)
class TimelinePage:
    """`page` counts from 1; a page after the last is the last."""

    entries: tuple[Entry, ...]
    page: int
    pages: int


async def read_timeline(reader: Reader, account_id: int, page: int = 1) -> TimelinePage:
    of_account = col(TimelineEntry.account_id) == account_id
    total = (await reader.execute(select(func.count()).select_from(TimelineEntry).where(of_account))).scalar_one()
    pages = max(1, -(-total // PAGE_ENTRIES))
    shown = min(max(1, page), pages)
    query: Statement = (
        select(
            col(TimelineEntry.at),
            col(Member.name).label("who"),
            col(TimelineEntry.kind),
            col(TimelineEntry.summary),
        )
        .join(Member, col(Member.id) == TimelineEntry.actor_id, isouter=True)
        .where(of_account)
        .order_by(col(TimelineEntry.at).desc(), col(TimelineEntry.id).desc())
        .limit(PAGE_ENTRIES)
        .offset((shown - 1) * PAGE_ENTRIES)
    )
    rows = (await reader.execute(query)).all()
    return TimelinePage(tuple(Entry(row.at, row.who, row.kind, row.summary) for row in rows), shown, pages)
