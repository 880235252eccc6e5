"""Steps as a dated list: one's own for the next weeks, and anybody's for a file."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from bot.db import Reader
from bot.engine.actors import Actor
from bot.engine.calendars import local_date
from bot.models import ACTIONABLE, Account, Member, Run, RunStatus, Step, StepStatus
from bot.models.columns import constant
from bot.reports.account_head import Statement
from bot.slack.tables import Table
from bot.slack.tasks import Task, TaskList

TO_DO = (*ACTIONABLE, StepStatus.WAITING)


async def load_tasks(reader: Reader, who: Actor, now: datetime, days: int) -> TaskList:
    """The member's open and waiting steps that are due within so many days, and what is overdue, by date."""
    today = local_date(now, who.timezone)
    mine = (col(Step.assignee_id) == who.member_id, col(Step.due_on) <= today + timedelta(days=days))
    rows = await _steps(reader, *mine)
    tasks = [Task(row.due_on, row.title, row.account, row.playbook, row.status) for row in rows]
    return TaskList(today=today, days=days, tasks=tuple(tasks))


async def load_steps_table(reader: Reader, *, email: str | None = None, account_id: int | None = None) -> Table:
    """Every step that is still to be done, of everybody or of one member, on all accounts or on one; by date."""
    narrowed = [
        *([col(Member.email) == email] if email else []),
        *([col(Step.account_id) == account_id] if account_id is not None else []),
    ]
    headings = ("due", "account", "name", "playbook", "step", "role", "assignee", "email", "status", "snoozed until")
    return Table(headings, tuple(_row(row) for row in await _steps(reader, *narrowed)))


def _row(row: Any) -> tuple[str | None, ...]:
    return (
        *(_day(row.due_on), row.key, row.account, row.playbook, row.title, row.role.value),
        *(row.assignee, row.email, row.status.value, _day(row.snoozed_until)),
    )


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


async def _steps(reader: Reader, *which: Any) -> Sequence[Any]:
    query: Statement = (
        select(
            *(col(Step.due_on), col(Step.title), col(Step.role), col(Step.status), col(Step.snoozed_until)),
            *(col(Account.key), col(Account.name).label("account"), col(Run.title).label("playbook")),
            *(col(Member.name).label("assignee"), col(Member.email)),
        )
        .join(Run, col(Run.id) == Step.run_id)
        .join(Account, col(Account.id) == Step.account_id)
        .join(Member, col(Member.id) == Step.assignee_id)
        .where(col(Step.status).in_(TO_DO), col(Run.status) == constant(RunStatus.ACTIVE), *which)
        .order_by(col(Step.due_on).is_(None), col(Step.due_on), col(Step.id))
    )
    return (await reader.execute(query)).all()
