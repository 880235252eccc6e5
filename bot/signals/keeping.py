"""Writing many signals at once: one statement, straight to the driver.

SQLAlchemy's own executemany would take twice as long as all the rest: it looks at every value of every row.
"""

import json
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.models import Signal

PART = 500  # values in one statement


class NewSignal(NamedTuple):
    """A row of `signals`, but for its id. Instants are aware."""

    account_id: int
    contact_id: int | None
    kind: str
    number: float | None
    label: str | None
    comment: str | None
    author_id: int | None
    source: str
    external_id: str
    observed_at: datetime
    created_at: datetime


Key = tuple[str, str]  # source and external id

_COLUMNS = ", ".join(NewSignal._fields)
_TYPES = ("bigint", "bigint", "text", "float8", "text", "text", "bigint", "text", "text", "timestamptz", "timestamptz")
_ARRAYS = ", ".join(f"CAST(:{name} AS {kind}[])" for name, kind in zip(NewSignal._fields, _TYPES, strict=True))
_ONCE = "ON CONFLICT (source, external_id) DO NOTHING"

_VALUES = ", ".join(f":{name}" for name in NewSignal._fields)
_SELECTED = f"SELECT * FROM unnest({_ARRAYS}) {_ONCE} RETURNING source, external_id"  # noqa: S608  # all of it is ours
_POSTGRES = text(f"INSERT INTO signals ({_COLUMNS}) {_SELECTED}")  # all of it is ours
_SQLITE = text(f"INSERT INTO signals ({_COLUMNS}) VALUES ({_VALUES}) {_ONCE}")  # noqa: S608  # all of it is ours
_SQLITE_KNOWN = text(
    "SELECT external_id FROM signals WHERE source = :source AND external_id IN (SELECT value FROM json_each(:ids))"
)


async def keep_new(session: AsyncSession, rows: Sequence[NewSignal]) -> set[Key]:
    """Keep those that are not there yet. Returns the keys of the ones that were new."""
    if not rows:
        return set()
    if session.get_bind().dialect.name == "sqlite":
        return await _keep_in_sqlite(session, rows)
    columns = dict(zip(NewSignal._fields, map(list, zip(*rows, strict=True)), strict=True))
    inserted = await (await session.connection()).execute(_POSTGRES, columns)
    return {(source, external_id) for source, external_id in inserted}


async def known_keys(session: AsyncSession, keys: Collection[Key]) -> set[Key]:
    """Those of these keys under which a signal is kept."""
    known: set[Key] = set()
    for source in {source for source, _ in keys}:
        ids = [external_id for of, external_id in keys if of == source]
        for at in range(0, len(ids), PART):
            query = select(Signal.external_id).where(
                Signal.source == source, col(Signal.external_id).in_(ids[at : at + PART])
            )
            known |= {(source, external_id) for external_id in (await session.exec(query)).all()}
    return known


async def _keep_in_sqlite(session: AsyncSession, rows: Sequence[NewSignal]) -> set[Key]:
    """The transaction is the one writer, so what was not there a moment ago is new."""
    known = await _known_in_sqlite(session, {(row.source, row.external_id) for row in rows})
    new = [row for row in rows if (row.source, row.external_id) not in known]
    values = [_sqlite_values(row) for row in new]
    if values:
        await (await session.connection()).execute(_SQLITE, values)
    return {(row.source, row.external_id) for row in new}


async def _known_in_sqlite(session: AsyncSession, keys: Collection[Key]) -> set[Key]:
    connection = await session.connection()
    known: set[Key] = set()
    for source in {source for source, _ in keys}:
        ids = json.dumps([external_id for of, external_id in keys if of == source])
        found = await connection.execute(_SQLITE_KNOWN, {"source": source, "ids": ids})
        known |= {(source, external_id) for (external_id,) in found}
    return known


def _sqlite_values(row: NewSignal) -> dict[str, Any]:
    """As UtcDateTime writes instants."""
    values = row._asdict()
    for name in ("observed_at", "created_at"):
        values[name] = values[name].astimezone(UTC).replace(tzinfo=None).isoformat(" ", timespec="microseconds")
    return values
