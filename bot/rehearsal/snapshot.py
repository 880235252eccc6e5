"""An account with everything its playbooks look at, read in a few statements: what a rehearsal begins with."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Table, insert, select, text, true
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import SQLModel, col
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.errors import NotFound
from bot.models import Account, AccountRole, AdvocacyAsk, Contact, Member, Milestone, Objective

Rows = list[dict[str, Any]]
Snapshot = Mapping[str, Rows]  # by table, in the order in which they refer to each other


async def take_snapshot(connection: AsyncConnection, account_id: int) -> Snapshot:
    """Only reads. Members are all there are: owners of playbooks and leaders need not be of the account's team.

    What is under way, planned or written on the account is left out. Raises NotFound when the account is gone.
    """
    snapshot = {
        table.name: [dict(row._mapping) for row in (await connection.execute(select(table).where(which))).all()]
        for table, which in _copied(account_id)
    }
    if not snapshot[Account.__tablename__]:
        raise NotFound("That account is not there any more.")
    return snapshot


async def store_snapshot(session: AsyncSession, snapshot: Snapshot) -> None:
    """Put the rows, with the ids they have, into an empty SQLite database."""
    await session.exec(text("PRAGMA defer_foreign_keys=ON"))  # type: ignore[call-overload]  # a member's deputy may follow
    connection = await session.connection()
    for name, rows in snapshot.items():
        if rows:
            await connection.execute(insert(SQLModel.metadata.tables[name]), rows)


def _copied(account_id: int) -> Sequence[tuple[Table, ColumnElement[bool]]]:
    of_account = (AccountRole, Contact, Milestone, Objective, AdvocacyAsk)
    return [
        (_table(Member), true()),
        (_table(Account), col(Account.id) == account_id),
        *((_table(model), col(model.account_id) == account_id) for model in of_account),
    ]


def _table(model: type[SQLModel]) -> Table:
    return SQLModel.metadata.tables[str(model.__tablename__)]
