"""Reading and writing many rows with few statements."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import groupby, islice
from typing import Any, TypeVar

from sqlalchemy import Select, Table, bindparam, insert, select, update
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

T = TypeVar("T")
Report = Callable[[int], None]  # told how many more are through

CHUNK = 2_000  # far below the 32,766 parameters that SQLite and PostgreSQL take in a statement


def table_of(model: type[SQLModel]) -> Table:
    table: Table = model.__table__  # type: ignore[attr-defined]  # SQLModel sets it on table classes
    return table


def blank_row(model: SQLModel) -> dict[str, Any]:
    """A row with a model's defaults, to be filled in. Made once, not per row: a model takes half a millisecond."""
    return model.model_dump(exclude={"id"})


def chunks(items: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk


async def read_where(
    session: AsyncSession, model: type[SQLModel], column: str, values: Collection[Any]
) -> list[dict[str, Any]]:
    """The rows of a table whose column is one of the values, as dictionaries."""
    table = table_of(model)
    found: list[dict[str, Any]] = []
    for chunk in chunks(values):
        found += await _read(session, select(table).where(table.c[column].in_(chunk)))
    return found


async def read_all(session: AsyncSession, model: type[SQLModel]) -> list[dict[str, Any]]:
    return await _read(session, select(table_of(model)))


async def _read(session: AsyncSession, query: Select[Any]) -> list[dict[str, Any]]:
    connection = await session.connection()
    return [dict(row) for row in (await connection.execute(query)).mappings()]


async def insert_rows(
    session: AsyncSession, model: type[SQLModel], rows: Sequence[dict[str, Any]], report: Report = lambda _: None
) -> None:
    """Every row must have the same keys."""
    connection = await session.connection()
    for chunk in chunks(rows):
        await connection.execute(insert(table_of(model)), chunk)
        report(len(chunk))


async def update_rows(
    session: AsyncSession,
    model: type[SQLModel],
    changes: Iterable[tuple[int, dict[str, Any]]],
    report: Report = lambda _: None,
) -> None:
    """Set, for each id, its own columns: one statement for all rows that set the same ones."""
    table = table_of(model)
    connection = await session.connection()
    by_columns = sorted(
        ((sorted(values), id_, values) for id_, values in changes if values), key=lambda change: change[0]
    )
    for columns, group in groupby(by_columns, key=lambda change: change[0]):
        setting = update(table).where(table.c.id == bindparam("_id")).values({c: bindparam(f"_{c}") for c in columns})
        for chunk in chunks(group):
            parameters = [{"_id": id_} | {f"_{c}": values[c] for c in columns} for _, id_, values in chunk]
            await connection.execute(setting, parameters)
            report(len(chunk))
