"""What differs between two contents of a playbook, in an order people can follow. Pure: contents in, changes out."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Any

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from bot.library.schema import Playbook, StepSpec

Content = Mapping[str, Any]

UNSAID = {"key", "title", "steps"}  # of a step or a playbook: told in other words than the rest


class Told(StrEnum):
    """How a change is told."""

    ADDED = "added"
    REMOVED = "removed"
    REWORDED = "reworded"  # of a title
    RETIMED = "retimed"
    RECAST = "recast"  # another role does it
    REORDERED = "reordered"
    LEFT_OUT = "left out"  # by an overlay
    KEPT = "kept"  # no longer left out
    CHANGED = "changed"  # any other field


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. `step` is the title of the step it is about, None for the document itself.

    `before` and `after` are as the file writes them; None where there is nothing.
    """

    told: Told
    step: str | None = None
    field: str | None = None
    before: str | None = None
    after: str | None = None


def compare(before: Content | None, after: Content) -> list[Change]:
    """The changes from one stored content to another. Without a `before` there is nothing to compare with: none."""
    if before is None:
        return []
    return [*_document(before, after), *step_changes(before.get("steps", []), after.get("steps", []))]


def _document(before: Content, after: Content) -> Iterator[Change]:
    if before.get("title") != after.get("title"):
        yield Change(Told.REWORDED, None, "title", before.get("title"), after.get("title"))
    yield from field_changes(None, before, after, Playbook)


def step_changes(before: Sequence[Content], after: Sequence[Content]) -> Iterator[Change]:
    """What became of the steps in a list; they are told apart by their keys."""
    old, new = _by_key(before), _by_key(after)
    for key, step in new.items():
        if key not in old:
            yield Change(Told.ADDED, step.get("title", key), after=_added(step))
    for key, step in old.items():
        if key not in new:
            yield Change(Told.REMOVED, step.get("title", key))
    for key in [key for key in new if key in old]:
        yield from _step(old[key], new[key])
    yield from _order([key for key in old if key in new], [key for key in new if key in old], new)


def _by_key(steps: Sequence[Content]) -> dict[str, Content]:
    return {step["key"]: step for step in steps if "key" in step}


def _added(step: Content) -> str:
    role = step.get("role", _default(StepSpec, "role"))
    return f"{role}, {step['due']}" if "due" in step else str(role)


def _step(old: Content, new: Content) -> Iterator[Change]:
    title = str(new.get("title", new["key"]))
    if old.get("title") != new.get("title"):
        yield Change(Told.REWORDED, title, "title", old.get("title"), new.get("title"))
    yield from field_changes(title, old, new, StepSpec)


def field_changes(step: str | None, old: Content, new: Content, model: type[BaseModel]) -> Iterator[Change]:
    """The fields that are different, the model's first. One that is not written counts as what it is by default."""
    for name in dict.fromkeys((*model.model_fields, *old, *new)):
        default = _default(model, name)
        before, after = old.get(name, default), new.get(name, default)
        if name not in UNSAID and before != after:
            yield Change(_told(step, name), step, name, as_written(before), as_written(after))


def _told(step: str | None, name: str) -> Told:
    return {"due": Told.RETIMED, "role": Told.RECAST}.get(name, Told.CHANGED) if step else Told.CHANGED


def _default(model: type[BaseModel], name: str) -> Any:
    """What a field that is not written says, as JSON; None for a field this version does not know."""
    field = model.model_fields.get(name)
    default = field.get_default(call_default_factory=True) if field else None
    if default is None or default is PydanticUndefined:
        return None
    if isinstance(default, BaseModel):
        return default.model_dump(mode="json", exclude_defaults=True)
    return default if isinstance(default, str | int | list | bool) else str(default)


def as_written(value: Any) -> str | None:
    """A value on one line; None for one that says nothing."""
    if value in (None, "", [], {}):
        return None
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else str(value)


def _order(old: Sequence[str], new: Sequence[str], steps: Mapping[str, Content]) -> Iterator[Change]:
    """The steps that have come to stand after another one, when those both versions have are in another order."""
    if old == new:
        return
    follows = dict(pairwise(old))
    for earlier, later in pairwise(new):
        if follows.get(earlier) != later and old.index(later) < old.index(earlier):
            title = str(steps[later].get("title", later))
            yield Change(Told.REORDERED, title, after=str(steps[earlier].get("title", earlier)))
