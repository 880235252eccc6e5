"""An escalation in its channel: what is needed, by whom, about which account, and what became of it.

The message shows the account's revenue. The channel is the customer team's own and leaders read it; an escalation that
hides what is at stake is of no use to them. Whoever must not see revenue must not be in the escalation channel.
"""

from dataclasses import dataclass
from datetime import date, datetime

from bot.models import EscalationStatus, Rung, Severity
from bot.slack.blocks import Block, Message, actions, button, context, section
from bot.slack.dates import day_words, moment_words
from bot.slack.ids import ActionId
from bot.slack.payloads import EscalationRef
from bot.slack.text import fit, label, mention

MARKS = {Severity.LOW: "⚪", Severity.MEDIUM: "🟡", Severity.HIGH: "🟠", Severity.CRITICAL: "🔴"}
LONG_TEXT = 3000 - 30  # of a section, beside its heading


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    slack_user_id: str | None = None

    @property
    def mention(self) -> str:
        return mention(self.slack_user_id, self.name) if self.slack_user_id else label(self.name, 60)


@dataclass(frozen=True, slots=True)
class EscalationCard:
    """An escalation as its channel sees it. Texts are raw; moments and `today` are in the owner's zone."""

    escalation_id: int
    status: EscalationStatus
    severity: Severity
    rung: Rung
    account: str
    owner: Person
    raised_by: str | None
    raised_at: datetime
    today: date
    ask: str
    tried: str | None = None
    deadline: date | None = None
    arr: str | None = None  # in words
    renewal_date: date | None = None
    health: str | None = None  # in words
    csm: str | None = None
    step: str | None = None
    playbook: str | None = None
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = None
    resolved_by: str | None = None
    resolved_at: datetime | None = None
    resolution: str | None = None
    looked_back: bool = False  # its retrospective is written
    code_red: bool = False


def build_escalation_message(card: EscalationCard) -> Message:
    resolved = card.status is EscalationStatus.RESOLVED
    blocks = [section(_headline(card)), context("  ·  ".join(_account_facts(card)))]
    blocks.append(section(f"*The ask*\n{fit(card.ask, LONG_TEXT)}"))
    if card.tried and not resolved:
        blocks.append(section(f"*Tried so far*\n{fit(card.tried, LONG_TEXT)}"))
    if resolved and card.resolution:
        blocks.append(section(f"*How it was resolved*\n{fit(card.resolution, LONG_TEXT)}"))
    blocks.append(context("  ·  ".join(_history(card))))
    if not resolved:
        blocks.append(_buttons(card))
    elif not card.looked_back:
        value = EscalationRef(escalation=card.escalation_id).pack()
        look_back = button("Retrospective", ActionId.RETROSPECTIVE, value)
        blocks.append(actions(f"escalation:{card.escalation_id}:actions", look_back))
    return Message(build_escalation_text(card), blocks)


def build_escalation_text(card: EscalationCard) -> str:
    return f"{card.owner.mention}: {_what(card)} for {label(card.account)}. {label(card.ask, 200)}"


def _what(card: EscalationCard) -> str:
    return "code red" if card.code_red else f"{card.severity} escalation"


def _headline(card: EscalationCard) -> str:
    title = f"{_what(card).capitalize()}: {label(card.account)}"
    if card.status is EscalationStatus.RESOLVED:
        return f"✓  *{title}*  ·  resolved"
    words = {
        EscalationStatus.OPEN: "please take this one",
        EscalationStatus.INFO_NEEDED: "waits for an answer in the thread",
        EscalationStatus.ACKNOWLEDGED: "is on it",
    }[card.status]
    mark = "🚨" if card.code_red else MARKS[card.severity]
    return f"{mark}  *{title}*\n{card.owner.mention} {words}"


def _account_facts(card: EscalationCard) -> list[str]:
    facts = []
    if card.arr:
        facts.append(f"ARR *{card.arr}*")
    if card.renewal_date:
        facts.append(f"renews *{day_words(card.renewal_date, card.today)}*")
    if card.health:
        facts.append(f"health *{card.health}*")
    if card.csm:
        facts.append(f"CSM {label(card.csm, 60)}")
    if card.step:
        facts.append(f"{label(card.playbook or '', 80)}: {label(card.step, 150)}")
    return facts or ["Nothing else is on file for this account."]


def _history(card: EscalationCard) -> list[str]:
    raised = f"Raised by {label(card.raised_by or 'Playcall', 60)}, {moment_words(card.raised_at, card.today)}"
    parts = [raised]
    if card.deadline:
        parts.append(f"needed by *{day_words(card.deadline, card.today)}*")
    if card.rung is not Rung.OWNER:
        parts.append(f"nobody took it in time, so it went to the {card.rung}")
    if card.acknowledged_by and card.acknowledged_at:
        when = moment_words(card.acknowledged_at, card.today)
        parts.append(f"acknowledged by {label(card.acknowledged_by, 60)}, {when}")
    if card.resolved_by and card.resolved_at:
        parts.append(f"resolved by {label(card.resolved_by, 60)}, {moment_words(card.resolved_at, card.today)}")
    return parts


def _buttons(card: EscalationCard) -> Block:
    value = EscalationRef(escalation=card.escalation_id).pack()
    acknowledge = button("Acknowledge", ActionId.ESCALATION_ACKNOWLEDGE, value, style="primary")
    others = [
        button("Need info", ActionId.ESCALATION_ASK, value),
        button("Resolve", ActionId.ESCALATION_RESOLVE, value),
    ]
    taken = card.status is EscalationStatus.ACKNOWLEDGED
    return actions(f"escalation:{card.escalation_id}:actions", *([] if taken else [acknowledge]), *others)
