"""The values are those that local-slack 0.1.8 submits."""

from typing import Any

import pytest

from bot.demo.quirks import fill, fill_untouched_inputs

HIGH = {"text": {"type": "plain_text", "text": "High"}, "value": "high"}
LOW = {"text": {"type": "plain_text", "text": "Low"}, "value": "low"}


def view(element: dict[str, Any], value: dict[str, Any]) -> dict[str, Any]:
    kind = element["type"]
    return {
        "blocks": [
            {"type": "section", "text": {"type": "mrkdwn", "text": "Some words"}},
            {"type": "input", "block_id": "b", "element": {"action_id": "a", **element}},
        ],
        "state": {"values": {"b": {"a": {"type": kind, **value}}}},
    }


def filled(element: dict[str, Any], value: dict[str, Any]) -> dict[str, Any]:
    shown = view(element, value)
    fill(shown)
    result: dict[str, Any] = shown["state"]["values"]["b"]["a"]
    return result


@pytest.mark.parametrize(
    ("kind", "initial", "target", "value"),
    [
        ("plain_text_input", "initial_value", "value", "Acme"),
        ("static_select", "initial_option", "selected_option", HIGH),
        ("radio_buttons", "initial_option", "selected_option", HIGH),
        ("datepicker", "initial_date", "selected_date", "2026-11-23"),
    ],
)
def test_untouched_input_is_submitted_with_what_it_started_with(
    kind: str, initial: str, target: str, value: Any
) -> None:
    assert filled({"type": kind, initial: value}, {target: None})[target] == value


def test_untouched_checkboxes_are_submitted_as_they_started() -> None:
    result = filled({"type": "checkboxes", "initial_options": [HIGH]}, {"selected_options": []})
    assert result["selected_options"] == [HIGH]


def test_what_the_person_chose_stays() -> None:
    result = filled({"type": "static_select", "initial_option": HIGH}, {"selected_option": LOW})
    assert result["selected_option"] == LOW


def test_text_that_was_deleted_stays_deleted() -> None:
    assert filled({"type": "plain_text_input", "initial_value": "Acme"}, {"value": ""})["value"] == ""


def test_input_that_started_empty_stays_empty() -> None:
    assert filled({"type": "plain_text_input"}, {"value": None})["value"] is None


async def test_only_submitted_modals_are_changed() -> None:
    click: dict[str, Any] = {"type": "block_actions", "view": {}}
    passed: list[bool] = []

    async def go_on() -> None:
        passed.append(True)

    await fill_untouched_inputs(click, go_on)
    assert passed
    assert click == {"type": "block_actions", "view": {}}
