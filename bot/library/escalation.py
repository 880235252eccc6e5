"""The escalation policy, playbooks/escalation.yaml."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from pydantic import Field, field_validator

from bot.library.configuration import load_configuration
from bot.library.schema import Authored
from bot.models import Severity


class EscalationPolicy(Authored):
    acknowledge_within_hours: Mapping[Severity, float] = Field(
        default={Severity.CRITICAL: 1, Severity.HIGH: 4, Severity.MEDIUM: 8, Severity.LOW: 24}
    )

    @field_validator("acknowledge_within_hours")
    @classmethod
    def _complete_and_positive(cls, hours: Mapping[Severity, float]) -> Mapping[Severity, float]:
        missing = [severity.value for severity in Severity if severity not in hours]
        if missing:
            raise ValueError(f"hours are missing for {', '.join(missing)}")
        if min(hours.values()) <= 0:
            raise ValueError("hours are more than 0")
        return hours

    def time_to_acknowledge(self, severity: Severity) -> timedelta:
        return timedelta(hours=self.acknowledge_within_hours[severity])


def load_escalation_policy(directory: Path) -> EscalationPolicy:
    """The policy of a playbooks directory; the default where it has none. Raises ConfigurationError with the line."""
    return load_configuration(directory / "escalation.yaml", EscalationPolicy)
