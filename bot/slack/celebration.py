"""The message to a CSM when their account reaches a milestone."""

from dataclasses import dataclass

from bot.slack.blocks import Block, Message, actions, button, context, input_block, modal, section, text_input
from bot.slack.ids import ActionId, CallbackId, InputId
from bot.slack.payloads import MilestoneRef
from bot.slack.text import fit, label


@dataclass(frozen=True, slots=True)
class Celebration:
    """A milestone that was reached. `champions` are those at the customer who deserve the thanks."""

    milestone_id: int
    account: str
    title: str
    evidence: str | None = None
    champions: tuple[str, ...] = ()
    playbooks: tuple[str, ...] = ()  # what the milestone has started


def build_celebration_message(celebration: Celebration) -> Message:
    title = f"{label(celebration.account)} reached {label(celebration.title, 150)}"
    blocks = [section(f"🎉  *{title}*\n{_what_next(celebration)}")]
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
            *([button("Ask for a referral", ActionId.ADVOCACY_REFERRAL, value)] if celebration.champions else []),
        )
    )
    return Message(title, blocks)


def _what_next(celebration: Celebration) -> str:
    if not celebration.champions:
        return "Tell them what it means for their goal, and write down what made it work."
    names = " and ".join(label(name, 60) for name in celebration.champions[:3])
    return f"Thank {names}, tell them what it means for their goal, and write down what made it work."


def build_milestone_note_modal(celebration: Celebration) -> Block:
    note = text_input(multiline=True, placeholder="What made it work, and what they said about it")
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
