"""Conditions in playbooks: expressions of the Common Expression Language, which can compute but not act."""

import re
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Annotated, Any

import cel
from pydantic import AfterValidator

from bot.errors import PlaycallError
from bot.library.facts import ACCOUNT_COLUMNS, CONTACT_COLUMNS
from bot.models import Anchor

VARIABLES = frozenset({"account", "contact"})
MEASURES = "measures"
ACCOUNT_FIELDS = frozenset(
    {*ACCOUNT_COLUMNS, "attributes", "days_until_quarter_end", *(f"days_until_{anchor}" for anchor in Anchor)}
)
CONTACT_FIELDS = frozenset({*CONTACT_COLUMNS, "days_since_ask"})
FIELDS = {"account": ACCOUNT_FIELDS, "contact": CONTACT_FIELDS}

MOST_CHARACTERS = 2_000
MOST_NESTED = 2  # loops inside one another: each multiplies what the one around it costs, and CEL itself has no limit

_TEXT = re.compile(r"""("[^"]*"|'[^']*')""")
_LOOP = re.compile(r"(\.\s*(?:all|exists|exists_one|map|filter)\s*\()|[()]")
_MAP = re.compile(r"\.\s*map\s*\(")
_FIELD = re.compile(r"(?<![\w.])(account|contact)\s*\.\s*(\w+)")
_MEASURE = re.compile(r"(?<![\w.])measures\s*\.\s*(\w+)")
_BOUND = re.compile(r"\.\s*(?:all|exists|exists_one|map|filter)\s*\(\s*(\w+)\s*,")


class ConditionError(PlaycallError):
    """A condition of a playbook could not be evaluated."""


@lru_cache(maxsize=4096)
def _compiled(expression: str) -> cel.Program:
    return cel.compile(expression)


def _check_measured(expression: str) -> str:
    return check_expression(expression, VARIABLES | {MEASURES})


def check_expression(expression: str, variables: Collection[str] = VARIABLES) -> str:
    """The expression, when it is CEL, cheap, and asks for nothing but these variables; raises ValueError otherwise."""
    _require_cheap(expression)
    try:
        program = _compiled(expression)
    except ValueError as error:
        raise ValueError(f"not a CEL expression: {expression!r} ({_first_complaint(error)})") from None
    bound = set(_BOUND.findall(expression))  # `role` in `contact.roles.exists(role, role == "admin")`
    unknown = sorted(set(program.variables()) - set(variables) - bound)
    if unknown:
        about = " or ".join(sorted(variables))
        raise ValueError(f"unknown name {unknown[0]!r} in {expression!r}: a condition is about {about}")
    return expression


def _require_cheap(expression: str) -> None:
    """Raises ValueError for what could hold up the process, or fill its memory, for as long as its author likes."""
    if len(expression) > MOST_CHARACTERS:
        raise ValueError(f"a condition has at most {MOST_CHARACTERS:,} characters; this has {len(expression):,}")
    code = _TEXT.sub("", expression)
    if _nested(code) > MOST_NESTED:
        raise ValueError(
            f"at most {MOST_NESTED} of all, exists, filter and map can be inside one another: {expression!r}"
        )
    if len(_MAP.findall(code)) > 1:
        raise ValueError(f"map can be used once in a condition: {expression!r}")


def _nested(code: str) -> int:
    """How deep its loops are inside one another."""
    deepest, opened = 0, list[bool]()
    for found in _LOOP.finditer(code):
        if found[0] == ")":
            del opened[-1:]
        else:
            opened.append(bool(found[1]))
            deepest = max(deepest, sum(opened))
    return deepest


def unknown_fields(expression: str) -> list[str]:
    """The fields a condition asks for that accounts and contacts do not have, so that it would never hold."""
    asked = _FIELD.findall(_TEXT.sub("", expression))
    return [f"{subject}.{name}" for subject, name in asked if name not in FIELDS[subject]]


def _first_complaint(error: ValueError) -> str:
    lines = [line for line in str(error).splitlines() if "ERROR" in line]
    return lines[0].split("Syntax error: ")[-1] if lines else str(error)


def measures_asked(expression: str) -> list[str]:
    """The names of the measures that a condition asks for."""
    return _MEASURE.findall(_TEXT.sub("", expression))


Condition = Annotated[str, AfterValidator(check_expression)]
MeasuredCondition = Annotated[str, AfterValidator(_check_measured)]
"""It may ask for `measures` as well."""


def constant(expression: str) -> bool | None:
    """What a condition is whatever the account: `1 > 2`. None for one that asks something."""
    program = _compiled(expression)
    if program.variables():
        return None
    try:
        return bool(program.execute({}))
    except (KeyError, RuntimeError, TypeError, ValueError):
        return False  # it cannot be evaluated, so that it never holds


def holds(expression: str | None, facts: Mapping[str, Any]) -> bool:
    """Whether a condition is true of the facts. No condition always holds.

    A field that the facts lack makes the condition false, as an account without a renewal date is not one whose
    renewal is near. Raises ConditionError when the expression compares what cannot be compared.
    """
    if expression is None:
        return True
    return is_true(_compiled(expression), dict(facts))


def compiled(expression: str) -> cel.Program:
    """For who asks the same of many, with `is_true`. Raises ValueError for what is not CEL."""
    return _compiled(expression)


def is_true(program: cel.Program, context: dict[str, Any]) -> bool:
    """The same of an expression that is compiled already."""
    try:
        return bool(program.execute(context))
    except KeyError:
        return False
    except (RuntimeError, TypeError, ValueError) as error:
        raise ConditionError(f"The condition {program.source!r} cannot be evaluated: {error}") from error
