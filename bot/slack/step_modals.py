"""The small modals of a step: note, snooze, a reason, another assignee."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from bot.models import BlockCategory
from bot.slack.blocks import (
    Block,
    checkboxes,
    context,
    date_picker,
    input_block,
    modal,
    option,
    radio_buttons,
    static_select,
    text_input,
)
from bot.slack.dates import day_words
from bot.slack.ids import VALUE, CallbackId, InputId
from bot.slack.limits import SELECT_OPTIONS
from bot.slack.payloads import StepRef
from bot.slack.text import label

RADIO_OPTIONS = 10
CHECKBOXES = 10


@dataclass(frozen=True, slots=True)
class StepHead:
    """What a modal says about the step it is for."""

    ref: StepRef
    title: str
    account: str


@dataclass(frozen=True, slots=True)
class Colleague:
    member_id: int
    name: str
    role: str  # in words


@dataclass(frozen=True, slots=True)
class ReasonWords:
    callback: CallbackId
    title: str
    label: str
    submit: str
    placeholder: str


SKIP = ReasonWords(
    CallbackId.STEP_SKIP, "Skip the step", "Why skip it?", "Skip", "They asked us to talk about it next quarter."
)
NOT_APPLICABLE = ReasonWords(
    CallbackId.STEP_NOT_APPLICABLE,
    "Not applicable",
    "Why does it not apply here?",
    "Mark not applicable",
    "They have no separate billing contact.",
)
CATEGORIES = {
    BlockCategory.WAITING_FOR_CUSTOMER: "Waiting for the customer",
    BlockCategory.DATA: "Data are missing or wrong",
    BlockCategory.PRODUCT: "The product",
    BlockCategory.DECISION: "A decision of ours",
    BlockCategory.OTHER: "Something else",
}


def head_block(head: StepHead) -> Block:
    return context(f"*{label(head.title, 150)}*  ·  {label(head.account)}")


def build_note_modal(head: StepHead) -> Block:
    note = text_input(multiline=True, placeholder="What happened, what was said, what is next")
    return modal(
        "Add a note",
        [head_block(head), input_block(InputId.NOTE, "Note", note)],
        callback_id=CallbackId.STEP_NOTE,
        submit="Save",
        metadata=head.ref.pack(),
    )


def build_reason_modal(head: StepHead, words: ReasonWords) -> Block:
    reason = text_input(multiline=True, placeholder=words.placeholder)
    return modal(
        words.title,
        [head_block(head), input_block(InputId.REASON, words.label, reason)],
        callback_id=words.callback,
        submit=words.submit,
        metadata=head.ref.pack(),
    )


def build_block_modal(head: StepHead, helpers: Sequence[Colleague], colleagues: Sequence[Colleague]) -> Block:
    """What is in the way, and whom to pull in: people of the account, or anybody else."""
    reason = text_input(multiline=True, placeholder="Waiting for their security review.")
    kinds = [option(words, category) for category, words in CATEGORIES.items()]
    blocks = [
        head_block(head),
        input_block(InputId.REASON, "What is in the way?", reason),
        input_block(InputId.CATEGORY, "What kind of thing is it?", static_select(kinds, placeholder="Choose one")),
    ]
    hint = "They get a message with the account and the reason, and can answer in its thread."
    if helpers:
        people = [option(f"{c.name} ({c.role})", str(c.member_id)) for c in helpers[:CHECKBOXES]]
        blocks.append(input_block(InputId.HELPERS, "Who can help?", checkboxes(*people), hint=hint, optional=True))
    if colleagues:
        element = _menu_of(colleagues)
        blocks.append(input_block(InputId.ANOTHER_HELPER, "Somebody else who can help", element, optional=True))
    return modal(
        "Blocked", blocks, callback_id=CallbackId.STEP_BLOCK, submit="Mark as blocked", metadata=head.ref.pack()
    )


def build_snooze_modal(head: StepHead, today: date) -> Block:
    quick = [option(f"{words} ({day_words(day, today)})", day.isoformat()) for words, day in quick_dates(today)]
    return modal(
        "Snooze",
        [
            head_block(head),
            input_block(InputId.QUICK_DATE, "Bring it back", radio_buttons(quick), optional=True),
            input_block(
                InputId.UNTIL,
                "Or on another date",
                date_picker(),
                hint="A date picked here counts, whatever is chosen above.",
                optional=True,
            ),
        ],
        callback_id=CallbackId.STEP_SNOOZE,
        submit="Snooze",
        metadata=head.ref.pack(),
    )


def quick_dates(today: date) -> list[tuple[str, date]]:
    """Days worth offering; where two are the same day, the first name for it."""
    named = {
        today + timedelta(days=7 - today.weekday()): "Next Monday",
        today + timedelta(days=3): "In 3 days",
        today + timedelta(days=1): "Tomorrow",
    }
    return [(words, day) for day, words in sorted(named.items())]


def build_reassign_modal(head: StepHead, colleagues: Sequence[Colleague]) -> Block:
    """With more colleagues than a select holds, a choice among everyone in Slack."""
    return modal(
        "Reassign",
        [head_block(head), input_block(InputId.MEMBER, "Whose step is it now?", _colleague_input(colleagues))],
        callback_id=CallbackId.STEP_REASSIGN,
        submit="Reassign",
        metadata=head.ref.pack(),
    )


def _colleague_input(colleagues: Sequence[Colleague]) -> Block:
    if len(colleagues) > RADIO_OPTIONS:
        return _menu_of(colleagues)
    return radio_buttons([option(f"{c.name} ({c.role})", str(c.member_id)) for c in colleagues])


def _menu_of(colleagues: Sequence[Colleague]) -> Block:
    if len(colleagues) > SELECT_OPTIONS:
        return {"type": "users_select", "action_id": VALUE}
    options = [option(f"{c.name} ({c.role})", str(c.member_id)) for c in colleagues]
    return static_select(options, placeholder="A colleague")
