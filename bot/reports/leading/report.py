"""The leaders' report: the book of business by CSM, segment or stage, and the work ahead of each person."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, func, or_, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.calendars import local_date
from bot.library.library import Library
from bot.library.schema import Category
from bot.models import Alert, AlertStatus, Escalation, Member, Run, RunStatus, Step, StepStatus
from bot.reports.account_head import Statement
from bot.reports.leading.book import Book, read_bands, read_book
from bot.reports.leading.forecast import WEEKS_AHEAD, load_forecast
from bot.settings import Settings
from bot.slack.leading.report import By, Load, Report, ReportRow

PROACTIVE = frozenset({Category.LIFECYCLE, Category.EXPANSION})


async def load_report(
    session: AsyncSession, library: Library, settings: Settings, now: datetime, *, by: By = By.CSM, days: int = 90
) -> Report:
    """What happened is counted over the last `days`; accounts, health and what is overdue are of now."""
    connection = await session.connection()
    book = await read_book(connection)
    rows: dict[Any, ReportRow] = defaultdict(lambda: ReportRow(""))
    names = {account_id: _group(book, account_id, by) for account_id in book.accounts}
    bands = await read_bands(connection, library.health_config, book, now)
    for account in book.accounts.values():
        rows[names[account.id]].count_account(account.arr, account.currency, book.csm_of(account.id))
        rows[names[account.id]].bands[bands.get(account.id, "unknown")] += 1
    since = now - timedelta(days=days)
    for line in await _runs(session, since):
        if line.account_id in names:
            category = _category(library, line.playbook_key)
            row = rows[names[line.account_id]]
            row.started += line.started
            row.completed += line.completed
            row.proactive += line.started if category in PROACTIVE else 0
            row.reactive += line.started if category is Category.AT_RISK else 0
    for account_id, number in await _escalations(session, since):
        if account_id in names:
            rows[names[account_id]].reactive += number
    for account_id, number, started in await _alerts(session, since):
        if account_id in names:
            rows[names[account_id]].alerts += number
            rows[names[account_id]].alerts_started += started
    for account_id, on_time, number in await _finished(session, since):
        if account_id in names:
            rows[names[account_id]].finished += number
            rows[names[account_id]].on_time += on_time
    forecast = await load_forecast(session, library, book, now, settings.step_minutes)
    for (_, account_id), number in forecast.overdue.items():
        rows[names[account_id]].overdue += number
    per_person: Counter[int] = Counter()
    for (member_id, account_id), minutes in forecast.minutes.items():
        per_person[member_id] += round(minutes)
        rows[names[account_id]].minutes_ahead += round(minutes)
    return Report(
        by=by,
        days=days,
        weeks=WEEKS_AHEAD,
        capacity=settings.capacity_hours,
        rows=tuple(_named(rows, book, by)),
        loads=tuple(_loads(per_person, book)),
    )


def _group(book: Book, account_id: int, by: By) -> Any:
    if by is By.CSM:
        return book.csm_of(account_id)
    return str(getattr(book.accounts[account_id], by.value))


def _named(rows: dict[Any, ReportRow], book: Book, by: By) -> Iterable[ReportRow]:
    """The rows with the most accounts first."""
    named = [
        replace(row, name=(book.name_of(key) if key else "no CSM") if by is By.CSM else key)
        for key, row in rows.items()
    ]
    return sorted(named, key=lambda row: (-row.accounts, row.name))


def _loads(minutes: Counter[int], book: Book) -> list[Load]:
    """Whoever has work ahead, and every active CSM, the busiest first."""
    csms = {team_csm for account_id in book.accounts if (team_csm := book.csm_of(account_id))}
    return [
        Load(book.name_of(member_id), amount / 60 / WEEKS_AHEAD)
        for member_id, amount in sorted(
            ((member_id, minutes[member_id]) for member_id in csms | set(minutes)), key=lambda load: (-load[1], load[0])
        )
    ]


def _category(library: Library, key: str) -> Category | None:
    """None for a playbook that is not there any more: its runs are neither proactive nor reactive."""
    playbook = library.approved(key)
    return playbook.category if playbook else None


async def _runs(session: AsyncSession, since: datetime) -> list[Any]:
    started = func.sum(case((col(Run.started_at) >= since, 1), else_=0)).label("started")
    ended = (col(Run.ended_at) >= since) & (col(Run.status) == RunStatus.COMPLETED)
    completed = func.sum(case((ended, 1), else_=0)).label("completed")
    query: Statement = (
        select(col(Run.account_id), col(Run.playbook_key), started, completed)
        .where(or_(col(Run.started_at) >= since, col(Run.ended_at) >= since))
        .group_by(col(Run.account_id), col(Run.playbook_key))
    )
    return list((await (await session.connection()).execute(query)).all())


async def _escalations(session: AsyncSession, since: datetime) -> list[tuple[int, int]]:
    query: Statement = (
        select(col(Escalation.account_id), func.count())
        .where(col(Escalation.created_at) >= since)
        .group_by(col(Escalation.account_id))
    )
    return [(row[0], row[1]) for row in (await (await session.connection()).execute(query)).all()]


async def _alerts(session: AsyncSession, since: datetime) -> list[tuple[int, int, int]]:
    """Of each account: how many alerts were raised, and how many of these led to a playbook."""
    started = func.sum(case((col(Alert.status) == AlertStatus.STARTED, 1), else_=0))
    query: Statement = (
        select(col(Alert.account_id), func.count(), started)
        .where(col(Alert.created_at) >= since)
        .group_by(col(Alert.account_id))
    )
    return [(row[0], row[1], row[2]) for row in (await (await session.connection()).execute(query)).all()]


async def _finished(session: AsyncSession, since: datetime) -> list[tuple[int, int, int]]:
    """Of each account: how many of its dated steps were done in time, in the assignee's calendar, and of how many."""
    query: Statement = (
        select(col(Step.account_id), col(Step.due_on), col(Step.finished_at), col(Member.timezone))
        .join(Member, col(Member.id) == Step.assignee_id)
        .where(col(Step.status) == StepStatus.DONE, col(Step.finished_at) >= since, col(Step.due_on).is_not(None))
    )
    counts: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for row in (await (await session.connection()).execute(query)).all():
        counts[row.account_id][0] += local_date(row.finished_at, row.timezone) <= row.due_on
        counts[row.account_id][1] += 1
    return [(account_id, on_time, number) for account_id, (on_time, number) in counts.items()]
