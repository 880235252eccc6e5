from typing import Any

import pytest

from bot.slack.limits import violations

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def section(text: str = "Hello", **more: Any) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}


def button(action_id: str = "go", **changes: Any) -> Json:
    return {"type": "button", "action_id": action_id, "text": plain("Go"), "value": "1"} | changes


def actions(*elements: Json, **more: Any) -> Json:
    return {"type": "actions", "elements": list(elements), **more}


def option(value: str) -> Json:
    return {"text": plain("One"), "value": value}


def menu(kind: str, options: int) -> Json:
    return {"type": kind, "action_id": "menu", "options": [option(str(n)) for n in range(options)]}


def modal(*blocks: Json, **changes: Any) -> Json:
    return {"type": "modal", "title": plain("Note"), "blocks": list(blocks) or [section()]} | changes


def entry(**element: Any) -> Json:
    return {
        "type": "input",
        "block_id": "b",
        "label": plain("Note"),
        "element": {"type": "plain_text_input", "action_id": "text"} | element,
    }


FINE: list[Json] = [
    {"text": "Hello"},
    {"text": "Hello", "blocks": [section("x" * 3000), actions(*(button(f"go-{n}") for n in range(25)))]},
    {"blocks": [actions(button(), block_id="a"), actions(button(), block_id="b")]},
    {"blocks": [actions(menu("overflow", 5), menu("static_select", 100) | {"action_id": "other"})]},
    {"blocks": [{"type": "context", "elements": [{"type": "mrkdwn", "text": "x"}] * 10}, {"type": "divider"}]},
    modal(entry(), submit=plain("Save"), private_metadata="x" * 3000),
    {"type": "home", "blocks": [section()] * 100},
]


@pytest.mark.parametrize("payload", FINE)
def test_what_slack_takes_has_no_violations(payload: Json) -> None:
    assert violations(payload) == []


BROKEN: list[tuple[Json, str]] = [
    ({"blocks": [section("short")] * 51}, "blocks: 51 of them, at most 50"),
    ({"blocks": [section("x" * 2900)] * 5}, "blocks: 14500 characters of text together, at most 13200"),
    ({"blocks": [section("x" * 3001)]}, "blocks[0].text: 3001 characters, at most 3000"),
    ({"blocks": [section("")]}, "blocks[0].text: text is missing"),
    ({"blocks": [{"type": "section"}]}, "blocks[0]: a section needs text or fields"),
    ({"blocks": [section(fields=[plain("x")] * 11)]}, "blocks[0].fields: 11 of them, at most 10"),
    ({"blocks": [{"type": "header", "text": plain("x" * 151)}]}, "blocks[0].text: 151 characters, at most 150"),
    ({"blocks": [actions()]}, "blocks[0].elements: at least one is needed"),
    (
        {"blocks": [actions(*(button(f"go-{n}") for n in range(26)))]},
        "blocks[0].elements: 26 of them, at most 25",
    ),
    ({"blocks": [actions(button(), button())]}, "blocks[0]: the action_id 'go' is used twice"),
    ({"blocks": [section(block_id="a"), section(block_id="a")]}, "blocks[1]: the block_id 'a' is used twice"),
    (
        {"blocks": [actions(button(text=plain("x" * 76)))]},
        "blocks[0].elements[0].text: 76 characters, at most 75",
    ),
    (
        {"blocks": [actions(button(value="x" * 2001))]},
        "blocks[0].elements[0].value: 2001 characters, at most 2000",
    ),
    ({"blocks": [actions(menu("overflow", 6))]}, "blocks[0].elements[0].options: 6 of them, at most 5"),
    ({"blocks": [actions(menu("radio_buttons", 11))]}, "blocks[0].elements[0].options: 11 of them, at most 10"),
    (
        {"blocks": [section(accessory=menu("overflow", 2) | {"options": [option("1"), option("1")]})]},
        "blocks[0].accessory: the option value '1' is used twice",
    ),
    (
        {"blocks": [actions(menu("static_select", 1) | {"initial_option": option("7")})]},
        "blocks[0].elements[0]: the initial option is not exactly one of its options",
    ),
    ({"blocks": [{"type": "secton"}]}, "blocks[0]: there is no secton block"),
    (
        {"blocks": [actions(button(text={"type": "mrkdwn", "text": "Go"}))]},
        "blocks[0].elements[0].text: only plain_text is taken here",
    ),
    (
        {"blocks": [{"type": "header", "text": {"type": "mrkdwn", "text": "*Go*"}}]},
        "blocks[0].text: only plain_text is taken here",
    ),
    ({"blocks": [section(block_id="b" * 256)]}, "blocks[0].block_id: 256 characters, at most 255"),
    ({"blocks": [actions(button("a" * 256))]}, "blocks[0].elements[0].action_id: 256 characters, at most 255"),
    (modal(callback_id="c" * 256), "callback_id: 256 characters, at most 255"),
    (
        {"blocks": [section(fields=[plain("x" * 2001)])]},
        "blocks[0].fields[0]: 2001 characters, at most 2000",
    ),
    (
        {"blocks": [{"type": "context", "elements": [plain("x")] * 11}]},
        "blocks[0].elements: 11 of them, at most 10",
    ),
    (
        {"blocks": [actions(menu("static_select", 101))]},
        "blocks[0].elements[0].options: 101 of them, at most 100",
    ),
    (
        {"blocks": [actions(menu("checkboxes", 1) | {"options": [option("1") | {"text": plain("x" * 76)}]})]},
        "blocks[0].elements[0].options[0].text: 76 characters, at most 75",
    ),
    (
        {"blocks": [actions(menu("checkboxes", 1) | {"options": [option("x" * 151)]})]},
        "blocks[0].elements[0].options[0].value: 151 characters, at most 150",
    ),
    (
        modal(entry(placeholder=plain("x" * 151)), submit=plain("Save")),
        "blocks[0].element.placeholder: 151 characters, at most 150",
    ),
    (modal(*[section("x" * 2500)] * 100), "view: 256178 bytes, at most 250000"),
    ({"blocks": [{"type": "alert"}]}, "blocks[0]: a alert block is not for a message"),
    (modal({"type": "table"}), "blocks[0]: a table block is not for a modal"),
    (modal(title=plain("x" * 25)), "title: 25 characters, at most 24"),
    (modal(private_metadata="x" * 3001), "private_metadata: 3001 characters, at most 3000"),
    (modal(entry()), "submit: a modal with inputs needs one"),
    (
        modal(entry(initial_value="x" * 3001), submit=plain("Save")),
        "blocks[0].element.initial_value: 3001 characters, at most 3000",
    ),
    ({"type": "home", "blocks": []}, "blocks: a view needs at least one"),
    ({"type": "home", "blocks": [section("x")] * 101}, "blocks: 101 of them, at most 100"),
]


@pytest.mark.parametrize(("payload", "violation"), BROKEN)
def test_what_slack_refuses_is_named_with_its_place(payload: Json, violation: str) -> None:
    assert violations(payload) == [violation]
