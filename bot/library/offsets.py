"""How playbooks write times: `3bd`, `renewal_date - 90d`, `welcome-email + 1w`."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

START = "start"
OPENING = "opening"  # the day on which the steps that a step needs are finished
EXPECTED = 'expected an offset such as "3bd", "renewal_date - 90d" or "kickoff + 1w" (d, bd or w)'

_AMOUNT = r"(?P<amount>\d+)\s*(?P<unit>bd|d|w)"
_OFFSET = re.compile(rf"(?P<sign>[+-])?\s*{_AMOUNT}")
_DUE = re.compile(rf"(?P<reference>[a-z][a-z0-9_-]*)(?:\s+(?P<sign>[+-])\s*{_AMOUNT})?")


class Unit(StrEnum):
    DAYS = "d"
    BUSINESS_DAYS = "bd"
    WEEKS = "w"


@dataclass(frozen=True, slots=True)
class Offset:
    """A signed distance in days, business days or weeks."""

    amount: int
    unit: Unit = Unit.DAYS

    def __str__(self) -> str:
        return f"{self.amount}{self.unit}"

    def plus(self, other: "Offset") -> "Offset | None":
        """Both together; None for business days and other days, which do not add up without a calendar."""
        if not self.amount or not other.amount:
            return self if self.amount else other
        if self.unit is other.unit:
            return Offset(self.amount + other.amount, self.unit)
        if Unit.BUSINESS_DAYS in (self.unit, other.unit):
            return None
        return Offset(self._days + other._days)

    @property
    def _days(self) -> int:
        return self.amount * 7 if self.unit is Unit.WEEKS else self.amount

    @classmethod
    def parse(cls, written: str) -> "Offset":
        match = _OFFSET.fullmatch(written.strip())
        if match is None:
            raise ValueError(f"{EXPECTED}, got {written!r}")
        return cls._from(match)

    @classmethod
    def _from(cls, match: re.Match[str]) -> "Offset":
        amount = int(match["amount"])
        return cls(-amount if match["sign"] == "-" else amount, Unit(match["unit"]))


@dataclass(frozen=True, slots=True)
class Due:
    """An offset from a reference: `start` (the run's day zero), `opening` (the day on which the step can be done), an
    anchor date of the account, or a step's key."""

    reference: str = START
    offset: Offset = Offset(0)

    def __str__(self) -> str:
        if self.reference == START:
            return str(self.offset)
        sign = "-" if self.offset.amount < 0 else "+"
        return f"{self.reference} {sign} {abs(self.offset.amount)}{self.offset.unit}"

    @classmethod
    def parse(cls, written: str) -> "Due":
        if _OFFSET.fullmatch(written.strip()):
            return cls(START, Offset.parse(written))
        match = _DUE.fullmatch(written.strip())
        if match is None:
            raise ValueError(f"{EXPECTED}, got {written!r}")
        return cls(match["reference"], Offset._from(match) if match["amount"] else Offset(0))


def _parser(kind: type[Offset] | type[Due]) -> BeforeValidator:
    def parse(value: Any) -> Any:
        if isinstance(value, kind):
            return value
        if not isinstance(value, str):
            raise ValueError(f"{EXPECTED}, got {value!r}")
        return kind.parse(value)

    return BeforeValidator(parse)


OffsetText = Annotated[
    Offset,
    _parser(Offset),
    PlainSerializer(str),
    WithJsonSchema({"type": "string", "examples": ["3bd", "-120d", "2w"]}),
]
DueText = Annotated[
    Due,
    _parser(Due),
    PlainSerializer(str),
    WithJsonSchema({"type": "string", "examples": ["0d", "3bd", "renewal_date - 90d", "kickoff + 1w"]}),
]
