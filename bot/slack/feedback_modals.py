"""The modals in which people say what to change: after a step, after an escalation, and why nothing is changed."""

from collections.abc import Sequence

from bot.slack.blocks import Block, context, input_block, modal, option, static_select, text_input
from bot.slack.escalate_modals import EscalationHead
from bot.slack.ids import CallbackId, InputId
from bot.slack.limits import SELECT_OPTIONS
from bot.slack.payloads import SuggestionRef
from bot.slack.step_modals import StepHead, head_block
from bot.slack.text import fit, label


def build_feedback_modal(head: StepHead, written: str | None = None) -> Block:
    """After a thumb down, which is kept whether or not this is filled in."""
    change = text_input(written, multiline=True, placeholder="Ask for the admin before the kick-off, not after it.")
    return modal(
        "What should change?",
        [
            head_block(head),
            context("Your 👎 is kept. What you write here goes to whoever owns the playbook."),
            input_block(InputId.CHANGE, "What should be different about this step?", change),
        ],
        callback_id=CallbackId.STEP_FEEDBACK,
        submit="Send",
        metadata=head.ref.pack(),
    )


def build_decline_modal(ref: SuggestionRef, playbook: str, author: str, body: str | None) -> Block:
    quoted = fit(body, 1500) if body else "It did not help."
    reason = text_input(multiline=True, placeholder="We tried this in spring: fewer customers answered.")
    return modal(
        "Leave it as it is",
        [
            context(f"*{label(playbook, 150)}*  ·  {label(author, 60)}: {quoted}"),
            input_block(InputId.REASON, "Why?", reason, hint="Whoever suggested it will read this."),
        ],
        callback_id=CallbackId.SUGGESTION_DECLINE,
        submit="Decline",
        metadata=ref.pack(),
    )


def build_retrospective_modal(head: EscalationHead, playbooks: Sequence[tuple[str, str]]) -> Block:
    """`playbooks` are keys and titles: the change may become a suggestion for one of them."""
    happened = text_input(multiline=True, placeholder="Their export failed for two days before anybody told us.")
    cause = text_input(multiline=True, placeholder="Nobody watches the export once a customer is live.")
    change = text_input(multiline=True, placeholder="Support sends us every failed export the same day.")
    options = [option(title, key) for key, title in playbooks[:SELECT_OPTIONS]]
    blocks = [
        context(f"*{label(head.account)}*  ·  {fit(head.ask, 600)}"),
        input_block(InputId.HAPPENED, "What happened?", happened),
        input_block(InputId.CAUSE, "What was the cause?", cause),
        input_block(InputId.CHANGE, "What do we do differently from now on?", change),
    ]
    if options:
        menu = static_select(options, placeholder="A playbook")
        hint = "It joins the queue of the monthly tuning."
        label_ = "Suggest this change for a playbook"
        blocks.append(input_block(InputId.PLAYBOOK, label_, menu, hint=hint, optional=True))
    return modal(
        "Retrospective",
        blocks,
        callback_id=CallbackId.RETROSPECTIVE,
        submit="Save",
        metadata=head.ref.pack(),
    )
