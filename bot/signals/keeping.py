"""Writing many signals at once: one statement, straight to the driver.

SQLAlchemy's own executemany would take twice as long as all the rest: it looks at every value of every row.
"""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.models import Signal
from bot.near_sqlite import NearReader

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

_PLACES = ", ".join("?" * len(NewSignal._fields))
_SELECTED = f"SELECT * FROM unnest({_ARRAYS}) {_ONCE} RETURNING source, external_id"  # noqa: S608  # all of it is ours
_POSTGRES = text(f"INSERT INTO signals ({_COLUMNS}) {_SELECTED}")  # all of it is ours
_SQLITE = f"INSERT INTO signals ({_COLUMNS}) VALUES ({_PLACES}) {_ONCE}"  # noqa: S608  # all of it is ours
_SQLITE_LAST = text("SELECT coalesce(max(id), 0) FROM signals")
_SQLITE_COUNT = text("SELECT count(*) FROM signals WHERE id > :before")
_SQLITE_WRITTEN = text("SELECT source, external_id FROM signals WHERE id > :before")


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
    """The transaction is the one writer: what has a larger id than there was before is what it has written."""
    spell = cache(_sqlite_instant)
    values = [(*row[:-2], spell(row.observed_at), spell(row.created_at)) for row in rows]
    connection: AsyncConnection | NearReader = await session.connection()
    before = (await connection.execute(_SQLITE_LAST)).scalar_one()
    if isinstance(connection, NearReader):
        for one in values:
            connection.fetch(_SQLITE, one)
    else:
        await connection.exec_driver_sql(_SQLITE, values)
    if (await connection.execute(_SQLITE_COUNT, {"before": before})).scalar_one() == len(rows):
        return {(row.source, row.external_id) for row in rows}
    written = await connection.execute(_SQLITE_WRITTEN, {"before": before})
    return {(source, external_id) for source, external_id in written}


def _sqlite_instant(instant: datetime) -> str:
    """As UtcDateTime writes it."""
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat(" ", timespec="microseconds")
