"""Slack's limits on what an app may send. Sources: Slack's reference for Block Kit, views and chat.postMessage."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
SECTION_TEXT = 3000
SECTION_FIELDS = 10
FIELD_TEXT = 2000
HEADER_TEXT = 150
CONTEXT_ELEMENTS = 10
ACTIONS_ELEMENTS = 25
BUTTON_TEXT = 75
BUTTON_VALUE = 2000
OPTION_TEXT = 75
OPTION_VALUE = 150
OVERFLOW_OPTIONS = 5
CHOICE_OPTIONS = 10
SELECT_OPTIONS = 100
PLACEHOLDER = 150
VIEW_TITLE = 24
VIEW_BYTES = 250_000
INPUT_LABEL = 2000
INPUT_TEXT = 3000
PRIVATE_METADATA = 3000
MESSAGE_TEXT = 40_000
MESSAGE_TEXT_TOTAL = 13_200
ALT_TEXT = 2000
IDENTIFIER = 255

VIEW_TYPES = frozenset({"modal", "home"})
MODAL_ONLY = frozenset({"alert"})
MESSAGE_ONLY = frozenset({"card", "carousel", "markdown", "plan", "task_card", "table", "container"})
OTHER_BLOCKS = frozenset(
    {"section", "header", "divider", "context", "actions", "input", "image", "rich_text", "video", "file"}
)
OPTION_LIMITS = {
    "overflow": OVERFLOW_OPTIONS,
    "checkboxes": CHOICE_OPTIONS,
    "radio_buttons": CHOICE_OPTIONS,
    "static_select": SELECT_OPTIONS,
    "multi_static_select": SELECT_OPTIONS,
}

Payload = Mapping[str, Any]


def violations(payload: Payload) -> list[str]:
    """What Slack would not take of a message (`text`, `blocks`) or of a view (`type` modal or home); [] when fine.

    Each is a sentence that begins with the place, such as `blocks[2].elements[0]: ...`.
    """
    blocks = list(payload.get("blocks") or [])
    is_view = payload.get("type") in VIEW_TYPES
    found = list(_view(payload) if is_view else _message(payload, blocks))
    found += _repeated(((f"blocks[{n}]", block.get("block_id")) for n, block in enumerate(blocks)), "block_id")
    for number, block in enumerate(blocks):
        found += _block(block, f"blocks[{number}]")
        found += _surface(block, f"blocks[{number}]", str(payload["type"]) if is_view else "message")
        found += _repeated(_action_ids(block, f"blocks[{number}]"), "action_id")
    return found


def _message(message: Payload, blocks: Sequence[Payload]) -> Iterator[str]:
    yield from _count(blocks, MESSAGE_BLOCKS, "blocks")
    yield from _length(message.get("text"), MESSAGE_TEXT, "text")
    total = sum(text_length(block) for block in blocks)
    if total > MESSAGE_TEXT_TOTAL:
        yield f"blocks: {total} characters of text together, at most {MESSAGE_TEXT_TOTAL}"


def _view(view: Payload) -> Iterator[str]:
    yield from _count(view.get("blocks") or [], VIEW_BLOCKS, "blocks")
    if not view.get("blocks"):
        yield "blocks: a view needs at least one"
    yield from _length(view.get("private_metadata"), PRIVATE_METADATA, "private_metadata")
    yield from _length(view.get("callback_id"), IDENTIFIER, "callback_id")
    for part in ("title", "submit", "close"):
        if part in view:
            yield from _plain(view[part], VIEW_TITLE, part)
    if view["type"] == "modal" and "title" not in view:
        yield "title: a modal needs one"
    if any(block.get("type") == "input" for block in view.get("blocks") or []):
        yield from _inputs_can_be_sent(view)
    if (size := len(json.dumps(view).encode())) > VIEW_BYTES:
        yield f"view: {size} bytes, at most {VIEW_BYTES}"


def _inputs_can_be_sent(view: Payload) -> Iterator[str]:
    if view["type"] == "modal" and "submit" not in view:
        yield "submit: a modal with inputs needs one"


def _surface(block: Payload, place: str, surface: str) -> Iterator[str]:
    kind = block.get("type")
    if (kind in MODAL_ONLY and surface != "modal") or (kind in MESSAGE_ONLY and surface in VIEW_TYPES):
        yield f"{place}: a {kind} block is not for a {surface}"


def _block(block: Payload, place: str) -> Iterator[str]:
    yield from _length(block.get("block_id"), IDENTIFIER, f"{place}.block_id")
    match block.get("type"):
        case "section":
            yield from _section(block, place)
        case "header":
            yield from _plain(block.get("text"), HEADER_TEXT, f"{place}.text")
        case "context":
            yield from _elements(block, CONTEXT_ELEMENTS, place)
            for number, element in enumerate(block.get("elements") or []):
                yield from _context_element(element, f"{place}.elements[{number}]")
        case "actions":
            yield from _elements(block, ACTIONS_ELEMENTS, place)
            for number, element in enumerate(block.get("elements") or []):
                yield from _element(element, f"{place}.elements[{number}]")
        case "input":
            yield from _plain(block.get("label"), INPUT_LABEL, f"{place}.label")
            yield from _hint(block, place)
            yield from _element(block.get("element") or {}, f"{place}.element")
        case "image":
            yield from _image(block, place)
        case None:
            yield f"{place}: a block needs a type"
        case kind if kind not in OTHER_BLOCKS | MODAL_ONLY | MESSAGE_ONLY:
            yield f"{place}: there is no {kind} block"


def _section(block: Payload, place: str) -> Iterator[str]:
    fields = block.get("fields") or []
    if "text" in block:
        yield from _text(block["text"], SECTION_TEXT, f"{place}.text")
    elif not fields:
        yield f"{place}: a section needs text or fields"
    yield from _count(fields, SECTION_FIELDS, f"{place}.fields")
    for number, field in enumerate(fields):
        yield from _text(field, FIELD_TEXT, f"{place}.fields[{number}]")
    if "accessory" in block:
        yield from _element(block["accessory"], f"{place}.accessory")


def _elements(block: Payload, limit: int, place: str) -> Iterator[str]:
    elements = block.get("elements") or []
    if not elements:
        yield f"{place}.elements: at least one is needed"
    yield from _count(elements, limit, f"{place}.elements")


def _context_element(element: Payload, place: str) -> Iterator[str]:
    if element.get("type") == "image":
        yield from _image(element, place)
    else:
        yield from _text(element, SECTION_TEXT, place)


def _image(image: Payload, place: str) -> Iterator[str]:
    if not image.get("alt_text"):
        yield f"{place}.alt_text: an image needs one"
    yield from _length(image.get("alt_text"), ALT_TEXT, f"{place}.alt_text")
    if not (image.get("image_url") or image.get("slack_file")):
        yield f"{place}: an image needs an address or a file"


def _hint(block: Payload, place: str) -> Iterator[str]:
    if "hint" in block:
        yield from _plain(block["hint"], INPUT_LABEL, f"{place}.hint")


def _element(element: Payload, place: str) -> Iterator[str]:
    kind = element.get("type")
    yield from _length(element.get("action_id"), IDENTIFIER, f"{place}.action_id")
    if "placeholder" in element:
        yield from _plain(element["placeholder"], PLACEHOLDER, f"{place}.placeholder")
    if kind == "button":
        yield from _plain(element.get("text"), BUTTON_TEXT, f"{place}.text")
        yield from _length(element.get("value"), BUTTON_VALUE, f"{place}.value")
    elif kind == "plain_text_input":
        yield from _length(element.get("initial_value"), INPUT_TEXT, f"{place}.initial_value")
        if (element.get("max_length") or 0) > INPUT_TEXT:
            yield f"{place}.max_length: {element['max_length']}, at most {INPUT_TEXT}"
    elif kind == "image":
        yield from _image(element, place)
    elif kind in OPTION_LIMITS:
        yield from _options(element, OPTION_LIMITS[kind], place)
    elif kind is None:
        yield f"{place}: an element needs a type"


def _options(element: Payload, limit: int, place: str) -> Iterator[str]:
    groups = element.get("option_groups") or [{"options": element.get("options") or []}]
    for group in groups:
        options = group.get("options") or []
        if not options:
            yield f"{place}.options: at least one is needed"
        yield from _count(options, limit, f"{place}.options")
        yield from _repeated(((place, option.get("value")) for option in options), "option value")
        for number, option in enumerate(options):
            yield from _option(option, f"{place}.options[{number}]")
    yield from _initial(element, [option for group in groups for option in group.get("options") or []], place)


def _option(option: Payload, place: str) -> Iterator[str]:
    yield from _text(option.get("text"), OPTION_TEXT, f"{place}.text")
    yield from _length(option.get("value"), OPTION_VALUE, f"{place}.value")
    if "description" in option:
        yield from _text(option["description"], OPTION_TEXT, f"{place}.description")


def _initial(element: Payload, options: Sequence[Payload], place: str) -> Iterator[str]:
    one = [element["initial_option"]] if "initial_option" in element else []
    if any(chosen not in options for chosen in [*one, *(element.get("initial_options") or [])]):
        yield f"{place}: the initial option is not exactly one of its options"


def _text(text: Any, limit: int, place: str) -> Iterator[str]:
    """A text object, which must not be empty."""
    words = text.get("text") if isinstance(text, Mapping) else text
    if not words:
        yield f"{place}: text is missing"
    yield from _length(words, limit, place)


def _plain(text: Any, limit: int, place: str) -> Iterator[str]:
    """A text object in which nothing is formatted."""
    yield from _text(text, limit, place)
    if isinstance(text, Mapping) and text.get("type") != "plain_text":
        yield f"{place}: only plain_text is taken here"


def _length(words: str | None, limit: int, place: str) -> Iterator[str]:
    if words is not None and len(words) > limit:
        yield f"{place}: {len(words)} characters, at most {limit}"


def _count(things: Sequence[Any], limit: int, place: str) -> Iterator[str]:
    if len(things) > limit:
        yield f"{place}: {len(things)} of them, at most {limit}"


def _repeated(named: Iterator[tuple[str, str | None]], what: str) -> Iterator[str]:
    seen: set[str] = set()
    for place, name in named:
        if name is None:
            continue
        if name in seen:
            yield f"{place}: the {what} {name!r} is used twice"
        seen.add(name)


def _action_ids(block: Payload, place: str) -> Iterator[tuple[str, str | None]]:
    """They must be unique within their block; across blocks the block id tells them apart."""
    inner = [*(block.get("elements") or []), block.get("accessory") or {}, block.get("element") or {}]
    return ((place, element.get("action_id")) for element in inner)


def text_length(part: Any) -> int:
    """The characters of every text in a block."""
    if isinstance(part, Mapping):
        own = part["text"] if isinstance(part.get("text"), str) else ""
        return len(own) + sum(text_length(value) for value in part.values() if not isinstance(value, str))
    if isinstance(part, list):
        return sum(text_length(value) for value in part)
    return 0
