"""How SQLite's own driver takes values and gives them back, by the type of their column."""

import json
from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import JSON, ColumnElement, Enum
from sqlalchemy.dialects.sqlite import pysqlite
from sqlalchemy.types import TypeEngine

Convert = Callable[[Any], Any]

DIALECT = pysqlite.dialect()


def taking(kind: TypeEngine[Any]) -> Convert | None:
    """What makes of a value what the driver takes; None where it takes the value itself."""
    return kind.dialect_impl(DIALECT).bind_processor(DIALECT)


def giving(kind: TypeEngine[Any]) -> Convert | None:
    """What makes a value of what the driver gives; None where that is the value.

    It is for what there is: None of the driver's is None whatever the type.
    """
    if isinstance(kind, Enum) and kind.enum_class:  # SQLAlchemy's own way calls three functions for each value
        return dict(zip(kind.enums, kind.enum_class, strict=True)).__getitem__
    if isinstance(kind, JSON):
        return _read_json
    return kind.dialect_impl(DIALECT).result_processor(DIALECT, None)


def _read_json(text: str) -> Any:
    return {} if text == "{}" else json.loads(text)  # most are empty


class Columns:
    """Columns whose values the driver gives, in this order."""

    def __init__(self, columns: Iterable[ColumnElement[Any]]) -> None:
        kinds = [column.type for column in columns]
        self._converts = [(position, convert) for position, kind in enumerate(kinds) if (convert := giving(kind))]

    def values(self, given: Iterable[Any]) -> list[Any]:
        values = list(given)
        for position, convert in self._converts:
            if values[position] is not None:
                values[position] = convert(values[position])
        return values
