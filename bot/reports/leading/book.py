"""The accounts that reports count, as rows of a few columns, and who looks after them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlmodel import col

from bot.db import Reader
from bot.library.facts import ACCOUNT_COLUMNS
from bot.library.health_config import HealthConfig
from bot.models import Account, AccountRole, HealthSnapshot, Member, MemberRole
from bot.reports.account_head import Statement
from bot.signals.health import Band, band_of
from bot.signals.health_facts import among, load_health

COLUMNS = ("id", *ACCOUNT_COLUMNS, "attributes", "sentiment_at", "last_contact_at", "archived")
WEIGHED_LIVE = 300  # up to so many accounts their health is worked out now; of more, the last snapshot is read


@dataclass
class Book:
    """Accounts by id; their teams; and the members' names and zones."""

    accounts: dict[int, Any] = field(default_factory=dict)
    teams: dict[int, dict[MemberRole, int]] = field(default_factory=dict)
    members: dict[int, Any] = field(default_factory=dict)

    def csm_of(self, account_id: int) -> int | None:
        return self.teams.get(account_id, {}).get(MemberRole.CSM)

    def name_of(self, member_id: int | None) -> str:
        member = self.members.get(member_id or 0)
        return member.name if member else "nobody"


async def read_book(reader: Reader, *, with_archived: bool = False) -> Book:
    """`with_archived` has the accounts that were taken out as well, as a look back at who left needs them."""
    book = Book()
    accounts: Statement = select(*(col(getattr(Account, name)) for name in COLUMNS)).order_by(col(Account.name))
    if not with_archived:
        accounts = accounts.where(col(Account.archived).is_(False))
    book.accounts = {row.id: row for row in (await reader.execute(accounts)).all()}
    roles: Statement = select(col(AccountRole.account_id), col(AccountRole.role), col(AccountRole.member_id))
    for row in (await reader.execute(roles)).all():
        book.teams.setdefault(row.account_id, {})[MemberRole(row.role)] = row.member_id
    book.members = await read_members(reader)
    return book


async def read_members(reader: Reader) -> dict[int, Any]:
    """Everybody on our side by id, those who have left included."""
    names = ("id", "name", "role", "timezone", "country", "active", "email")
    query: Statement = select(*(col(getattr(Member, name)) for name in names))
    return {row.id: row for row in (await reader.execute(query)).all()}


async def read_bands(reader: Reader, config: HealthConfig, book: Book, now: datetime) -> Mapping[int, Band]:
    """The health band of each account of the book."""
    if len(book.accounts) <= WEIGHED_LIVE:
        found = await load_health(reader, among(book.accounts), config, now) if book.accounts else {}
        return {account_id: health.band for account_id, (_, health) in found.items()}
    newest = select(func.max(col(HealthSnapshot.day))).where(col(HealthSnapshot.day) <= now.date()).scalar_subquery()
    query: Statement = select(col(HealthSnapshot.account_id), col(HealthSnapshot.score)).where(
        col(HealthSnapshot.day) == newest
    )
    scores = {row.account_id: row.score for row in (await reader.execute(query)).all()}
    return {account_id: band_of(scores.get(account_id), config) for account_id in book.accounts}
