"""How often alerts may interrupt a person, playbooks/interruptions.yaml."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from bot.library.configuration import load_configuration
from bot.library.schema import Authored
from bot.models import Severity

Number = Annotated[int, Field(ge=0, le=100)]


class AtOnce(Authored):
    """So many alerts of a severity come at once to one person a day. Critical ones always do, at any hour."""

    high: Number = Field(5, description="of high severity")
    medium: Number = Field(2, description="of medium severity")
    low: Number = Field(0, description="of low severity")


class Interruptions(Authored):
    """How often alerts may interrupt. What does not come at once is one message on the next working morning."""

    at_once_a_day: AtOnce = Field(AtOnce(), description="so many come at once, in working hours")
    at_any_hour: list[Literal[Severity.HIGH, Severity.MEDIUM, Severity.LOW]] = Field(
        [], description="severities that, like critical, do not wait for working hours"
    )

    def room_for(self, severity: Severity) -> int:
        """How many of a severity, other than critical, come at once in a day."""
        return int(getattr(self.at_once_a_day, severity.value))


def load_interruptions(directory: Path) -> Interruptions:
    """The budget of a playbooks directory; the default where it has none. Raises ConfigurationError with the line."""
    return load_configuration(directory / "interruptions.yaml", Interruptions)
