"""Whether the names inside one playbook refer to something, and its steps can be done in some order."""

from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from bot.library.nearness import did_you_mean
from bot.library.offsets import OPENING, START
from bot.models import Anchor

if TYPE_CHECKING:
    from bot.library.schema import Playbook

CONFIRM_OUTCOME = "confirm-outcome"  # the step that a playbook with exit criteria ends with
Location = tuple[int | str, ...]
Complaint = tuple[Location, str]
DATES = frozenset({START, OPENING, *(anchor.value for anchor in Anchor)})


def located_error(title: str, complaints: Iterable[Complaint]) -> ValidationError:
    """An error as pydantic makes them, with each complaint at its place in the document."""
    return ValidationError.from_exception_data(
        title,
        [
            InitErrorDetails(
                type=PydanticCustomError("reference", "{message}", {"message": message}), loc=where, input=None
            )
            for where, message in complaints
        ],
    )


def reference_problems(playbook: "Playbook") -> list[Complaint]:
    """What refers to nothing, each with where in the document it stands."""
    problems = [*_key_problems(playbook), *_unknown_names(playbook)]
    return problems or _order_problems(playbook)


def _key_problems(playbook: "Playbook") -> Iterator[Complaint]:
    seen: set[str] = set()
    for index, step in enumerate(playbook.steps):
        if step.key in seen:
            yield ("steps", index, "key"), f"step {step.key!r} is there twice"
        if step.key in DATES:
            yield ("steps", index, "key"), f"step {step.key!r} has the name of a date"
        if step.key == CONFIRM_OUTCOME and playbook.exit_criteria:
            yield ("steps", index, "key"), f"step {step.key!r} is added by itself, to confirm the exit criteria"
        seen.add(step.key)


def _unknown_names(playbook: "Playbook") -> Iterator[Complaint]:
    known = {step.key for step in playbook.steps}
    for index, step in enumerate(playbook.steps):
        here: Location = ("steps", index)
        for place, needed in enumerate(step.needs):
            if needed not in known:
                yield (
                    (*here, "needs", place),
                    _sentence(
                        f"step {step.key!r} needs {needed!r}, which is not a step here", needed, known - {step.key}
                    ),
                )
        if step.due.reference not in known | DATES:
            message = f"step {step.key!r} is due relative to {step.due.reference!r}: not a step, a date or start"
            yield (*here, "due"), _sentence(message, step.due.reference, known | DATES)
        for place, outcome in enumerate(step.outcomes):
            for key in outcome.not_applicable:
                if key not in known:
                    message = f"outcome {outcome.key!r} of {step.key!r} names {key!r}, which is not a step here"
                    yield (*here, "outcomes", place, "not_applicable"), _sentence(message, key, known)
            for key in outcome.reopen:
                if key not in _needed(playbook, step.key):
                    message = f"outcome {outcome.key!r} reopens {key!r}, which {step.key!r} does not need"
                    yield (*here, "outcomes", place, "reopen"), message


def _sentence(message: str, name: str, known: Iterable[str]) -> str:
    return f"{message}. {did_you_mean(name, sorted(known))}".rstrip()


def _needed(playbook: "Playbook", key: str) -> set[str]:
    """The steps that must be finished before this one, at whatever distance."""
    needs = {step.key: step.needs for step in playbook.steps}
    found: set[str] = set()
    waiting = [key]
    while waiting:
        new = [needed for needed in needs.get(waiting.pop(), []) if needed not in found]
        found.update(new)
        waiting += new
    return found


def _order_problems(playbook: "Playbook") -> list[Complaint]:
    graph = {step.key: {*step.needs, step.due.reference} - DATES for step in playbook.steps}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle: list[str] = list(reversed(error.args[1]))
        index = next(place for place, step in enumerate(playbook.steps) if step.key in circle)
        return [(("steps", index), f"steps wait for each other in a circle: {' -> '.join(circle)}")]
    return []
