"""Amounts of money as people type them."""

import re
from decimal import Decimal

from bot.errors import InvalidInput

_AMOUNT = re.compile(
    r"[^\d.,\s]{0,3}\s*(?P<number>\d+(?:[.,\s]\d{3})*|\d+)(?:[.,](?P<part>\d{1,2}))?\s*(?P<unit>[km]?)", re.IGNORECASE
)
_UNITS = {"": 1, "k": 1_000, "m": 1_000_000}


def parse_amount(text: str | None, field: str) -> int | None:
    """`120,000`, `120k` and `1.2m` in whole units; None for nothing. Raises InvalidInput for the field."""
    if not text:
        return None
    match = _AMOUNT.fullmatch(text.strip())
    if match is None:
        raise InvalidInput("That is not an amount. Write it like 120000, 120,000 or 120k.", field=field)
    whole = re.sub(r"[.,\s]", "", match["number"])
    return int(Decimal(f"{whole}.{match['part'] or 0}") * _UNITS[match["unit"].lower()])
