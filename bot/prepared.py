"""Statements that are asked all the time, made once.

Of what such a read costs on SQLite, SQLAlchemy takes four fifths: finding the compiled statement, binding values,
making rows. Through `glance()` a prepared statement goes straight to the driver, with SQLAlchemy's own types; through
any other connection it is executed like every statement. The rows have the columns as attributes either way.
"""

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from typing import Any, Generic, TypeVar

from sqlalchemy import BindParameter, CompoundSelect, Select, Update, inspect
from sqlalchemy.dialects.postgresql import Insert as PostgresInsert
from sqlalchemy.dialects.sqlite import Insert as SqliteInsert
from sqlalchemy.sql.dml import ReturningInsert
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import Select as SelectSeveral
from sqlmodel.sql.expression import SelectOfScalar

from bot.db import Reader, insert_or
from bot.near_rows import Making
from bot.near_sqlite import NearReader, NearSession
from bot.near_values import DIALECT, Columns, Convert, taking

Query = Select[*tuple[Any, ...]] | CompoundSelect[*tuple[Any, ...]]
T = TypeVar("T")
Statement = Query | Update | ReturningInsert[*tuple[Any, ...]]


class Prepared:
    def __init__(self, build: Callable[[], Statement]) -> None:
        self._build = build

    @cached_property
    def statement(self) -> Statement:
        return self._build()

    @cached_property
    def _direct(self) -> "_Direct":
        return _Direct(self.statement)

    async def rows(self, reader: Reader, parameters: Mapping[str, Any]) -> Sequence[Any]:
        if isinstance(reader, NearReader):
            return self._direct.rows(reader, parameters)
        return (await reader.execute(self.statement, parameters)).all()

    async def each(self, reader: Reader, parameters: Sequence[Mapping[str, Any]]) -> Sequence[Any]:
        """Carry out a change once for each of the parameters. Returns the rows it returns, in no order."""
        if isinstance(reader, NearReader):
            return [row for one in parameters for row in self._direct.rows(reader, one)]
        result = await reader.execute(self.statement, parameters)
        return result.all() if result.returns_rows else ()


class PreparedUpsert:
    """A change that begins with an INSERT that knows ON CONFLICT, made once for each kind of database."""

    def __init__(self, table: type[SQLModel], build: Callable[[PostgresInsert | SqliteInsert], Statement]) -> None:
        self._table = table
        self._build = build
        self._made: dict[str, Prepared] = {}

    async def each(self, session: AsyncSession, parameters: Sequence[Mapping[str, Any]]) -> Sequence[Any]:
        """Carry it out once for each of the parameters. Returns the rows it returns, in no order."""
        dialect = session.get_bind().dialect.name
        if dialect not in self._made:
            self._made[dialect] = Prepared(partial(self._build, insert_or(session, self._table)))
        return await self._made[dialect].each(await session.connection(), parameters)


class PreparedObjects(Generic[T]):
    """A statement that selects whole rows of one table or of several, made once.

    They are objects of the session, as from any statement. T is what one row of the result is.
    """

    def __init__(self, build: Callable[[], SelectOfScalar[T] | SelectSeveral[*tuple[Any, ...]]]) -> None:
        self._build = build

    @cached_property
    def statement(self) -> SelectOfScalar[T] | SelectSeveral[*tuple[Any, ...]]:
        return self._build()

    @cached_property
    def _direct(self) -> "_DirectObjects":
        return _DirectObjects(self.statement)

    async def load(self, session: AsyncSession, parameters: Mapping[str, Any]) -> Sequence[T]:
        if isinstance(session, NearSession):
            await session.settle()
            return self._direct.load(session, await session.connection(), parameters)
        found: Sequence[Any] = (await session.exec(self.statement, params=parameters)).all()
        return found


class _Words:
    """A statement as SQLite's driver takes it, and what turns Python's values into its own."""

    def __init__(self, statement: Statement) -> None:
        compiled = statement.compile(dialect=DIALECT, compile_kwargs={"render_postcompile": True})
        self._sql = str(compiled)
        binds = [_bind(compiled.binds[name]) for name in compiled.positiontup or ()]
        self._places = [(name, value) for name, value, _ in binds]
        self._converts = {name: convert for name, _, convert in binds if name is not None}

    def fetch(self, reader: NearReader, parameters: Mapping[str, Any]) -> list[Any]:
        given = {  # each once, wherever it stands in the statement
            name: convert(parameters[name]) if convert else parameters[name] for name, convert in self._converts.items()
        }
        return reader.fetch(self._sql, [value if name is None else given[name] for name, value in self._places])


class _Direct(_Words):
    """A statement whose rows become named tuples."""

    def __init__(self, statement: Statement) -> None:
        super().__init__(statement)
        columns = list(statement.exported_columns)
        self._columns = Columns(columns)
        row = namedtuple("Row", [column.name for column in columns])  # type: ignore[misc]  # known at run time only
        self._row: Convert = row._make

    def rows(self, reader: NearReader, parameters: Mapping[str, Any]) -> list[Any]:
        return [self._row(self._columns.values(given)) for given in self.fetch(reader, parameters)]


class _DirectObjects(_Words):
    """A statement whose rows become objects of a session: one in each row, or a tuple of several."""

    def __init__(self, statement: Any) -> None:
        super().__init__(statement)
        self._anew = bool(statement.get_execution_options().get("populate_existing"))
        self._making: list[Making] = []
        for described in statement.column_descriptions:
            first = self._making[-1].end if self._making else 0
            self._making.append(Making(inspect(described["entity"]), first))

    def load(self, session: NearSession, reader: NearReader, parameters: Mapping[str, Any]) -> list[Any]:
        within, anew = session.sync_session, self._anew
        found = self.fetch(reader, parameters)
        if len(self._making) == 1:
            [made] = self._making
            return [made.of(within, row, anew=anew) for row in found]
        return [tuple(made.of(within, row, anew=anew) for made in self._making) for row in found]


def _bind(bind: BindParameter[Any]) -> tuple[str | None, Any, Convert | None]:
    """The parameter to take a value from, or None and the value that the statement has itself."""
    convert = taking(bind.type)
    if bind.required:
        return bind.key, None, convert
    return None, convert(bind.value) if convert else bind.value, None
