"""How often customers may be asked for favours, playbooks/advocacy.yaml."""

from pathlib import Path

from pydantic import Field

from bot.library.configuration import load_configuration
from bot.library.schema import Authored


class ContactLimit(Authored):
    """How often one person may be asked."""

    asks: int = Field(2, ge=1, le=100, description="at most so many asks")
    days: int = Field(180, ge=1, le=3650, description="in so many days")


class AdvocacyPolicy(Authored):
    """When a customer may be asked for a favour. A leader can override it with a reason."""

    contact: ContactLimit = Field(ContactLimit(), description="how often one person may be asked")
    account_asks_per_quarter: int = Field(
        3, ge=1, le=100, description="how many asks all people of an account get in a calendar quarter"
    )
    quiet_days_after_no: int = Field(90, ge=0, le=3650, description="how long somebody who said no is left alone")
    not_while_at_risk: bool = Field(True, description="no asks while a playbook of category `at-risk` is running")
    not_while_escalated: bool = Field(True, description="no asks while an escalation is not resolved")


def load_advocacy_policy(directory: Path) -> AdvocacyPolicy:
    """The policy of a playbooks directory; the default where it has none. Raises ConfigurationError with the line."""
    return load_configuration(directory / "advocacy.yaml", AdvocacyPolicy)
