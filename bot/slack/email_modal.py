"""The modal in which a person reads and mends a mail before it goes to the customer."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.slack.blocks import (
    Block,
    checkboxes,
    context,
    input_block,
    modal,
    option,
    section,
    static_select,
    text_input,
)
from bot.slack.completion_modal import CompletionForm, build_completion_inputs
from bot.slack.ids import CallbackId, InputId
from bot.slack.limits import INPUT_TEXT, SELECT_OPTIONS
from bot.slack.payloads import EmailForm
from bot.slack.step_modals import StepHead, head_block
from bot.slack.text import fit, label

SUBJECT = 250
NAMES_SHOWN = 15
CAUTION = 400
SENT_MYSELF = "sent_myself"


@dataclass(frozen=True, slots=True)
class Recipient:
    contact_id: int
    name: str
    email: str


@dataclass(frozen=True)
class EmailDraft:
    """A mail as it was drafted. `recipients` are those it is meant for; `choices` everyone it could go to instead."""

    subject: str
    body: str
    recipients: tuple[Recipient, ...]
    everyone: bool = False
    choices: tuple[Recipient, ...] = ()
    missing: tuple[str, ...] = ()  # merge tags without a value
    cautions: tuple[str, ...] = ()  # what to know before writing now, a sentence each


def build_email_modal(head: StepHead, draft: EmailDraft, form: CompletionForm) -> Block:
    only = None if draft.everyone or not draft.recipients else draft.recipients[0].contact_id
    metadata = EmailForm(**head.ref.model_dump(), to=only)
    return modal(
        "Review the email",
        [
            head_block(head),
            *_to(head, draft),
            *_warnings(draft),
            input_block(InputId.EMAIL_SUBJECT, "Subject", text_input(draft.subject, limit=SUBJECT), optional=True),
            input_block(InputId.EMAIL_BODY, "Mail", text_input(draft.body, multiline=True), optional=True),
            *build_completion_inputs(form),
            input_block(
                InputId.SENT_MYSELF,
                "Sent already?",
                checkboxes(option("I have sent it myself: complete the step only", SENT_MYSELF)),
                optional=True,
            ),
        ],
        callback_id=CallbackId.STEP_EMAIL,
        submit="Send",
        metadata=metadata.pack(),
    )


def _to(head: StepHead, draft: EmailDraft) -> list[Block]:
    if not draft.recipients:
        text = f"{label(head.account)} has nobody this mail could go to. Add a contact to the account first"
        return [section(f"{text}, or tick below if you have written to them yourself.")]
    if draft.everyone:
        many = f"*To {len(draft.recipients)} people, one mail each:*" if len(draft.recipients) > 1 else "*To*"
        return [section(f"{many} {_names(draft.recipients)}")]
    first = draft.recipients[0]
    if len(draft.choices) < 2:
        return [section(f"*To* {label(first.name, 60)} ({label(first.email, 100)})")]
    options = [option(f"{c.name} ({c.email})", str(c.contact_id)) for c in draft.choices[:SELECT_OPTIONS]]
    initial = next((o for o in options if o["value"] == str(first.contact_id)), None)
    select = static_select(options, placeholder=f"{first.name} ({first.email})", initial=initial)
    hint = f"Goes to {first.name} unless you choose someone else."
    return [input_block(InputId.EMAIL_TO, "To", select, hint=hint, optional=True)]


def _names(recipients: Sequence[Recipient]) -> str:
    names = ", ".join(label(recipient.name, 60) for recipient in recipients[:NAMES_SHOWN])
    more = len(recipients) - NAMES_SHOWN
    return f"{names} and {more} more" if more > 0 else names


def _warnings(draft: EmailDraft) -> list[Block]:
    warnings = [f"⚠  {fit(caution, CAUTION)}" for caution in draft.cautions]
    if draft.missing:
        tags = ", ".join(f"`{label(tag, 60)}`" for tag in draft.missing[:10])
        warnings.append(f"⚠  Not known: {tags}. Fill in the parts marked [[missing: …]] before you send it.")
    if draft.everyone:
        warnings.append("Parts such as {{ contact.first_name }} are filled in for each of them when you send it.")
    if len(draft.body) > INPUT_TEXT:
        warnings.append(f"⚠  The draft was longer than the {INPUT_TEXT:,} characters that fit here, and was cut.")
    return [context(warning) for warning in warnings]
