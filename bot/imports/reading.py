"""A CSV file as it comes: any usual separator and encoding, with or without a byte-order mark."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

from bot.errors import InvalidInput

SEPARATORS = (",", ";", "\t")
_MARKED = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


@dataclass(frozen=True, slots=True)
class RawRow:
    """`number` is the row as a spreadsheet counts it: the header is row 1."""

    number: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class Table:
    headers: list[str]
    rows: list[RawRow]


def read_table(content: bytes) -> Table:
    """The header and the rows that are not blank. Raises InvalidInput for what is no table."""
    text = decode(content)
    if "\0" in text:
        raise InvalidInput("This is no CSV file: it holds binary data. Save the sheet as CSV and try again.")
    records = _records(text, separator_of(text))
    headers = next(records, None)
    if headers is None:
        raise InvalidInput("The file is empty: its first row must name the columns.")
    return Table([header.strip() for header in headers.cells], [row for row in records if any(row.cells)])


def decode(content: bytes) -> str:
    """The text of a file in UTF-8, UTF-16 with a mark, Windows-1252 or Latin-1."""
    for mark, encoding in _MARKED.items():
        if content.startswith(mark):
            return content.decode(encoding, errors="replace")
    for encoding in ("utf-8", "cp1252"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return content.decode("latin-1")


def separator_of(text: str) -> str:
    """The separator that splits the header into most cells."""
    header = text.lstrip().split("\n", 1)[0]
    return max(SEPARATORS, key=lambda separator: len(next(csv.reader([header], delimiter=separator), [])))


def _records(text: str, separator: str) -> Iterator[RawRow]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    number = 0
    try:
        for cells in reader:
            number += 1
            yield RawRow(number, [cell.strip() for cell in cells])
    except csv.Error as error:
        raise InvalidInput(f"The file cannot be read beyond row {number}: {error}.") from error
