"""What the doctor found: one line of its report each."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report. `mend` says what to do; it is empty when nothing is to be done."""

    level: Level
    what: str
    mend: str = ""

    def __str__(self) -> str:
        return f"{self.level:<4}  {self.what}" + (f" {self.mend}" if self.mend else "")
