"""Many rows of one table at once, and how each database takes them fastest: COPY, or one prepared statement."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

from asyncpg import InsufficientPrivilegeError
from sqlalchemy import Date
from sqlalchemy.types import TypeEngine
from sqlmodel import SQLModel

from bot.db import Database, explained_errors
from bot.models.columns import UtcDateTime
from bot.near_values import Convert, taking

Values = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """Rows whose values are those of `columns`, in this order: JSON as its text, everything else as it is in Python."""

    table: str
    columns: Sequence[str]
    rows: Iterable[Values]


class Filler:
    """Puts sheets into a database, on one connection, a transaction each.

    References are not checked where the database allows it to be left out: the rows of a load test refer to each
    other rightly, and looking each of them up would take most of the time.
    """

    def __init__(self, driver: Any, *, is_sqlite: bool) -> None:
        self._driver = driver
        self._is_sqlite = is_sqlite

    async def fill(self, sheet: Sheet) -> None:
        if self._is_sqlite:
            await self._insert(sheet)
        else:
            await self._driver.copy_records_to_table(sheet.table, columns=list(sheet.columns), records=sheet.rows)

    async def _insert(self, sheet: Sheet) -> None:
        columns = SQLModel.metadata.tables[sheet.table].columns
        kinds = [columns[name].type for name in sheet.columns]
        times = [(at, _taking_often(kind)) for at, kind in enumerate(kinds) if isinstance(kind, Date | UtcDateTime)]
        places = ", ".join("?" * len(sheet.columns))
        names = ", ".join(sheet.columns)
        await self._driver.execute("BEGIN IMMEDIATE")
        await self._driver.executemany(
            f"INSERT INTO {sheet.table} ({names}) VALUES ({places})",  # noqa: S608  # names of ours
            (_converted(row, times) for row in sheet.rows),
        )
        await self._driver.commit()

    async def finish(self) -> None:
        """On PostgreSQL: count on from the ids that were given, and learn how the values are spread.

        On SQLite nobody tells it how they are spread in a team's own installation either.
        """
        if self._is_sqlite:
            return
        for table in SQLModel.metadata.sorted_tables:
            if "id" in table.columns:
                await self._driver.execute(
                    f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'),"  # noqa: S608  # names of ours
                    f" (SELECT coalesce(max(id), 0) + 1 FROM {table.name}), false)"
                )
        await self._driver.execute("ANALYZE")

    async def empty(self) -> None:
        """Give up whatever every table holds."""
        tables = [table.name for table in reversed(SQLModel.metadata.sorted_tables)]
        if self._is_sqlite:
            await self._driver.execute("BEGIN IMMEDIATE")
            for table in tables:
                await self._driver.execute(f"DELETE FROM {table}")  # noqa: S608  # names of ours
            await self._driver.commit()
        else:
            await self._driver.execute(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY")


@asynccontextmanager
async def filling(database: Database) -> AsyncIterator[Filler]:
    """A Filler on a connection of its own, which nobody gets afterwards."""
    with explained_errors():
        async with database.engine.connect() as connection:
            driver: Any = (await connection.get_raw_connection()).driver_connection
            try:
                await _check_no_references(driver, is_sqlite=database.is_sqlite)
                yield Filler(driver, is_sqlite=database.is_sqlite)
            finally:
                await connection.invalidate()


async def _check_no_references(driver: Any, *, is_sqlite: bool) -> None:
    if is_sqlite:
        await driver.execute("PRAGMA foreign_keys=OFF")
        return
    try:
        await driver.execute("SET session_replication_role = replica")
    except InsufficientPrivilegeError:  # then they are checked, which takes longer
        return


def _taking_often(kind: TypeEngine[Any]) -> Convert:
    """What makes of a date or a time what SQLite's driver takes. The same ones come over and over."""
    convert = taking(kind)
    return cache(convert) if convert else lambda value: value


def _converted(row: Values, changes: Iterable[tuple[int, Convert]]) -> Values:
    values = list(row)
    for at, convert in changes:
        values[at] = convert(values[at])
    return tuple(values)
