"""Due touchpoints of steps: claimed by the batch, and what became of them written down by the batch.

This is the hot path when a whole team's morning fires at once. Rows come as plain values, and what is written goes in
one JSON object that the database takes apart: a parameter for each row costs more than the change of the row itself.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    JSON,
    Integer,
    String,
    Table,
    Update,
    bindparam,
    cast,
    func,
    select,
    type_coerce,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from bot.models import Run, Step, Touchpoint, TouchpointStatus
from bot.models.columns import BIG_ID, constant

TOUCHPOINTS: Table = Touchpoint.__table__  # type: ignore[attr-defined]  # SQLModel does not declare it

DUE = (  # by itself: what another worker holds is passed over before anything is looked up for it
    select(*map(col, (Touchpoint.id, Touchpoint.kind, Touchpoint.at_once, Touchpoint.step_id, Touchpoint.fire_at)))
    .where(
        col(Touchpoint.status) == constant(TouchpointStatus.PLANNED),
        col(Touchpoint.fire_at) <= bindparam("now"),
        col(Touchpoint.step_id).is_not(None),
    )
    .order_by(col(Touchpoint.fire_at))
    .limit(bindparam("number"))
    .with_for_update(skip_locked=True)
    .subquery("due")
)
CLAIM = (
    select(
        DUE.c.id,
        type_coerce(DUE.c.kind, String),
        type_coerce(DUE.c.at_once, Integer),
        col(Step.id),
        type_coerce(Step.status, String),
        type_coerce(Run.status, String),
        col(Step.account_id),
        col(Step.assignee_id),
        type_coerce(Step.kind, String),
        col(Run.playbook_key),
    )
    .join(Step, col(Step.id) == DUE.c.step_id)
    .join(Run, col(Run.id) == Step.run_id)
    .order_by(DUE.c.fire_at)
)


async def claim_due(connection: AsyncConnection, now: datetime, number: int) -> Sequence[Sequence[Any]]:
    """The earliest due touchpoints of steps, locked until this transaction ends: `parse_candidate` reads each."""
    return (await connection.execute(CLAIM, {"now": now, "number": number})).all()


async def mark(connection: AsyncConnection, deliveries: Mapping[int, int | None], **values: Any) -> None:
    """Give each of these touchpoints its delivery, or none, and all of them these values."""
    if not deliveries:
        return
    statement = _marking(connection.dialect.name, tuple(values))
    in_order = dict(sorted(deliveries.items()))  # as they lie in the table
    await connection.execute(statement, {"deliveries": in_order, **values})


@cache
def _marking(dialect: str, columns: tuple[str, ...]) -> Update:
    takes_apart = func.json_each if dialect == "sqlite" else func.json_each_text
    each = takes_apart(bindparam("deliveries", type_=JSON)).table_valued("key", "value")
    return (
        update(TOUCHPOINTS)
        .where(TOUCHPOINTS.c.id == cast(each.c.key, BIG_ID))
        .values(delivery_id=cast(each.c.value, BIG_ID), **{column: bindparam(column) for column in columns})
    )
