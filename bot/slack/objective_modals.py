"""The modals that add and update an objective."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from bot.models import ObjectiveStatus
from bot.slack.account_form import Choice
from bot.slack.blocks import (
    Block,
    context,
    date_picker,
    input_block,
    modal,
    option,
    radio_buttons,
    static_select,
    text_input,
)
from bot.slack.ids import CallbackId, InputId
from bot.slack.limits import SELECT_OPTIONS
from bot.slack.payloads import AccountRef, ObjectiveRef
from bot.slack.text import label

STATUS_WORDS = {
    ObjectiveStatus.OPEN: "Open",
    ObjectiveStatus.MET: "Met",
    ObjectiveStatus.MISSED: "Missed",
    ObjectiveStatus.DROPPED: "Dropped",
}


@dataclass(frozen=True, slots=True)
class ObjectiveForm:
    """What the modal starts with. `owners` are those to choose from, `owner` the value of the present one."""

    account: str
    owners: tuple[Choice, ...]
    title: str | None = None
    measure: str | None = None
    baseline: str | None = None
    target: str | None = None
    current: str | None = None
    due_on: date | None = None
    owner: str | None = None
    status: ObjectiveStatus = ObjectiveStatus.OPEN
    evidence: str | None = None


def build_add_objective_modal(form: ObjectiveForm, ref: AccountRef) -> Block:
    return modal(
        "Add an objective",
        [context(f"*{label(form.account)}*"), *_what(form), *_who_and_when(form)],
        callback_id=CallbackId.OBJECTIVE_ADD,
        submit="Add",
        metadata=ref.pack(),
    )


def build_update_objective_modal(form: ObjectiveForm, ref: ObjectiveRef) -> Block:
    statuses = {status: option(words, status.value) for status, words in STATUS_WORDS.items()}
    blocks = [
        context(f"*{label(form.account)}*"),
        input_block(InputId.CURRENT, "Where it stands", text_input(form.current, limit=100), optional=True),
        input_block(
            InputId.OBJECTIVE_STATUS,
            "Status",
            radio_buttons(list(statuses.values()), initial=statuses[form.status]),
        ),
        input_block(
            InputId.EVIDENCE,
            "Evidence",
            text_input(form.evidence, multiline=True),
            hint="Needed when it is met: what shows it. When it is dropped: why.",
            optional=True,
        ),
        *_who_and_when(form),
        *_what(form),
    ]
    return modal(
        "Update the objective", blocks, callback_id=CallbackId.OBJECTIVE_UPDATE, submit="Save", metadata=ref.pack()
    )


def _what(form: ObjectiveForm) -> list[Block]:
    return [
        input_block(
            InputId.OBJECTIVE_TITLE,
            "What they want to reach",
            text_input(form.title, placeholder="Close the month in 3 days", limit=300),
        ),
        input_block(
            InputId.MEASURE,
            "How both sides can tell",
            text_input(form.measure, placeholder="Days until the month is closed", limit=300),
            optional=True,
        ),
        input_block(InputId.BASELINE, "Where it began", text_input(form.baseline, limit=100), optional=True),
        input_block(InputId.TARGET, "Where it should get to", text_input(form.target, limit=100), optional=True),
    ]


def _who_and_when(form: ObjectiveForm) -> list[Block]:
    due = date_picker(form.due_on.isoformat() if form.due_on else None)
    blocks = [input_block(InputId.DUE_ON, "Due", due, optional=True)]
    if form.owners:
        blocks.append(input_block(InputId.OWNER, "Owner", _owners(form.owners, form.owner), optional=True))
    return blocks


def _owners(owners: Sequence[Choice], present: str | None) -> Block:
    options = {owner.value: option(owner.text, owner.value) for owner in owners[:SELECT_OPTIONS]}
    return static_select(
        list(options.values()), placeholder="One of us, or of them", initial=options.get(present or "")
    )
