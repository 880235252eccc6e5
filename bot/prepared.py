"""Statements that are asked all the time, made once.

Of what such a read costs on SQLite, SQLAlchemy takes four fifths: finding the compiled statement, binding values,
making rows. Through `glance()` a prepared statement goes straight to the driver, with SQLAlchemy's own types; through
any other connection it is executed like every statement. The rows have the columns as attributes either way.
"""

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

from sqlalchemy import BindParameter, CompoundSelect, Dialect, Select, Update
from sqlalchemy.sql.dml import ReturningInsert
from sqlalchemy.types import TypeEngine

from bot.db import Reader
from bot.near_sqlite import NearReader

Convert = Callable[[Any], Any]
Query = Select[*tuple[Any, ...]] | CompoundSelect[*tuple[Any, ...]]
Statement = Query | Update | ReturningInsert[*tuple[Any, ...]]


class Prepared:
    def __init__(self, build: Callable[[], Statement]) -> None:
        self._build = build

    @cached_property
    def statement(self) -> Statement:
        return self._build()

    @cached_property
    def _direct(self) -> "_Direct":
        return _Direct(self.statement, NearReader.dialect)

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


class _Direct:
    """A statement as SQLite's driver takes it, and what turns Python's values into its own and back."""

    def __init__(self, statement: Statement, dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
        columns = list(statement.exported_columns)
        self.sql = str(compiled)
        self.binds = [_bind(compiled.binds[name], dialect) for name in compiled.positiontup or ()]
        self.converted = [
            (position, convert)
            for position, column in enumerate(columns)
            if (convert := _implementation(column.type, dialect).result_processor(dialect, None))
        ]
        row = namedtuple("Row", [column.name for column in columns])  # type: ignore[misc]  # known at run time only
        self.row: Convert = row._make

    def rows(self, reader: NearReader, parameters: Mapping[str, Any]) -> list[Any]:
        values = [
            value if name is None else convert(parameters[name]) if convert else parameters[name]
            for name, value, convert in self.binds
        ]
        return [self._row(list(raw)) for raw in reader.fetch(self.sql, values)]

    def _row(self, values: list[Any]) -> Any:
        for position, convert in self.converted:
            values[position] = convert(values[position])
        return self.row(values)


def _bind(bind: BindParameter[Any], dialect: Dialect) -> tuple[str | None, Any, Convert | None]:
    """The parameter to take a value from, or None and the value that the statement has itself."""
    convert = _implementation(bind.type, dialect).bind_processor(dialect)
    if bind.required:
        return bind.key, None, convert
    return None, convert(bind.value) if convert else bind.value, None


def _implementation(kind: TypeEngine[Any], dialect: Dialect) -> TypeEngine[Any]:
    return kind.dialect_impl(dialect)
