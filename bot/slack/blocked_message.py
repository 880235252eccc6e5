"""The message to somebody who is asked for help with a blocked step."""

from dataclasses import dataclass

from bot.models import FINISHED, StepStatus
from bot.slack.blocks import Block, Message, actions, button, context, section
from bot.slack.ids import ActionId
from bot.slack.payloads import AccountRef, StepRef
from bot.slack.step_card import StepCard, due_line, place_line
from bot.slack.text import fit, label, mention

REASON = 1500


@dataclass(frozen=True, slots=True)
class BlockedCard:
    """A step for a colleague who was asked to help. `facts` are about the account, raw text."""

    step: StepCard
    asked_by: str
    asked_by_slack_id: str | None
    facts: tuple[str, ...]
    may_unblock: bool


def build_blocked_message(card: BlockedCard) -> Message:
    """While the step is blocked, what is in the way; afterwards one line."""
    step = card.step
    title, account = label(step.title, 150), label(step.account)
    if step.status is not StepStatus.BLOCKED:
        what = "is finished" if step.status in FINISHED else "goes on"
        return Message(f"{title} {what}", [context(f"✓  {title}  ·  {account}  ·  {what}")])
    who = mention(card.asked_by_slack_id, "") if card.asked_by_slack_id else label(card.asked_by, 60)
    lines = [
        f"{who} asks for your help with *{title}*  ·  {due_line(step)}",
        place_line(step),
        f"*In the way:* {fit(step.reason or 'no reason given', REASON)}",
    ]
    blocks: list[Block] = [section("\n".join(lines)), context("  ·  ".join(label(fact, 120) for fact in card.facts))]
    buttons = [button("Account", ActionId.ACCOUNT_SHOW, AccountRef(account=step.account_id).pack())]
    if card.may_unblock:
        ref = StepRef(step=step.step_id, revision=step.revision)
        buttons.insert(0, button("Unblock", ActionId.STEP_UNBLOCK, ref.pack(), style="primary"))
    blocks.append(actions(f"blocked:{step.step_id}", *buttons))
    blocks.append(context(f"Answer in this thread: it is kept as a note of {account}."))
    return Message(f"{label(card.asked_by, 60)} asks for your help with {title} for {account}", blocks)
