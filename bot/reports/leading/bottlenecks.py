"""Where playbooks get stuck: steps that are late, slow, skipped or blocked, and why."""

from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import and_, or_, select
from sqlmodel import col

from bot.db import Reader
from bot.engine.calendars import local_date
from bot.models import ACTIONABLE, Member, Run, RunStatus, Step, StepStatus, TimelineEntry, TimelineKind
from bot.reports.account_head import Statement
from bot.slack.leading.bottlenecks import Bottlenecks, StuckStep

UNSORTED = "unsorted"


async def load_bottlenecks(reader: Reader, now: datetime, *, key: str | None = None, days: int = 90) -> Bottlenecks:
    """Steps finished in the last `days` or overdue now, of all playbooks or of one. The worst come first."""
    since = now - timedelta(days=days)
    steps: dict[tuple[str, str], StuckStep] = {}
    for row in await _steps(reader, since, now, key):
        _count(_of(steps, row), row, local_date(now, row.timezone))
    categories: Counter[str] = Counter()
    for row in await _blocks(reader, since, now, key):
        category = str((row.details or {}).get("category") or UNSORTED)
        categories[category] += 1
        step = _of(steps, row)
        step.blocked += 1
        step.reasons.append(row.summary.partition(": ")[2] or row.summary)
    stuck = [step for step in steps.values() if step.trouble]
    stuck.sort(key=lambda step: (-step.trouble, step.playbook, step.key))
    return Bottlenecks(key=key, days=days, steps=tuple(stuck), blockers=dict(categories.most_common()))


def _of(steps: dict[tuple[str, str], StuckStep], row: Any) -> StuckStep:
    return steps.setdefault((row.playbook_key, row.key), StuckStep(row.playbook_key, row.key, row.title))


def _count(step: StuckStep, row: Any, today: date) -> None:
    step.total += 1
    if row.status in ACTIONABLE:
        step.overdue += 1 if row.due_on and row.due_on < today else 0
        step.days_late += [(today - row.due_on).days] if row.due_on and row.due_on < today else []
    elif row.status is StepStatus.DONE:
        step.done += 1
        finished = local_date(row.finished_at, row.timezone)
        if row.opened_at:
            step.days_open.append((row.finished_at - row.opened_at).days)
        if row.due_on and finished > row.due_on:
            step.late += 1
            step.days_late.append((finished - row.due_on).days)
    else:
        step.skipped += 1
        step.reasons += [row.reason] if row.reason else []


async def _steps(reader: Reader, since: datetime, now: datetime, key: str | None) -> list[Any]:
    """What people finished in the period, and whatever is open now; not what a cancelled run left behind."""
    finished = and_(
        col(Step.status).in_((StepStatus.DONE, StepStatus.SKIPPED, StepStatus.NOT_APPLICABLE)),
        col(Step.finished_at).between(since, now),
        col(Step.finished_by_id).is_not(None),
    )
    is_open = and_(col(Step.status).in_(ACTIONABLE), col(Run.status) == RunStatus.ACTIVE)
    query: Statement = (
        select(
            *(col(Run.playbook_key), col(Step.key), col(Step.title), col(Step.status), col(Step.due_on)),
            *(col(Step.opened_at), col(Step.finished_at), col(Step.reason), col(Member.timezone)),
        )
        .join(Run, col(Run.id) == Step.run_id)
        .join(Member, col(Member.id) == Step.assignee_id)
        .where(or_(finished, is_open))
    )
    return list((await reader.execute(_only(query, key))).all())


async def _blocks(reader: Reader, since: datetime, now: datetime, key: str | None) -> list[Any]:
    query: Statement = (
        select(
            *(col(Run.playbook_key), col(Step.key), col(Step.title)),
            *(col(TimelineEntry.summary), col(TimelineEntry.details)),
        )
        .join(Step, col(Step.id) == TimelineEntry.step_id)
        .join(Run, col(Run.id) == Step.run_id)
        .where(col(TimelineEntry.kind) == TimelineKind.STEP_BLOCKED, col(TimelineEntry.at).between(since, now))
    )
    return list((await reader.execute(_only(query, key))).all())


def _only(query: Statement, key: str | None) -> Statement:
    return query.where(col(Run.playbook_key) == key) if key else query
