"""The message to a CSM when their account reaches a milestone, in the tone of its kind: a celebration, or a risk."""

from dataclasses import dataclass

from bot.models import MilestoneKind
from bot.slack.blocks import Block, Message, actions, button, context, input_block, modal, section, text_input
from bot.slack.ids import ActionId, CallbackId, InputId
from bot.slack.payloads import MilestoneRef
from bot.slack.text import fit, label


@dataclass(frozen=True, slots=True)
class Celebration:
    """A milestone that was reached. `champions` are those at the customer who deserve the thanks."""

    milestone_id: int
    account: str
    account_key: str
    title: str
    kind: MilestoneKind = MilestoneKind.CELEBRATION
    evidence: str | None = None
    champions: tuple[str, ...] = ()
    playbooks: tuple[str, ...] = ()  # what the milestone has started


def build_celebration_message(celebration: Celebration) -> Message:
    is_risk = celebration.kind is MilestoneKind.RISK
    verb = ":" if is_risk else " reached"
    title = f"{label(celebration.account)}{verb} {label(celebration.title, 150)}"
    blocks = [section(f"{'⚠️' if is_risk else '🎉'}  *{title}*\n{_what_next(celebration)}")]
    if celebration.evidence:
        blocks.append(context(fit(celebration.evidence, 1000)))
    if celebration.playbooks:
        started = ", ".join(label(playbook) for playbook in celebration.playbooks[:5])
        blocks.append(context(f"Started with it: {started}"))
    value = MilestoneRef(milestone=celebration.milestone_id).pack()
    blocks.append(
        actions(
            f"milestone:{celebration.milestone_id}:actions",
            button("Add note", ActionId.MILESTONE_NOTE, value, style="primary"),
            *([button("Ask for a referral", ActionId.ADVOCACY_REFERRAL, value)] if _may_ask(celebration) else []),
        )
    )
    return Message(title, blocks)


def _may_ask(celebration: Celebration) -> bool:
    return bool(celebration.champions) and celebration.kind is MilestoneKind.CELEBRATION


def _what_next(celebration: Celebration) -> str:
    if celebration.kind is MilestoneKind.RISK:
        help_wanted = f"`/escalate {celebration.account_key}` calls for help."
        return f"A risk has come true. Talk to them today, and write down what it means for them. {help_wanted}"
    if not celebration.champions:
        return "Tell them what it means for their goal, and write down what made it work."
    names = " and ".join(label(name, 60) for name in celebration.champions[:3])
    return f"Thank {names}, tell them what it means for their goal, and write down what made it work."


def build_milestone_note_modal(celebration: Celebration) -> Block:
    is_risk = celebration.kind is MilestoneKind.RISK
    asked = (
        "What it means for them, and what you do now" if is_risk else "What made it work, and what they said about it"
    )
    note = text_input(multiline=True, placeholder=asked)
    return modal(
        "Add a note",
        [
            context(f"*{label(celebration.title, 150)}*  ·  {label(celebration.account)}"),
            input_block(InputId.NOTE, "Note", note),
        ],
        callback_id=CallbackId.MILESTONE_NOTE,
        submit="Save",
        metadata=MilestoneRef(milestone=celebration.milestone_id).pack(),
    )
