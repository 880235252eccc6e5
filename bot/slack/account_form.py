"""The modal to add or edit an account, and the modals that take a note about one."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from bot.models import Anchor, Touch
from bot.slack.account_words import DOT
from bot.slack.blocks import (
    Block,
    context,
    date_picker,
    input_block,
    modal,
    option,
    static_select,
    text_input,
)
from bot.slack.ids import CallbackId, InputId
from bot.slack.limits import INPUT_TEXT, SELECT_OPTIONS
from bot.slack.payloads import AccountEditForm, AccountRef, LoggedMessage
from bot.slack.text import label

ANCHOR_LABELS = {
    Anchor.CONTRACT_START: "Contract start",
    Anchor.TRIAL_END: "Trial end",
    Anchor.GO_LIVE_DATE: "Go-live",
    Anchor.RENEWAL_DATE: "Renewal",
}
ROLE_LABELS = {
    InputId.CSM: "CSM",
    InputId.AE: "Account executive",
    InputId.LEADER: "CS leader",
    InputId.SPECIALIST: "Onboarding specialist",
    InputId.SUPPORT: "Support",
    InputId.FINANCE: "Finance",
    InputId.PRODUCT: "Product",
    InputId.MARKETING: "Marketing",
    InputId.RENEWAL_OWNER: "Renewal owner",
    InputId.GUARDIAN: "Guardian of value",
}


@dataclass(frozen=True, slots=True)
class Choice:
    """An option of a menu."""

    value: str
    text: str


@dataclass(frozen=True, slots=True)
class NamesToChoose:
    """What stages, segments and journeys there are."""

    stages: tuple[Choice, ...] = ()
    segments: tuple[Choice, ...] = ()
    journeys: tuple[Choice, ...] = ()


MATURITY = tuple(
    Choice(str(level), f"{level} {words}")
    for level, words in enumerate(("new to the field", "first steps", "at home in it", "ahead of most", "leading"), 1)
)


@dataclass(frozen=True)
class AccountForm:
    """What the form starts with. `people` are the members to choose from, by the input of a role."""

    name: str = ""
    domain: str | None = None
    segment: str | None = None
    touch: Touch | None = None
    stage: str | None = None
    journey: str | None = None
    maturity: int | None = None
    names: NamesToChoose = NamesToChoose()
    arr: int | None = None
    currency: str = "USD"
    country: str | None = None
    industry: str | None = None
    outcome: str | None = None
    anchors: dict[Anchor, date | None] = field(default_factory=dict)
    people: dict[InputId, tuple[Choice, ...]] = field(default_factory=dict)
    holders: dict[InputId, str] = field(default_factory=dict)  # the present member's id, by the role's input


def build_add_account_modal(form: AccountForm) -> Block:
    key = text_input(placeholder="acme", limit=80)
    hint = "What people type: lower case, digits, hyphens. Left empty, it is made from the name."
    blocks = [
        *_identity(form),
        input_block(InputId.ACCOUNT_KEY, "Key", key, hint=hint, optional=True),
        *_service(form, edits=False),
        *_people(form),
    ]
    return modal("Add an account", blocks, callback_id=CallbackId.ACCOUNT_ADD, submit="Add")


def build_edit_account_modal(form: AccountForm, ref: AccountEditForm, key: str) -> Block:
    blocks = [
        context(f"`{label(key)}`{DOT}A moved date moves the open steps that hang on it."),
        *_identity(form),
        *_service(form, edits=True),
        *_people(form),
    ]
    return modal("Edit account", blocks, callback_id=CallbackId.ACCOUNT_EDIT, submit="Save", metadata=ref.pack())


def _identity(form: AccountForm) -> list[Block]:
    return [
        input_block(InputId.ACCOUNT_NAME, "Name", text_input(form.name, limit=200)),
        input_block(
            InputId.DOMAIN, "Domain", text_input(form.domain, placeholder="acme.com", limit=253), optional=True
        ),
    ]


def _service(form: AccountForm, *, edits: bool) -> list[Block]:
    return [
        _choice(InputId.STAGE, "Stage", form.names.stages, form.stage, optional=edits),
        *_served(form),
        _choice(InputId.MATURITY, "Maturity", MATURITY, str(form.maturity or "")),
        input_block(
            InputId.ARR,
            "ARR",
            text_input("" if form.arr is None else str(form.arr), placeholder="120000", limit=20),
            optional=True,
        ),
        input_block(InputId.CURRENCY, "Currency", text_input(form.currency, limit=3)),
        *(
            input_block(
                anchor.value,
                name,
                date_picker(day.isoformat() if (day := form.anchors.get(anchor)) else None),
                optional=True,
            )
            for anchor, name in ANCHOR_LABELS.items()
        ),
        input_block(InputId.COUNTRY, "Country", text_input(form.country, placeholder="DE", limit=2), optional=True),
        input_block(InputId.INDUSTRY, "Industry", text_input(form.industry, limit=120), optional=True),
        input_block(
            InputId.OUTCOME,
            "What they want to achieve",
            text_input(form.outcome, multiline=True, limit=500),
            optional=True,
        ),
    ]


def _served(form: AccountForm) -> list[Block]:
    """Of a new account the segment table decides what is left empty here."""
    touches = [Choice(one.value, one.value) for one in Touch]
    journeys = [_choice(InputId.JOURNEY, "Journey", form.names.journeys, form.journey)] if form.names.journeys else []
    return [
        _choice(InputId.SEGMENT, "Segment", form.names.segments, form.segment),
        _choice(InputId.TOUCH, "Touch", touches, form.touch),
        *journeys,
    ]


def _people(form: AccountForm) -> list[Block]:
    return [
        _choice(block_id, name, form.people[block_id], form.holders.get(block_id))
        for block_id, name in ROLE_LABELS.items()
        if form.people.get(block_id)
    ]


def _choice(
    block_id: InputId, name: str, choices: Sequence[Choice], present: str | None, *, optional: bool = True
) -> Block:
    """A menu. The present choice is told beside it too, for it may be left untouched: then it stays."""
    options = {choice.value: option(choice.text, choice.value) for choice in choices[:SELECT_OPTIONS]}
    chosen = options.get(present or "")
    element = static_select(list(options.values()), placeholder=chosen["text"]["text"] if chosen else "Choose")
    if chosen:
        element["initial_option"] = chosen
    return input_block(block_id, name, element, optional=optional)


# --- notes ------------------------------------------------------------------------------------------------------------


def build_account_note_modal(ref: AccountRef, name: str) -> Block:
    note = text_input(multiline=True, placeholder="What happened, what was said, what is next")
    return modal(
        "Add a note",
        [context(f"*{label(name)}*"), input_block(InputId.NOTE, "Note", note)],
        callback_id=CallbackId.ACCOUNT_NOTE,
        submit="Save",
        metadata=ref.pack(),
    )


def build_log_message_modal(ref: LoggedMessage, text: str, mine: Sequence[Choice]) -> Block:
    """A message about to become a note: of one of the member's accounts, or of another that is named."""
    blocks: list[Block] = []
    if mine:
        options = [option(choice.text, choice.value) for choice in mine[:SELECT_OPTIONS]]
        menu = static_select(options, placeholder="One of your accounts")
        blocks.append(input_block(InputId.ACCOUNT, "Account", menu, optional=True))
    other = text_input(placeholder="Key, name or domain", limit=200)
    blocks += [
        input_block(InputId.OTHER_ACCOUNT, "Another account" if mine else "Account", other, optional=bool(mine)),
        input_block(InputId.NOTE, "Note", text_input(text, multiline=True, limit=INPUT_TEXT)),
    ]
    return modal("Log to account", blocks, callback_id=CallbackId.LOG_TO_ACCOUNT, submit="Log", metadata=ref.pack())
