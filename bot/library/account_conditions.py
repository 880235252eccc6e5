"""Conditions that are about an account alone: those of segments, gates and a journey's milestones."""

import re
from collections.abc import Collection
from typing import Annotated

from pydantic import AfterValidator

from bot.library.conditions import ACCOUNT_FIELDS, Condition
from bot.library.nearness import unknown_name

_TEXT = re.compile(r"""("[^"]*"|'[^']*')""")
_CONTACT = re.compile(r"(?<![\w.])contact\b")
_ASKED = re.compile(r"(?<![\w.])account\s*\.\s*(\w+)")


def asked_fields(expression: str) -> frozenset[str]:
    """The fields of the account that a condition asks for."""
    return frozenset(_ASKED.findall(_TEXT.sub("", expression)))


def check_about_account(expression: str, fields: Collection[str] = ACCOUNT_FIELDS) -> str:
    """The expression, when it asks for nothing but these fields of the account; raises ValueError otherwise."""
    if _CONTACT.search(_TEXT.sub("", expression)):
        raise ValueError(f"this condition is about the account; it cannot ask for a contact: {expression!r}")
    for name in sorted(asked_fields(expression) - set(fields)):
        raise ValueError(unknown_name("field of the account", name, sorted(fields)))
    return expression


AccountCondition = Annotated[Condition, AfterValidator(check_about_account)]
