"""How often customers hear from us, playbooks/contacting.yaml."""

from pathlib import Path

from pydantic import Field

from bot.library.configuration import load_configuration
from bot.library.schema import Authored
from bot.models import Touch


class MailLimit(Authored):
    """How many mails one person gets."""

    mails: int = Field(3, ge=1, le=100, description="at most so many mails")
    days: int = Field(7, ge=1, le=365, description="in so many days")


class MailLimits(Authored):
    """The limit by how an account is served."""

    high: MailLimit = Field(MailLimit(mails=3, days=7), description="accounts with high touch")
    low: MailLimit = Field(MailLimit(mails=3, days=7), description="accounts with low touch")
    none: MailLimit = Field(MailLimit(mails=2, days=7), description="accounts with no touch")

    def of(self, touch: Touch) -> MailLimit:
        return {Touch.HIGH: self.high, Touch.LOW: self.low, Touch.NONE: self.none}[touch]


class ContactingPolicy(Authored):
    """When a customer may hear from us. What goes by itself keeps to it; a person is told and decides."""

    per_contact: MailLimits = Field(MailLimits(), description="how many mails one person gets")
    gap_days: int = Field(
        2, ge=0, le=90, description="days from one contact with an account to the next of another playbook"
    )
    put_off_days: int = Field(
        10, ge=1, le=90, description="after so many days of putting off, an automatic email is left to a person"
    )
    expansion_waits: bool = Field(
        True, description="while an at-risk playbook or an escalation is open, expansion playbooks keep away"
    )


def load_contacting_policy(directory: Path) -> ContactingPolicy:
    """The policy of a playbooks directory; the default where it has none. Raises ConfigurationError with the line."""
    return load_configuration(directory / "contacting.yaml", ContactingPolicy)
