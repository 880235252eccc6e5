"""Who may hear of the steps of a batch, in plain columns."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped
from sqlmodel import col

from bot.models import AccountRole, Member, MemberRole
from bot.schedule.deciding import Recipient, Recipients

RECIPIENT: Sequence[Mapped[Any]] = (  # the fields of a Recipient
    col(Member.id),
    col(Member.timezone),
    col(Member.country),
    col(Member.workday_start),
    col(Member.workday_end),
    col(Member.active),
)
ASSIGNEES = select(*RECIPIENT).where(col(Member.id).in_(bindparam("ids", expanding=True)))
CSMS = (
    select(col(AccountRole.account_id), *RECIPIENT)
    .join(AccountRole, col(AccountRole.member_id) == col(Member.id))
    .where(
        col(AccountRole.account_id).in_(bindparam("ids", expanding=True)),
        col(AccountRole.role) == MemberRole.CSM,
    )
)


async def load_recipients(connection: AsyncConnection, rows: Sequence[Sequence[Any]]) -> Recipients:
    """The assignees of claimed rows (see `parse_candidate`), and the CSM of each account whose assignee has left."""
    pairs = {(row[6], row[7]) for row in rows}
    found = await connection.execute(ASSIGNEES, {"ids": sorted({assignee for _, assignee in pairs})})
    assignees = {row[0]: Recipient(*row) for row in found}
    orphaned = sorted({account for account, assignee in pairs if not assignees[assignee].active})
    if not orphaned:
        return Recipients(assignees, {})
    found = await connection.execute(CSMS, {"ids": orphaned})
    return Recipients(assignees, {row[0]: Recipient(*row[1:]) for row in found})
