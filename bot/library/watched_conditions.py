"""Conditions that are asked of every account again and again: those of rules and of guardrails.

They name every field they ask for, so that they are told of no more: that is what asking costs. In them every number is
a fraction, as CEL adds no whole number to a fraction: `measures.now < measures.before - 5` is what it looks like.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from cel import Program

from bot.library.conditions import (
    ACCOUNT_FIELDS,
    CONTACT_FIELDS,
    ConditionError,
    check_expression,
    compiled,
    is_true,
)
from bot.library.nearness import unknown_name

ACCOUNT, CONTACT, MEASURES, AT_START, BANDS = "account", "contact", "measures", "at_start", "bands"
SUBJECTS = (ACCOUNT, CONTACT, MEASURES, AT_START, BANDS)

GUARDED_FIELDS = frozenset(
    {
        "health",
        "band",
        "health_change",
        "confidence",
        "days_since_contact",
        "days_since_sentiment",
        "steps_overdue",
        "longest_overdue_days",
        "open_escalations",
    }
)
"""What rules and guardrails can ask of an account besides what all conditions can."""
WATCHED_FIELDS = ACCOUNT_FIELDS | GUARDED_FIELDS
BAND_FIELDS = frozenset({"green", "yellow"})

Facts = Mapping[str, Mapping[str, Any]]
"""By subject, what is known of it."""

_NOTHING: Mapping[str, Any] = {}
_NUMBERS = frozenset({MEASURES, AT_START})
_TEXT = re.compile(r"""("[^"]*"|'[^']*'|\[\s*\d+\s*\])""")  # texts, and places in lists, stay as they are
_WHOLE_NUMBER = re.compile(r"(?<![\w.])(\d+)(?![\w.])")
_FIELD = re.compile(rf"(?<![\w.])({'|'.join(SUBJECTS)})\s*\.\s*(\w+)")
_NO_FIELD = re.compile(rf"(?<![\w.])({'|'.join(SUBJECTS)})\b(?!\s*\.)")
_CONTACT = re.compile(r"(?<![\w.])contact\b")
_KINDS = {ACCOUNT: "field of the account", CONTACT: "field of the contact", BANDS: "band"}


@dataclass(frozen=True)
class WatchedCondition:
    text: str

    @cached_property
    def asks(self) -> Mapping[str, frozenset[str]]:
        """By subject, the fields it asks for."""
        found: dict[str, set[str]] = {}
        for subject, name in _FIELD.findall(_TEXT.sub("", self.text)):
            found.setdefault(subject, set()).add(name)
        return {subject: frozenset(names) for subject, names in found.items()}

    def asked(self, subject: str) -> frozenset[str]:
        return self.asks.get(subject, frozenset())

    @cached_property
    def expression(self) -> str:
        """It as it is evaluated."""
        parts = _TEXT.split(self.text)
        return "".join(
            part if _TEXT.fullmatch(part) else _WHOLE_NUMBER.sub(lambda number: f"{number[1]}.0", part)
            for part in parts
        )

    @cached_property
    def _fields(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        return tuple((subject, tuple(names)) for subject, names in self.asks.items())

    def holds(self, facts: Facts) -> bool | None:
        """Whether it is true; None when a number it needs was not measured. Raises ConditionError.

        What is not known of the account or the contact makes it false, as for all conditions.
        """
        context: dict[str, Any] = {}
        lacks_number = False
        for subject, names in self._fields:
            known = facts.get(subject)
            if known is None:
                known = _NOTHING
            found = {name: _fraction(known[name]) for name in names if name in known}
            context[subject] = found
            if len(found) < len(names) and subject in _NUMBERS:
                lacks_number = True
        if lacks_number:  # evaluated all the same where it may hold without the missing number
            return None if self._needs_all or not is_true(self._program, context) else True
        return is_true(self._program, context)

    @cached_property
    def _program(self) -> Program:
        return compiled(self.expression)

    @cached_property
    def _needs_all(self) -> bool:
        return "||" not in self.text and "has(" not in self.text and "?" not in self.text


def _fraction(value: Any) -> Any:
    if type(value) is int:
        return float(value)
    if type(value) is dict:
        return {key: _fraction(item) for key, item in value.items()}
    return value


def check_watched(text: str, *, subjects: Collection[str], measures: Collection[str] = ()) -> str:
    """The condition, when it asks for nothing but what there is; raises ValueError otherwise.

    It is tried on an account for which everything is known, so that comparing what cannot be compared is told at once.
    """
    if CONTACT not in subjects and _CONTACT.search(_TEXT.sub("", text)):
        raise ValueError(f"this condition is about the account; it cannot ask for a contact: {text!r}")
    check_expression(text, subjects)
    if whole := _NO_FIELD.search(_TEXT.sub("", text)):
        subject = whole[1]
        raise ValueError(f"name the fields of the {subject} with a dot, as in {_example(subject, measures)}: {text!r}")
    condition = WatchedCondition(text)
    known = {ACCOUNT: WATCHED_FIELDS, CONTACT: CONTACT_FIELDS, BANDS: BAND_FIELDS}
    for subject, names in condition.asks.items():
        there = known.get(subject, frozenset(measures))
        for name in sorted(names - there):
            raise ValueError(unknown_name(_KINDS.get(subject, "measure of this rule"), name, sorted(there)))
    try:
        condition.holds(_sample(measures))
    except ConditionError as error:
        raise ValueError(error.message) from None
    return text


def _example(subject: str, measures: Collection[str]) -> str:
    fields = {ACCOUNT: "health", CONTACT: "nps", BANDS: "green"}
    return f"{subject}.{fields.get(subject) or next(iter(measures), 'now')}"


_WORDS = {
    *("key", "name", "domain", "segment", "touch", "stage", "journey", "entry_reason", "industry", "country"),
    *("outcome", "currency", "sentiment", "band", "email", "title", "advocate"),
    *("contract_start", "trial_end", "go_live_date", "renewal_date"),
}
_LISTS = {"roles", "advocacy"}


def _sample(measures: Collection[str]) -> Facts:
    """An account and a contact of whom everything is known, but for the account's own attributes."""

    def value(name: str) -> Any:
        if name in _LISTS:
            return ["x"]
        return True if name == "may_email" else "x" if name in _WORDS else 1

    numbers = dict.fromkeys(measures, 1.0)
    return {
        ACCOUNT: {name: value(name) for name in WATCHED_FIELDS if name != "attributes"},
        CONTACT: {name: value(name) for name in CONTACT_FIELDS},
        MEASURES: numbers,
        AT_START: numbers,
        BANDS: dict.fromkeys(BAND_FIELDS, 1),
    }
