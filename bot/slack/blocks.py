"""The pieces of Block Kit that Playcall uses, as plain dictionaries. Text is mrkdwn, escaped by the caller."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from bot.slack.ids import VALUE
from bot.slack.limits import (
    BUTTON_TEXT,
    HEADER_TEXT,
    INPUT_TEXT,
    OPTION_TEXT,
    OPTION_VALUE,
    PLACEHOLDER,
    SECTION_TEXT,
    VIEW_TITLE,
)
from bot.slack.text import shorten

Block = dict[str, Any]
INPUT_LABEL = 2000
INPUT_HINT = 2000


class Message(NamedTuple):
    """A message: its blocks, and the line that stands for them in a notification."""

    text: str
    blocks: list[Block]


def plain_text(text: str, limit: int) -> Block:
    """Text that Slack shows as it is: nothing in it needs escaping."""
    return {"type": "plain_text", "text": shorten(text, limit)}


def mrkdwn(text: str) -> Block:
    return {"type": "mrkdwn", "text": text}


def section(text: str, *, accessory: Block | None = None, block_id: str | None = None) -> Block:
    return _with({"type": "section", "text": mrkdwn(text)}, accessory=accessory, block_id=block_id)


def sections(lines: Iterable[str]) -> list[Block]:
    """The lines in as few sections as they fit into; a line is never split."""
    texts: list[str] = []
    for line in lines:
        if texts and len(texts[-1]) + 1 + len(line) <= SECTION_TEXT:
            texts[-1] += f"\n{line}"
        else:
            texts.append(line)
    return [section(text) for text in texts]


def context(*texts: str) -> Block:
    return {"type": "context", "elements": [mrkdwn(text) for text in texts]}


def header(text: str) -> Block:
    return {"type": "header", "text": plain_text(text, HEADER_TEXT)}


def divider() -> Block:
    return {"type": "divider"}


def actions(block_id: str, *elements: Block) -> Block:
    return {"type": "actions", "block_id": block_id, "elements": list(elements)}


def button(text: str, action_id: str, value: str, *, style: str | None = None) -> Block:
    element = {"type": "button", "text": plain_text(text, BUTTON_TEXT), "action_id": action_id, "value": value}
    return _with(element, style=style)


def option(text: str, value: str) -> Block:
    if len(value) > OPTION_VALUE:
        raise ValueError(f"an option's value has at most {OPTION_VALUE} characters: {value!r}")
    return {"text": plain_text(text, OPTION_TEXT), "value": value}


def overflow(action_id: str, options: Sequence[Block]) -> Block:
    return {"type": "overflow", "action_id": action_id, "options": list(options)}


def static_select(
    options: Sequence[Block], *, placeholder: str, action_id: str = VALUE, initial: Block | None = None
) -> Block:
    element = {
        "type": "static_select",
        "action_id": action_id,
        "placeholder": plain_text(placeholder, PLACEHOLDER),
        "options": list(options),
    }
    return _with(element, initial_option=initial)


def radio_buttons(options: Sequence[Block], *, initial: Block | None = None) -> Block:
    return _with(
        {"type": "radio_buttons", "action_id": VALUE, "options": list(options)},
        initial_option=initial,
    )


def checkboxes(*options: Block, initial: Sequence[Block] = ()) -> Block:
    """`initial` are those of the options that are ticked to begin with."""
    element = {"type": "checkboxes", "action_id": VALUE, "options": list(options)}
    return _with(element, initial_options=list(initial) or None)


def date_picker(initial: str | None = None) -> Block:
    return _with({"type": "datepicker", "action_id": VALUE}, initial_date=initial)


def text_input(
    initial: str | None = None, *, multiline: bool = False, placeholder: str | None = None, limit: int = INPUT_TEXT
) -> Block:
    element: Block = {"type": "plain_text_input", "action_id": VALUE, "max_length": limit}
    return _with(
        element,
        multiline=multiline or None,
        initial_value=initial[:limit] if initial else None,
        placeholder=plain_text(placeholder, PLACEHOLDER) if placeholder else None,
    )


def input_block(block_id: str, label: str, element: Block, *, hint: str | None = None, optional: bool = False) -> Block:
    block = {"type": "input", "block_id": block_id, "label": plain_text(label, INPUT_LABEL), "element": element}
    return _with(block, hint=plain_text(hint, INPUT_HINT) if hint else None, optional=optional or None)


def modal(
    title: str, blocks: list[Block], *, callback_id: str = "", submit: str | None = None, metadata: str | None = None
) -> Block:
    """A modal to fill in; without `submit`, one to read."""
    view: Block = {
        "type": "modal",
        "title": plain_text(title, VIEW_TITLE),
        "close": plain_text("Cancel" if submit else "Close", VIEW_TITLE),
        "blocks": blocks,
    }
    return _with(
        view,
        callback_id=callback_id or None,
        submit=plain_text(submit, VIEW_TITLE) if submit else None,
        private_metadata=metadata,
    )


def _with(block: Block, **extra: Any) -> Block:
    """The block and those of the extras that are there: Slack refuses null."""
    block.update({key: value for key, value in extra.items() if value is not None})
    return block
