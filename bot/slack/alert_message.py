"""An alert: what is the matter, what was measured, what is recommended, and the three answers to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from bot.models import AlertStatus, Severity
from bot.slack.blocks import Block, Message, actions, button, context, divider, section
from bot.slack.dates import day_words, moment_words
from bot.slack.escalation_message import MARKS
from bot.slack.ids import ActionId
from bot.slack.payloads import AccountRef, AlertRef, Place
from bot.slack.text import fit, label

GATHERED = 10  # whole alerts in one message or list: more is a wall
WHY_LENGTH = 2000
ROW_WHY = 400


@dataclass(frozen=True, slots=True)
class AlertCard:
    """An alert as one person sees it. Texts are raw; moments and `today` are in the reader's zone.

    `recommends` is the title of the playbook, `because` its summary in a sentence. `asked` is who is asked, when that
    is not the reader.
    """

    alert_id: int
    account_id: int
    account: str
    account_key: str
    status: AlertStatus
    severity: Severity
    title: str
    why: str
    since: datetime
    today: date
    contact: str | None = None
    recommends: str | None = None
    because: str | None = None
    asked: str | None = None
    closed_by: str | None = None
    closed_at: datetime | None = None
    reason: str | None = None
    quiet_until: date | None = None
    started: str | None = None  # the title of the run

    @property
    def is_open(self) -> bool:
        return self.status is AlertStatus.OPEN


@dataclass(frozen=True, slots=True)
class ListOf:
    """Which alerts a list shows: those of one account, everybody's, or the reader's own."""

    title: str
    account_id: int | None = None
    everybodys: bool = False


def build_alerts_message(cards: Sequence[AlertCard]) -> Message:
    """One alert in full, or what was gathered until the morning, an alert below the other."""
    if len(cards) == 1:
        return Message(alert_text(cards[0]), _whole(cards[0]))
    waiting = [card for card in cards if card.is_open]
    words = f"{len(waiting)} alert{'s' * (len(waiting) != 1)} for you" if waiting else "All of these are answered"
    names = ", ".join(dict.fromkeys(label(card.account, 40) for card in waiting[:4]))
    blocks = [section(f"*{words}*"), *_rows(cards, ListOf(""), Place.MESSAGE)]
    return Message(f"{words}: {names}" if names else words, blocks)


def build_alert_list(cards: Sequence[AlertCard], which: ListOf) -> Message:
    """The answer to `/account alerts`: open ones, the most serious first."""
    if not cards:
        text = f"{which.title}: nothing is open. Rules raise an alert when the data say that somebody should look."
        return Message(text, [section(text)])
    return Message(f"{which.title}: {len(cards)}", [section(f"*{which.title}*"), *_rows(cards, which, Place.ALERTS)])


def build_alert_rows(cards: Sequence[AlertCard], place: Place, limit: int) -> list[Block]:
    """Two blocks an alert, for where other things stand, too."""
    blocks: list[Block] = []
    for card in cards[:limit]:
        blocks += _row(card, AlertRef(alert=card.alert_id, place=place))
    left_out = len(cards) - limit
    return [*blocks, *([context(f"and {left_out} more: `/account alerts`.")] if left_out > 0 else [])]


def alert_text(card: AlertCard) -> str:
    """The line that a notification shows."""
    return f"{label(card.account)}: {label(card.title, 200)}"


def _rows(cards: Sequence[AlertCard], which: ListOf, place: Place) -> list[Block]:
    blocks: list[Block] = []
    for card in cards[:GATHERED]:
        ref = AlertRef(alert=card.alert_id, place=place, account=which.account_id, everybodys=which.everybodys)
        blocks += [divider(), *_row(card, ref)]
    left_out = len(cards) - GATHERED
    closing = [context(f"and {left_out} more. `/account alerts ACCOUNT` shows those of one account.")]
    return [*blocks, *(closing if left_out > 0 else [])]


def _whole(card: AlertCard) -> list[Block]:
    if not card.is_open:
        return [section(_headline(card)), context(fit(card.why, 600)), context(ending_words(card))]
    blocks = [section(f"{_headline(card)}\n{fit(card.why, WHY_LENGTH)}"), context(_facts(card))]
    if card.recommends:
        blocks.append(section(f"*Recommended: {label(card.recommends, 150)}*{_because(card)}"))
    value = AccountRef(account=card.account_id).pack()
    links = [button("Health", ActionId.ACCOUNT_HEALTH, value), button("Timeline", ActionId.ACCOUNT_TIMELINE, value)]
    blocks.append(_buttons(card, AlertRef(alert=card.alert_id), *links))
    return blocks


def _row(card: AlertCard, ref: AlertRef) -> list[Block]:
    if not card.is_open:
        return [section(f"{_headline(card)}\n{ending_words(card)}")]
    recommended = f"Recommended: {label(card.recommends, 100)}" if card.recommends else ""
    lines = [
        _headline(card),
        fit(card.why, ROW_WHY),
        "  ·  ".join(part for part in (recommended, _facts(card)) if part),
    ]
    return [section("\n".join(lines)), _buttons(card, ref)]


def _headline(card: AlertCard) -> str:
    mark = MARKS[card.severity] if card.is_open else "✓"
    about = f"  ·  {label(card.contact, 60)}" if card.contact else ""
    return f"{mark}  *{label(card.account)}*{about}: *{label(card.title, 200)}*"


def _facts(card: AlertCard) -> str:
    facts = [f"{card.severity} severity", f"since {moment_words(card.since, card.today)}"]
    if card.asked:
        facts.append(f"with {label(card.asked, 60)}")
    return "  ·  ".join(facts)


def _because(card: AlertCard) -> str:
    return f"\n{fit(card.because, 600)}" if card.because else ""


def _buttons(card: AlertCard, ref: AlertRef, *links: Block) -> Block:
    """Where the title asks a question, the buttons answer it."""
    value, asks = ref.pack(), card.title.rstrip().endswith("?")
    start = button("Yes, start" if asks else "Start", ActionId.ALERT_START, value, style="primary")
    answers = [
        *([start] if card.recommends else []),
        button("Not now", ActionId.ALERT_NOT_NOW, value),
        button("No, wrong data" if asks else "Wrong data", ActionId.ALERT_WRONG_DATA, value),
    ]
    return actions(f"alert:{card.alert_id}:actions", *answers, *links)


def ending_words(card: AlertCard) -> str:
    """What became of a closed alert, by whom and when."""
    who = label(card.closed_by or "Somebody", 60)
    when = f"  ·  {moment_words(card.closed_at, card.today)}" if card.closed_at else ""
    reason = f": {fit(card.reason, 500)}" if card.reason else ""
    until = f" until {day_words(card.quiet_until, card.today)}" if card.quiet_until else ""
    words = {
        AlertStatus.STARTED: f"{who}: {label(card.started or 'the playbook', 150)} is under way",
        AlertStatus.NOT_NOW: f"{who} said not now{until}{reason}",
        AlertStatus.WRONG_DATA: f"{who} said that the data are wrong{reason}",
    }.get(card.status, "The reason is gone, so nothing is to be done")
    return f"{words}{when}"
