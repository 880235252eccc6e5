"""Conditions in playbooks: expressions of the Common Expression Language, which can compute but not act."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any

import cel
from pydantic import AfterValidator

from bot.errors import PlaycallError

VARIABLES = frozenset({"account", "contact"})


class ConditionError(PlaycallError):
    """A condition of a playbook could not be evaluated."""


@lru_cache(maxsize=4096)
def _compiled(expression: str) -> cel.Program:
    return cel.compile(expression)


def _check(expression: str) -> str:
    try:
        program = _compiled(expression)
    except ValueError as error:
        raise ValueError(f"not a CEL expression: {expression!r} ({_first_complaint(error)})") from None
    unknown = sorted(set(program.variables()) - VARIABLES)
    if unknown:
        raise ValueError(f"unknown name {unknown[0]!r} in {expression!r}: a condition is about account or contact")
    return expression


def _first_complaint(error: ValueError) -> str:
    lines = [line for line in str(error).splitlines() if "ERROR" in line]
    return lines[0].split("Syntax error: ")[-1] if lines else str(error)


Condition = Annotated[str, AfterValidator(_check)]


def holds(expression: str | None, facts: Mapping[str, Any]) -> bool:
    """Whether a condition is true of the facts. No condition always holds.

    A field that the facts lack makes the condition false, as an account without a renewal date is not one whose
    renewal is near. Raises ConditionError when the expression compares what cannot be compared.
    """
    if expression is None:
        return True
    try:
        return bool(_compiled(expression).execute(dict(facts)))
    except KeyError:
        return False
    except (RuntimeError, TypeError, ValueError) as error:
        raise ConditionError(f"The condition {expression!r} cannot be evaluated: {error}") from error
