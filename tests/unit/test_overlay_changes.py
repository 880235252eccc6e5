"""What differs between two versions of an overlay, in words for its owner."""

from typing import Any

import pytest

from bot.library.contents import document_of
from bot.library.overlay_changes import compare_overlays
from bot.library.overlays import Overlay, dump_overlay
from bot.models import DocumentKind
from bot.slack.version_words import change_lines
from tests.support.shipped import shipped

BASE: dict[str, Any] = {"key": "special", "title": "Special", "summary": "For a test.", "playbooks": ["onboard"]}


def content(**changes: Any) -> dict[str, Any]:
    return dump_overlay(Overlay.model_validate(BASE | changes))


def told(before: dict[str, Any] | None, after: dict[str, Any]) -> list[str]:
    return change_lines(compare_overlays(before, after), kind=DocumentKind.OVERLAY)


def test_the_same_content_has_no_changes() -> None:
    assert told(content(stretch=2), content(stretch=2)) == []


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        ({}, {"stretch": 1.5}, "✏️  *Stretch* of the overlay: _nothing_ → 1.5"),
        ({"editors": ["ae"]}, {"editors": ["ae", "support"]}, "✏️  *Editors* of the overlay: ae → ae, support"),
        ({}, {"title": "Other"}, "✏️  *Reworded* “Special” → “Other”"),
        ({}, {"steps": {"kickoff": {"due": "5bd"}}}, "✏️  *Due* of “kickoff”: _nothing_ → 5bd"),
        (
            {"steps": {"kickoff": {"due": "5bd"}}},
            {"steps": {"kickoff": {"due": "8bd"}}},
            "🕓  *Moved in time* “kickoff”: 5bd → 8bd",
        ),
        (
            {"steps": {"kickoff": {"email": {"template": "general/hello"}}}},
            {"steps": {"kickoff": {"email": None}}},
            '✏️  *Email* of “kickoff”: {"template": "general/hello"} → as when nobody writes it',
        ),
        ({"steps": {"kickoff": {"minutes": 5}}}, {}, "✏️  *Minutes* of “kickoff”: 5 → _nothing_"),
        ({}, {"leave_out": ["kickoff"]}, "➖  *Leaves out* “kickoff”"),
        ({"leave_out": ["kickoff"]}, {}, "➕  *No longer leaves out* “kickoff”"),
        (
            {},
            {"add": [{"key": "plan", "after": "kickoff", "title": "Plan", "due": "2d", "role": "ae"}]},
            "➕  *Added* “Plan”  ·  AE, due 2d",
        ),
        (
            {},
            {"wording": {"onboard": {"summary": "Otherwise."}}},
            "✏️  *Summary* of “onboard”: _nothing_ → Otherwise.",
        ),
    ],
)
def test_every_part_of_an_overlay_is_told(before: dict[str, Any], after: dict[str, Any], line: str) -> None:
    """Row 3.5."""
    assert told(content(**before), content(**after)) == [line]


def test_of_a_new_overlay_all_that_it_does_is_told() -> None:
    lines = told(None, content(stretch=2, leave_out=["call"], steps={"kickoff": {"minutes": 5}}))
    assert len(lines) == 3


def test_shipped_overlays_are_read_back_from_the_database_as_they_were() -> None:
    overlays = shipped().overlays()
    assert overlays
    for overlay in overlays:
        stored = document_of(overlay)
        assert Overlay.model_validate(stored.content) == overlay
        assert document_of(Overlay.model_validate(stored.content)) == stored
