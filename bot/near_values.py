"""How SQLite's own driver takes values and gives them back, by the type of their column."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Enum
from sqlalchemy.dialects.sqlite import pysqlite
from sqlalchemy.types import TypeEngine

Convert = Callable[[Any], Any]

DIALECT = pysqlite.dialect()


def taking(kind: TypeEngine[Any]) -> Convert | None:
    """What makes of a value what the driver takes; None where it takes the value itself."""
    return kind.dialect_impl(DIALECT).bind_processor(DIALECT)


def giving(kind: TypeEngine[Any]) -> Convert | None:
    """What makes a value of what the driver gives; None where that is the value."""
    if isinstance(kind, Enum) and kind.enum_class:  # SQLAlchemy's own way calls three functions for each value
        members: dict[str | None, Any] = {None: None, **dict(zip(kind.enums, kind.enum_class, strict=True))}
        return members.__getitem__
    return kind.dialect_impl(DIALECT).result_processor(DIALECT, None)
