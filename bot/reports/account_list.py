"""Lists of accounts, those that need attention first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, func, select
from sqlmodel import col

from bot.db import Reader
from bot.library.health_config import HealthConfig
from bot.models import Account, AccountRole, HealthSnapshot, Stage
from bot.reports.account_head import Statement
from bot.signals.components import HealthFacts
from bot.signals.health import Band, Health
from bot.signals.health_facts import among, load_health

PAGE_ACCOUNTS = 20
WEIGHED_LIVE = 300  # up to so many accounts are put in order by their health of now, more by that of the last snapshot
GRAVITY = {Band.RED: 0, Band.YELLOW: 1, Band.UNKNOWN: 2, Band.GREEN: 3}


@dataclass(frozen=True, slots=True)
class AccountLine:
    id: int
    key: str
    name: str
    stage: str
    renewal_date: date | None
    health: Health
    steps_open: int
    steps_overdue: int


@dataclass(frozen=True, slots=True)
class AccountPage:
    """`page` counts from 1; a page after the last is the last."""

    lines: tuple[AccountLine, ...]
    total: int
    page: int
    pages: int


async def read_account_page(
    reader: Reader, config: HealthConfig, now: datetime, *, member_id: int | None, page: int = 1
) -> AccountPage:
    """The accounts a member has a role on; everybody's when `member_id` is None."""
    which = _which(member_id)
    total = (await reader.execute(select(func.count()).select_from(Account).where(which))).scalar_one()
    pages = max(1, -(-total // PAGE_ACCOUNTS))
    shown = min(max(1, page), pages)
    begin = (shown - 1) * PAGE_ACCOUNTS
    if total <= WEIGHED_LIVE:
        lines = (await _lines(reader, _columns().where(which), config, now))[begin : begin + PAGE_ACCOUNTS]
    else:
        lines = await _lines(reader, _by_snapshot(which, now).limit(PAGE_ACCOUNTS).offset(begin), config, now)
    return AccountPage(tuple(lines), total, shown, pages)


def _which(member_id: int | None) -> ColumnElement[bool]:
    current = col(Account.archived).is_(False)
    if member_id is None:
        return current
    mine = select(col(AccountRole.account_id)).where(col(AccountRole.member_id) == member_id)
    return and_(current, col(Account.id).in_(mine))


def _columns() -> Statement:
    columns = (Account.id, Account.key, Account.name, Account.stage, Account.renewal_date)
    statement: Statement = select(*map(col, columns))
    return statement


def _by_snapshot(which: ColumnElement[bool], now: datetime) -> Statement:
    """The lowest score of today or yesterday first; accounts without one come last."""
    newest = select(func.max(HealthSnapshot.day)).where(col(HealthSnapshot.day) <= now.date()).scalar_subquery()
    of_account = and_(col(HealthSnapshot.account_id) == Account.id, col(HealthSnapshot.day) == newest)
    score = col(HealthSnapshot.score)
    return (
        _columns()
        .join(HealthSnapshot, of_account, isouter=True)
        .where(which)
        .order_by(
            col(Account.stage) == Stage.CHURNED,
            score.is_(None),
            score,
            col(Account.renewal_date).is_(None),
            col(Account.renewal_date),
            col(Account.id),
        )
    )


async def _lines(reader: Reader, statement: Statement, config: HealthConfig, now: datetime) -> list[AccountLine]:
    rows = (await reader.execute(statement)).all()
    healths = await load_health(reader, among(row.id for row in rows), config, now) if rows else {}
    lines = [
        _line(row.id, row.key, row.name, row.stage, row.renewal_date, *healths[row.id])
        for row in rows
        if row.id in healths
    ]
    return in_order_of_need(lines)


def _line(
    id_: int, key: str, name: str, stage: str, renewal_date: date | None, facts: HealthFacts, health: Health
) -> AccountLine:
    return AccountLine(id_, key, name, stage, renewal_date, health, facts.steps_open, facts.steps_overdue)


def in_order_of_need(lines: Sequence[AccountLine]) -> list[AccountLine]:
    """Red before yellow before unknown before green; then more overdue steps, a lower score, an earlier renewal.

    Those who have left come last.
    """
    return sorted(
        lines,
        key=lambda line: (
            line.stage == Stage.CHURNED,
            GRAVITY[line.health.band],
            -line.steps_overdue,
            line.health.score or 0,
            line.renewal_date or date.max,
            line.name.casefold(),
        ),
    )
