"""The touchpoints of an account over its life-cycle, for the picture of its timeline."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import and_, or_, select
from sqlmodel import col

from bot.db import Reader
from bot.engine.calendars import local_date
from bot.models import ACTIONABLE, Anchor, Milestone, MilestoneStatus, Run, Step, StepStatus
from bot.reports.account_head import AccountHead, Statement
from bot.slack.account_form import ANCHOR_LABELS
from bot.slack.timeline_picture import MONTHS_AHEAD, MONTHS_BACK, Event, Mark

MILESTONES = "Milestones"
MONTH = timedelta(days=31)
MARKS = {
    MilestoneStatus.REACHED: Mark.REACHED,
    MilestoneStatus.MISSED: Mark.MISSED,
    MilestoneStatus.PLANNED: Mark.AHEAD,
}


async def read_picture(reader: Reader, account: AccountHead, now: datetime, timezone: str) -> tuple[list[Event], date]:
    """The events around today, and today in the reader's zone."""
    today = local_date(now, timezone)
    first, last = today - MONTH * (MONTHS_BACK + 1), today + MONTH * (MONTHS_AHEAD + 1)
    steps = await _steps(reader, account.id, first, last)
    events = [*_dates(account), *await _milestones(reader, account.id, timezone)]
    return [*events, *(_step(row, today, timezone) for row in steps)], today


def _dates(account: AccountHead) -> Iterator[Event]:
    for anchor in Anchor:
        if (day := getattr(account, anchor.value)) is not None:
            yield Event(ANCHOR_LABELS[anchor], day, Mark.DATE)


async def _milestones(reader: Reader, account_id: int, timezone: str) -> list[Event]:
    query: Statement = select(col(Milestone.status), col(Milestone.target_date), col(Milestone.reached_at)).where(
        col(Milestone.account_id) == account_id
    )
    events = []
    for row in (await reader.execute(query)).all():
        reached = local_date(row.reached_at, timezone) if row.reached_at else None
        day = reached or row.target_date
        if day is not None:
            events.append(Event(MILESTONES, day, MARKS[row.status]))
    return events


async def _steps(reader: Reader, account_id: int, first: date, last: date) -> list[Any]:
    done = and_(col(Step.status).in_((StepStatus.DONE, StepStatus.SKIPPED)), col(Step.finished_at).is_not(None))
    to_do = and_(col(Step.status).in_((*ACTIONABLE, StepStatus.WAITING)), col(Step.due_on).between(first, last))
    query: Statement = (
        select(col(Run.title), col(Step.status), col(Step.due_on), col(Step.finished_at))
        .join(Run, col(Run.id) == Step.run_id)
        .where(col(Step.account_id) == account_id, or_(done, to_do))
    )
    return list((await reader.execute(query)).all())


def _step(row: Any, today: date, timezone: str) -> Event:
    if row.status in {StepStatus.DONE, StepStatus.SKIPPED}:
        mark = Mark.DONE if row.status is StepStatus.DONE else Mark.LEFT_OUT
        return Event(row.title, local_date(row.finished_at, timezone), mark)
    is_late = row.status in ACTIONABLE and row.due_on < today
    return Event(row.title, row.due_on, Mark.OVERDUE if is_late else Mark.PLANNED)
