"""Which column of a file is which field."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.errors import InvalidInput
from bot.imports.values import Parser


@dataclass(frozen=True, slots=True)
class Column:
    """A field that a file may carry. `parse` is None for a date: how to read those is decided for the whole file.

    `aliases` are other headers for it, the surest first; case, spaces and punctuation do not count.
    """

    name: str
    parse: Parser | None
    aliases: tuple[str, ...] = ()

    def rank(self, header: str) -> int | None:
        """How sure this column is that the header means it (0 is best); None when it does not."""
        names = [_plain(name) for name in (self.name, *self.aliases)]
        plain = _plain(header)
        return names.index(plain) if plain in names else None


@dataclass(frozen=True, slots=True)
class Matching:
    """`positions`: where in a row each understood column stands. `unknown`: the other headers, with theirs."""

    positions: list[tuple[Column, int]]
    unknown: list[tuple[str, int]]


def match_columns(headers: Sequence[str], columns: Sequence[Column], required: Sequence[Sequence[str]]) -> Matching:
    """Find the columns in the header.

    Each item of `required` lists names that can stand for one another; of each item one must be there. Raises
    InvalidInput with the names and headers understood when something is missing.
    """
    positions = [
        (column, min(ranked)[1])
        for column in columns
        if (ranked := [(rank, at) for at, header in enumerate(headers) if (rank := column.rank(header)) is not None])
    ]
    found = {column.name for column, _ in positions}
    missing = [names for names in required if not found.intersection(names)]
    if missing:
        raise InvalidInput(" ".join(_missing_sentence(names[0], columns) for names in missing))
    taken = {at for _, at in positions}
    unknown = [(header, at) for at, header in enumerate(headers) if at not in taken and header]
    return Matching(positions, unknown)


def _missing_sentence(name: str, columns: Sequence[Column]) -> str:
    column = next(column for column in columns if column.name == name)
    understood = ", ".join(f'"{alias}"' for alias in column.aliases)
    return f"The column {name} is missing" + (f" (also understood: {understood})." if understood else ".")


def _plain(header: str) -> str:
    return re.sub(r"[\W_]+", "", header.casefold())
