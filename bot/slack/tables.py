"""Tables: as lines of equal width for Slack or a terminal, and as rows for a CSV file."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.slack.blocks import Block, section
from bot.slack.limits import SECTION_TEXT
from bot.slack.text import escape, shorten

WIDTH = 68  # columns that Slack shows without breaking a line
GAP = 2
QUOTE = "'"
FIXED_SPACE = "\N{NO-BREAK SPACE}"

Cell = str | int | float | None


@dataclass(frozen=True, slots=True)
class Table:
    """Raw values. `None` is a cell that says nothing."""

    headings: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


def text_lines(table: Table, *, first: int = 24, width: int = WIDTH) -> list[str]:
    """The table as lines of at most `width` columns; what does not fit beside the first column follows below it.

    The first column (`first` wide at most) is repeated with each part; numbers stand to the right.
    """
    parts = [_part(table, columns, first) for columns in _spread(table, first, width)]
    return [line for number, part in enumerate(parts) for line in ([""] if number else []) + part]


def _spread(table: Table, first: int, width: int) -> list[list[int]]:
    """The columns after the first, in groups that fit side by side."""
    room = width - _width(table, 0, first)
    groups: list[list[int]] = [[]]
    left = room
    for column in range(1, len(table.headings)):
        needed = GAP + _width(table, column, room - GAP)
        if groups[-1] and needed > left:
            groups.append([])
            left = room
        groups[-1].append(column)
        left -= needed
    return groups


def _width(table: Table, column: int, most: int) -> int:
    cells = [table.headings[column], *(_words(row[column]) for row in table.rows)]
    return min(most, max(map(len, cells)))


def _part(table: Table, columns: Sequence[int], first: int) -> list[str]:
    shown = [0, *columns]
    widths = [_width(table, 0, first), *(_width(table, column, WIDTH) for column in columns)]
    lines = [_line([table.headings[column] for column in shown], widths)]
    return lines + [_line([row[column] for column in shown], widths) for row in table.rows]


def _line(cells: Sequence[Cell], widths: Sequence[int]) -> str:
    head, *others = cells
    texts = [_one_line(_words(head), widths[0]).ljust(widths[0])]
    texts += [_one_line(_words(cell), width).rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
    return (" " * GAP).join(texts).rstrip()


def _one_line(text: str, width: int) -> str:
    return shorten(" ".join(text.split()), width)


def _words(cell: Cell) -> str:
    if cell is None:
        return ""
    return f"{cell:,}" if isinstance(cell, int) else str(cell)


def code_blocks(lines: Iterable[str]) -> list[Block]:
    """The lines in as few sections as they fit into, each a code span: the demo workspace knows no code blocks.

    Spaces are kept apart, and no mark in a line ends its span early.
    """
    blocks: list[list[str]] = []
    length = 0
    for line in lines:
        spelled = f"`{escape(line.replace('`', QUOTE)).replace(' ', FIXED_SPACE)}`" if line.strip() else ""
        if not blocks or length + 1 + len(spelled) > SECTION_TEXT:
            blocks.append([])
            length = 0
        blocks[-1].append(spelled)
        length += 1 + len(spelled)
    return [section(text) for block in blocks if (text := "\n".join(block)).strip()]
