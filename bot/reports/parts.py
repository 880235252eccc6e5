"""Reading several kinds of rows in one statement: a union of parts of one shape.

A page about an account needs a little of many tables. Each statement costs a round trip, which is most of the cost.
"""

from typing import Any

from sqlalchemy import (
    CompoundSelect,
    Date,
    Select,
    String,
    cast,
    literal_column,
    null,
    select,
    type_coerce,
    union_all,
)

from bot.models.columns import BIG_ID, JSON_OBJECT, UtcDateTime
from bot.reports.account_head import Statement

# What a row has room for. What a part does not say is NULL.
SHAPE: dict[str, Any] = {
    "id": BIG_ID,
    "title": String,
    "about": String,
    "kind": String,
    "state": String,
    "person": String,
    "slack_user_id": String,
    "timezone": String,
    "number": BIG_ID,
    "total": BIG_ID,
    "day": Date,
    "day_before": Date,
    "at": UtcDateTime,
    "data": JSON_OBJECT,
}


def part(name: str, **columns: Any) -> Statement:
    """The columns of one kind of row, to be completed with joins and conditions. `name` tells the kinds apart."""
    if unknown := columns.keys() - SHAPE.keys():
        raise ValueError(f"no room for {unknown}")
    shaped = [
        (type_coerce(columns[column], kind) if column in columns else cast(null(), kind)).label(column)
        for column, kind in SHAPE.items()
    ]
    statement: Select[Any] = select(literal_column(f"'{name}'", String).label("part"), *shaped)
    return statement


def together(*parts: Statement) -> CompoundSelect[Any]:
    return union_all(*parts)
