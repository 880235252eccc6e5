"""The modals around a call for help: raise it, ask back, resolve it."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.models import MemberRole, Severity
from bot.slack.blocks import Block, context, date_picker, input_block, modal, option, radio_buttons, text_input
from bot.slack.ids import CallbackId, InputId
from bot.slack.payloads import EscalateForm, EscalationRef
from bot.slack.text import fit, label

SEVERITIES = {
    Severity.LOW: "Low: good to know",
    Severity.MEDIUM: "Medium: needs a hand this week",
    Severity.HIGH: "High: the account is at risk",
    Severity.CRITICAL: "Critical: we may lose it now",
}
TARGETS = {MemberRole.AE: "Account executive", MemberRole.LEADER: "Leader"}


@dataclass(frozen=True, slots=True)
class Target:
    """Someone who can be called for help."""

    role: MemberRole
    name: str


@dataclass(frozen=True, slots=True)
class EscalationHead:
    """What a modal says about the escalation it is for."""

    ref: EscalationRef
    account: str
    ask: str


def build_escalate_modal(form: EscalateForm, account: str, targets: Sequence[Target], step: str | None = None) -> Block:
    who = [option(f"{target.name} ({TARGETS[target.role].lower()})", target.role) for target in targets]
    about = f"*{label(account)}*" + (f"  ·  {label(step, 150)}" if step else "")
    ask = text_input(multiline=True, placeholder="Please call their CFO before Friday about the renewal.")
    tried = text_input(multiline=True, placeholder="Two mails and a call to the champion, no answer since the 12th.")
    return modal(
        "Escalate",
        [
            context(about),
            input_block(InputId.TARGET, "Who should help?", radio_buttons(who)),
            input_block(InputId.SEVERITY, "How serious is it?", radio_buttons(severity_options())),
            input_block(InputId.ASK, "What do you need from them?", ask),
            input_block(InputId.TRIED, "What was tried so far?", tried, optional=True),
            input_block(InputId.DEADLINE, "Needed by", date_picker(), optional=True),
        ],
        callback_id=CallbackId.ESCALATE,
        submit="Escalate",
        metadata=form.pack(),
    )


def severity_options() -> list[Block]:
    return [option(words, severity) for severity, words in SEVERITIES.items()]


def build_ask_modal(head: EscalationHead) -> Block:
    question = text_input(multiline=True, placeholder="Which contract does this concern?")
    return modal(
        "Need info",
        [_head(head), input_block(InputId.QUESTION, "What do you need to know?", question)],
        callback_id=CallbackId.ESCALATION_ASK,
        submit="Ask",
        metadata=head.ref.pack(),
    )


def build_resolve_modal(head: EscalationHead) -> Block:
    resolution = text_input(
        multiline=True, placeholder="Spoke with their CFO: they renew for a year at the same price."
    )
    return modal(
        "Resolve",
        [_head(head), input_block(InputId.RESOLUTION, "How was it resolved?", resolution)],
        callback_id=CallbackId.ESCALATION_RESOLVE,
        submit="Resolve",
        metadata=head.ref.pack(),
    )


def _head(head: EscalationHead) -> Block:
    return context(f"*{label(head.account)}*  ·  {fit(head.ask, 600)}")
