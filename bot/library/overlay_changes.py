"""What differs between two contents of an overlay, in an order people can follow. Pure: contents in, changes out."""

from collections.abc import Iterator, Mapping
from typing import Any

from bot.library.changes import Change, Content, Told, as_written, field_changes, step_changes
from bot.library.overlays import Overlay, Wording

RESET = "as when nobody writes it"  # of a field that an overlay writes as `null`
PARTS = {"wording", "steps", "leave_out", "add"}  # told one by one


def compare_overlays(before: Content | None, after: Content) -> list[Change]:
    """The changes from one stored content to another. Without a `before`: all that the overlay does."""
    if before is None:
        before = {name: value for name, value in after.items() if name not in {*PARTS, "stretch", "stretch_anchors"}}
    return [
        *_own(before, after),
        *_wording(_part(before, "wording"), _part(after, "wording")),
        *_steps(_part(before, "steps"), _part(after, "steps")),
        *_left_out(before.get("leave_out", []), after.get("leave_out", [])),
        *step_changes(before.get("add", []), after.get("add", [])),
    ]


def _part(content: Content, name: str) -> Mapping[str, Mapping[str, Any]]:
    return content.get(name) or {}


def _own(before: Content, after: Content) -> Iterator[Change]:
    if before.get("title") != after.get("title"):
        yield Change(Told.REWORDED, None, "title", before.get("title"), after.get("title"))
    yield from field_changes(None, _without_parts(before), _without_parts(after), Overlay)


def _without_parts(content: Content) -> Content:
    return {name: value for name, value in content.items() if name not in PARTS}


def _wording(before: Mapping[str, Content], after: Mapping[str, Content]) -> Iterator[Change]:
    """Other words for a playbook: `step` holds the playbook's key."""
    for key in dict.fromkeys((*before, *after)):
        yield from field_changes(key, before.get(key, {}), after.get(key, {}), Wording)


def _steps(before: Mapping[str, Content], after: Mapping[str, Content]) -> Iterator[Change]:
    """What is different about steps, by the names the overlay calls them. What is not written stays as it is."""
    for name in dict.fromkeys((*before, *after)):
        old, new = before.get(name, {}), after.get(name, {})
        for field in dict.fromkeys((*old, *new)):
            was, is_now = _said(old, field), _said(new, field)
            if was != is_now:
                yield Change(_told(field, was, is_now), name, field, was, is_now)


def _said(step: Content, field: str) -> str | None:
    """None: the overlay says nothing about the field."""
    if field not in step:
        return None
    return as_written(step[field]) or RESET


def _told(field: str, was: str | None, is_now: str | None) -> Told:
    if was is None or is_now is None:
        return Told.CHANGED
    return {"due": Told.RETIMED, "role": Told.RECAST}.get(field, Told.CHANGED)


def _left_out(before: list[str], after: list[str]) -> Iterator[Change]:
    yield from (Change(Told.LEFT_OUT, name) for name in after if name not in before)
    yield from (Change(Told.KEPT, name) for name in before if name not in after)
