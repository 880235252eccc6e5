"""Exemptions in Slack: the form that asks for one, the question to the owner, the list."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from bot.models import ExemptionStatus
from bot.slack.blocks import (
    Block,
    Message,
    actions,
    button,
    context,
    date_picker,
    input_block,
    modal,
    section,
    sections,
    text_input,
)
from bot.slack.dates import day_words
from bot.slack.ids import ActionId, CallbackId, InputId
from bot.slack.payloads import ExemptionForm, ExemptionRef
from bot.slack.text import fit, label

SHOWN = 30


@dataclass(frozen=True)
class ExemptionCard:
    """`about` names the playbook or the stage's gate; `until` is its last day."""

    exemption_id: int
    account: str
    about: str
    reason: str
    status: ExemptionStatus
    until: date
    asked_by: str
    approver: str | None = None


def build_exemption_modal(form: ExemptionForm, title: str, account: str, until: date) -> Block:
    """`title` is that of the playbook or of the stage whose gate is passed."""
    if form.stage:
        about = f"*{label(account)}* may leave *{label(title)}* without what its gate asks for. A leader decides."
        example = "Such as: the kick-off was before they were ours"
    else:
        about = f"*{label(account)}* goes without *{label(title)}*. The owner of the playbook decides."
        example = "Such as: they merge with Globex, whose review covers both"
    reason = text_input(multiline=True, placeholder=example)
    return modal(
        "Ask for an exemption",
        [
            context(about),
            input_block(InputId.REASON, "Why?", reason),
            input_block(InputId.UNTIL, "Until which day?", date_picker(until.isoformat()), hint="Its last day."),
        ],
        callback_id=CallbackId.EXEMPTION_REQUEST,
        submit="Ask",
        metadata=form.pack(),
    )


def build_exemption_question(card: ExemptionCard, today: date) -> Message:
    """The question to an owner, or, once it is answered, what became of it."""
    text = f"{label(card.asked_by, 60)} asks to exempt {label(card.account)} from {label(card.about)}."
    blocks = [
        section(f"*{text}*\n{fit(card.reason, 2000)}"),
        context(f"Until {day_words(card.until, today)}, that day included"),
    ]
    if card.status is not ExemptionStatus.REQUESTED:
        mark = "✓" if card.status is ExemptionStatus.APPROVED else "–"
        return Message(text, [*blocks, context(f"{mark}  {card.status.capitalize()} by {_approver(card)}")])
    ref = ExemptionRef(exemption=card.exemption_id).pack()
    answers = actions(
        f"exemption-{card.exemption_id}",
        button("Approve", ActionId.EXEMPTION_APPROVE, ref, style="primary"),
        button("Decline", ActionId.EXEMPTION_DECLINE, ref),
    )
    return Message(text, [*blocks, answers])


def build_exemption_over(card: ExemptionCard) -> Message:
    text = f"The exemption of {label(card.account)} from {label(card.about)} has ended: the rule holds again."
    return Message(text, [section(text), context(f"It was: {fit(card.reason, 300)}")])


def build_exemption_list(cards: Sequence[ExemptionCard], today: date) -> Message:
    if not cards:
        text = "Nothing is exempt from anything. `/playbook exempt KEY ACCOUNT` asks for an exemption."
        return Message(text, [section(text)])
    text = f"{len(cards)} {'exemption' if len(cards) == 1 else 'exemptions'}"
    blocks = [section(f"*{text}*"), *sections(_line(card, today) for card in cards[:SHOWN])]
    left_out = f"and {len(cards) - SHOWN} more. " if len(cards) > SHOWN else ""
    end = "`/playbook exempt KEY ACCOUNT end` ends one early; one from a gate, `/account exempt ACCOUNT end`."
    return Message(text, [*blocks, context(f"{left_out}{end}")])


def _line(card: ExemptionCard, today: date) -> str:
    waits = card.status is ExemptionStatus.REQUESTED
    who = f"asked by {label(card.asked_by, 60)}, waits for an answer" if waits else f"approved by {_approver(card)}"
    until = f"until {day_words(card.until, today)}"
    return f"*{label(card.account)}*  {label(card.about)}  ·  {until}  ·  {who}  ·  {fit(card.reason, 150)}"


def _approver(card: ExemptionCard) -> str:
    return label(card.approver, 60) if card.approver else "somebody"
