"""How many minutes of work are ahead of each person: the steps that come due, and the rounds that will begin."""

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.calendars import local_date
from bot.engine.waiting import applies
from bot.library.facts import account_facts
from bot.library.library import Library
from bot.library.pinning import DIGEST, join_content
from bot.library.schema import Every, Playbook, QuarterEndTrigger, RecurringTrigger
from bot.models import MemberRole, Run, RunStatus, Stage, Step, StepStatus
from bot.models.columns import constant
from bot.reports.account_head import Statement
from bot.reports.leading.book import Book

WEEKS_AHEAD = 4
DAYS_AHEAD = 7 * WEEKS_AHEAD
PERIOD_DAYS = {Every.MONTH: 365.25 / 12, Every.QUARTER: 365.25 / 4, Every.YEAR: 365.25}
TO_DO = (StepStatus.OPEN, StepStatus.BLOCKED, StepStatus.WAITING)
TURN = 200  # accounts looked at before others get the event loop


@dataclass
class Forecast:
    """Minutes of the next weeks by person and account, and the steps that are overdue today."""

    minutes: dict[tuple[int, int], float] = field(default_factory=lambda: defaultdict(float))  # by member, account
    overdue: dict[tuple[int, int], int] = field(default_factory=lambda: defaultdict(int))  # by member, account


async def load_forecast(
    session: AsyncSession, library: Library, book: Book, now: datetime, step_minutes: int
) -> Forecast:
    """What is to be done until four weeks from now. A step that does not say how long it takes counts `step_minutes`.

    A waiting step counts on its due date. Of playbooks that recur, each account they are meant for adds the share of a
    round that falls into the four weeks.
    """
    forecast = Forecast()
    await _add_steps(session, library, book, now, step_minutes, forecast)
    await _add_rounds(library, book, now, step_minutes, forecast)
    return forecast


async def _add_steps(
    session: AsyncSession, library: Library, book: Book, now: datetime, step_minutes: int, forecast: Forecast
) -> None:
    limit = (now + timedelta(days=DAYS_AHEAD)).date()
    query: Statement = (
        select(
            col(Step.account_id),
            col(Step.assignee_id),
            col(Step.key),
            col(Step.status),
            col(Step.due_on),
            col(Run.playbook_version_id),
            col(Run.variant_id),
            DIGEST.label("digest"),
        )
        .join(Run, col(Run.id) == Step.run_id)
        .where(col(Run.status) == constant(RunStatus.ACTIVE), col(Step.status).in_(TO_DO), col(Step.due_on) <= limit)
    )
    pinned: Any = join_content(query)  # type: ignore[arg-type]  # typed for SQLModel's own select
    for row in (await (await session.connection()).execute(pinned)).all():
        if row.account_id not in book.accounts:
            continue
        whose = row.assignee_id, row.account_id
        playbook = await library.version(session, row.playbook_version_id, row.digest, row.variant_id)
        forecast.minutes[whose] += playbook.step(row.key).minutes or step_minutes
        if row.status is not StepStatus.WAITING and row.due_on < _today(book, row.assignee_id, now):
            forecast.overdue[whose] += 1


def _today(book: Book, member_id: int, now: datetime) -> date:
    member = book.members.get(member_id)
    return local_date(now, member.timezone if member else "UTC")


async def _add_rounds(library: Library, book: Book, now: datetime, step_minutes: int, forecast: Forecast) -> None:
    recurring = [
        (playbook, trigger, minutes_by_role(playbook, step_minutes), DAYS_AHEAD / PERIOD_DAYS[_every(trigger)])
        for playbook in library.current.values()
        for trigger in playbook.triggers
        if isinstance(trigger, RecurringTrigger | QuarterEndTrigger)
    ]
    for number, account in enumerate(book.accounts.values() if recurring else ()):
        if number % TURN == TURN - 1:
            await asyncio.sleep(0)
        csm = book.csm_of(account.id)
        if csm is None or account.stage == Stage.CHURNED:
            continue
        facts = {"account": account_facts(account, now.date())}
        for playbook, trigger, minutes, share in recurring:
            if applies(playbook, trigger.when, facts):
                for role, amount in minutes.items():
                    whose = book.teams[account.id].get(role, csm)
                    forecast.minutes[whose, account.id] += amount * share


def _every(trigger: RecurringTrigger | QuarterEndTrigger) -> Every:
    return trigger.every if isinstance(trigger, RecurringTrigger) else Every.QUARTER


def minutes_by_role(playbook: Playbook, step_minutes: int) -> dict[MemberRole, int]:
    """How long one run takes whom, optional steps left out."""
    minutes: dict[MemberRole, int] = defaultdict(int)
    for step in playbook.steps:
        if not step.optional:
            minutes[step.role] += step.minutes or step_minutes
    return minutes
