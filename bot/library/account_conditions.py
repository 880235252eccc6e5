"""Conditions that are about an account alone: those of the segment table, of gates and of a journey's milestones."""

import re
from typing import Annotated

from pydantic import AfterValidator

from bot.library.conditions import ACCOUNT_FIELDS, Condition, unknown_fields
from bot.library.nearness import unknown_name

_TEXT = re.compile(r"""("[^"]*"|'[^']*')""")
_CONTACT = re.compile(r"(?<![\w.])contact\b")
_ASKED = re.compile(r"(?<![\w.])account\s*\.\s*(\w+)")


def asked_fields(expression: str) -> frozenset[str]:
    """The fields of the account that a condition asks for."""
    return frozenset(_ASKED.findall(_TEXT.sub("", expression)))


def _about_account(expression: str) -> str:
    if _CONTACT.search(_TEXT.sub("", expression)):
        raise ValueError(f"this condition is about the account; it cannot ask for a contact: {expression!r}")
    for name in unknown_fields(expression):
        raise ValueError(unknown_name("field of the account", name.removeprefix("account."), sorted(ACCOUNT_FIELDS)))
    return expression


AccountCondition = Annotated[Condition, AfterValidator(_about_account)]
