"""How often alerts may interrupt a person, playbooks/interruptions.yaml."""

from collections.abc import Mapping
from pathlib import Path

from pydantic import Field, field_validator

from bot.library.configuration import load_configuration
from bot.library.schema import Authored
from bot.models import Severity

AT_ONCE_A_DAY = {Severity.HIGH: 5, Severity.MEDIUM: 2, Severity.LOW: 0}


class Interruptions(Authored):
    """What comes at once; all other alerts of a person are one message on their next working morning.

    A critical alert always comes at once, at any hour.
    """

    at_once_a_day: Mapping[Severity, int] = Field(
        AT_ONCE_A_DAY, description="so many alerts of a severity come at once to one person a day, in working hours"
    )
    at_any_hour: frozenset[Severity] = Field(
        frozenset(), description="severities besides critical that do not wait for working hours"
    )

    @field_validator("at_once_a_day")
    @classmethod
    def _all_but_critical(cls, numbers: Mapping[Severity, int]) -> Mapping[Severity, int]:
        if Severity.CRITICAL in numbers:
            raise ValueError("critical alerts always come at once: leave `critical` out")
        if missing := [severity.value for severity in AT_ONCE_A_DAY if severity not in numbers]:
            raise ValueError(f"numbers are missing for {', '.join(missing)}")
        if not all(0 <= number <= 100 for number in numbers.values()):
            raise ValueError("a number is between 0 and 100")
        return numbers


def load_interruptions(directory: Path) -> Interruptions:
    """The budget of a playbooks directory; the default where it has none. Raises ConfigurationError with the line."""
    return load_configuration(directory / "interruptions.yaml", Interruptions)
