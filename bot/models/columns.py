"""Column types that behave the same on SQLite and PostgreSQL."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    DateTime,
    Dialect,
    Enum,
    Integer,
    String,
    literal_column,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NullType, TypeDecorator
from sqlmodel import Field, SQLModel

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

BIG_ID = BigInteger().with_variant(Integer(), "sqlite")
JSON_OBJECT = JSON().with_variant(JSONB(), "postgresql")


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime, kept in UTC. SQLite has no zones: it holds the naive UTC value and gets the zone back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive datetime {value!r}: every instant carries its zone")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002  # theirs
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


def id_field() -> Any:
    """A row's number. It is None until the row is flushed; from then on the annotation `int` is true."""
    return Field(default=None, primary_key=True, sa_type=BIG_ID)


def foreign_key(target: str, *, index: bool = True, cascade: bool = False, **options: Any) -> Any:
    """A reference to another table's id; with `cascade` the row goes when what it refers to goes."""
    on_delete: Any = {"ondelete": "CASCADE"} if cascade else {}
    return Field(foreign_key=f"{target}.id", index=index, sa_type=BIG_ID, **on_delete, **options)


def instant(**options: Any) -> Any:
    return Field(sa_type=UtcDateTime, **options)


def choice(values: type[StrEnum], **options: Any) -> Any:
    """A StrEnum kept as its text, so that adding a member needs no migration."""
    kind = Enum(values, native_enum=False, length=40, values_callable=lambda e: [m.value for m in e])
    return Field(sa_type=kind, **options)


def json_field(**options: Any) -> Any:
    return Field(sa_type=JSON_OBJECT, **options)


def constant(value: StrEnum) -> ColumnElement[str]:
    """A status as part of a statement's text.

    SQLite prepares a statement anew at every execution when a bound value is compared with a column of a partial
    index, which costs more than the rows it selects; and it uses the index only for what the text says.
    """
    return literal_column(f"'{value.value}'", String)


class rarely(FunctionElement[Any]):  # noqa: N801  # reads like a function, as `exists` does
    """A condition that few rows of an index meet.

    SQLite, which keeps no statistics here, takes a status among two for rarer than a moment before now, reads all rows
    of that status and sorts them. Told this, it walks along the index of moments and stops when it has enough.
    """

    inherit_cache = True
    type = NullType()  # of a Boolean SQLAlchemy would ask SQLite whether it is 1, and no index knows that


@compiles(rarely)
def _compile_plainly(element: rarely, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(element.clauses, **options)


@compiles(rarely, "sqlite")
def _compile_as_likelihood(element: rarely, compiler: SQLCompiler, **options: Any) -> str:
    return f"likelihood({compiler.process(element.clauses, **options)}, 0.000001)"
