"""What is different between two forms of one playbook, field by field. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import BaseModel

from bot.library.resolving import Resolved
from bot.library.schema import Playbook, StepSpec, dump
from bot.library.shaping import STEP, Source


class Change(StrEnum):
    ADDED = "added"
    LEFT_OUT = "left out"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Difference:
    """A step that is only in one of them, or a field that is different.

    An empty `step` stands for the playbook itself. `before` and `after` are what a reader sees, one line for each item
    of a list; for a step that is added or left out they are its title, and `field` is empty.
    """

    change: Change
    step: str
    field: str
    before: str
    after: str


def compare(before: Playbook, after: Playbook) -> list[Difference]:
    """The playbook's own fields first, then the steps in the order of `after`, then those it has no more."""
    return [*_own_fields(before, after), *_steps(before, after)]


def shaper(difference: Difference, resolved: Resolved) -> Source | None:
    """What in an overlay makes this difference, if it is one between a playbook and what became of it."""
    step, field = difference.step, difference.field
    if difference.change is Change.LEFT_OUT:
        return resolved.left_out.get(step)
    if difference.change is Change.ADDED:
        return resolved.sources.get((step, STEP))
    head = field.partition(".")[0]
    within = [source for (key, name), source in resolved.sources.items() if key == step and name.startswith(f"{head}.")]
    places = [
        (step, field),
        (step, head),
        *([(step, "kind")] if step else []),
    ]  # a mail that becomes a call loses parts
    return next((resolved.sources[place] for place in places[:2] if place in resolved.sources), None) or next(
        iter(within), resolved.sources.get(places[-1])
    )


def _own_fields(before: Playbook, after: Playbook) -> Iterator[Difference]:
    left, right = dump(before), dump(after)
    for name in Playbook.model_fields:
        if name != "steps" and left.get(name) != right.get(name):
            yield Difference(Change.CHANGED, "", name, _spelled(left.get(name)), _spelled(right.get(name)))


def _steps(before: Playbook, after: Playbook) -> Iterator[Difference]:
    left = {step.key: step for step in before.steps}
    right = {step.key: step for step in after.steps}
    for key, step in right.items():
        if key in left:
            yield from _fields(left[key], step)
        else:
            yield Difference(Change.ADDED, key, "", "", step.title)
    for key, step in left.items():
        if key not in right:
            yield Difference(Change.LEFT_OUT, key, "", step.title, "")


def _fields(before: StepSpec, after: StepSpec) -> Iterator[Difference]:
    if before is after:
        return
    left, right = fields_of(before), fields_of(after)
    for name in dict.fromkeys([*left, *right]):
        if left.get(name) != right.get(name):
            yield Difference(Change.CHANGED, after.key, name, left.get(name, ""), right.get(name, ""))


def fields_of(step: StepSpec) -> dict[str, str]:
    """The fields of a step as a reader sees them; a part's as `email.template`. What is empty is left out."""
    fields: dict[str, str] = {}
    for name in type(step).model_fields:
        value = getattr(step, name)
        if isinstance(value, BaseModel):
            written = value.model_dump(mode="json", exclude_defaults=True)
            fields |= {f"{name}.{part}": _spelled(inner) for part, inner in written.items()}
        elif name != "key" and (text := _spelled(_json(value))):
            fields[name] = text
    return fields


def _json(value: Any) -> Any:
    if isinstance(value, list):
        return [
            item.model_dump(mode="json", exclude_defaults=True) if isinstance(item, BaseModel) else item
            for item in value
        ]
    return value


def _spelled(value: Any) -> str:
    """A value on one line; a list of parts on a line for each; a text as it is."""
    match value:
        case None | False:
            return ""
        case True:
            return "yes"
        case dict():
            return ", ".join(f"{name}: {_spelled(inner)}" for name, inner in value.items())
        case list() if any(isinstance(item, dict) for item in value):
            return "\n".join(_spelled(item) for item in value)
        case list():
            return ", ".join(str(item) for item in value)
    return str(value).strip()
