"""What conditions in playbooks can ask about an account and a contact."""

from collections.abc import Iterable
from datetime import date
from enum import Enum
from typing import Any

from bot.library.quarters import quarter_end
from bot.models import Account, Anchor, Contact, MemberRole

ACCOUNT_COLUMNS = (
    "key",
    "name",
    "domain",
    "segment",
    "touch",
    "stage",
    "maturity",
    "journey",
    "entry_reason",
    "industry",
    "country",
    "outcome",
    "arr",
    "currency",
    "sentiment",
    *(anchor.value for anchor in Anchor),
)
DATES_AHEAD = tuple(f"days_until_{anchor}" for anchor in Anchor)
CONTACT_COLUMNS = ("name", "email", "title", "roles", "nps", "may_email", "advocate", "advocacy")

# Nobody was ever asked before they were, so these are known of everybody: `contact.days_since_ask > 90` holds of them.
NO_ADVOCATE = "none"
NEVER_ASKED = 36_500


def account_facts(account: Account, today: date) -> dict[str, Any]:
    """The account's fields as CEL values. What is not known is left out, so a condition on it does not hold.

    Dates are ISO texts, and `days_until_renewal_date` and the like count the days from `today`, as does
    `days_until_quarter_end`: to the last day of the calendar quarter.
    """
    facts = {name: _value(getattr(account, name)) for name in ACCOUNT_COLUMNS}
    for anchor in Anchor:
        day: date | None = getattr(account, anchor)
        facts[f"days_until_{anchor}"] = (day - today).days if day else None
    facts["days_until_quarter_end"] = (quarter_end(today) - today).days
    known = {name: value for name, value in facts.items() if value is not None}
    return {**known, "attributes": account.attributes}


def overlay_facts(account: Account, team: Iterable[MemberRole], today: date) -> dict[str, Any]:
    """What the conditions of overlays can ask. `team` are the roles in which somebody works for the account."""
    return {"account": account_facts(account, today) | {"team": sorted(role.value for role in team)}}


def contact_facts(contact: Contact, today: date) -> dict[str, Any]:
    """The contact's fields as CEL values. `days_since_ask` counts the days since the latest advocacy ask."""
    facts = {name: _value(getattr(contact, name)) for name in CONTACT_COLUMNS}
    facts["advocate"] = facts["advocate"] or NO_ADVOCATE
    facts["days_since_ask"] = (today - contact.asked_at.date()).days if contact.asked_at else NEVER_ASKED
    return {name: value for name, value in facts.items() if value is not None}


def _value(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    return value.isoformat() if isinstance(value, date) else value
