"""The Home tab: what is mine to do, who needs help, and how my accounts are."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from bot.models import EscalationStatus, Severity, Stage
from bot.slack.agenda import Agenda, agenda_words, build_agenda_rows
from bot.slack.alert_message import AlertCard, build_alert_rows
from bot.slack.blocks import Block, actions, button, context, header, section, sections
from bot.slack.dates import day_words
from bot.slack.escalation_message import MARKS
from bot.slack.ids import ActionId
from bot.slack.leading.glance import Glance, build_glance
from bot.slack.payloads import EscalationRef, Place
from bot.slack.text import label

ALERT_ROWS = 3
ESCALATION_ROWS = 8
ACCOUNT_ROWS = 25


@dataclass(frozen=True, slots=True)
class EscalationRow:
    escalation_id: int
    severity: Severity
    status: EscalationStatus
    account: str
    owner: str
    ask: str
    deadline: date | None = None
    offers_taking: bool = True  # to the reader; whoever asked for help does not take it themselves


@dataclass(frozen=True, slots=True)
class AccountRow:
    key: str
    name: str
    stage: str
    health: str | None = None  # in words, with the band's mark
    renewal_date: date | None = None
    open_steps: int = 0


@dataclass(frozen=True)
class Home:
    """What one member's Home tab shows. `today` is theirs; `team_escalations` is for leaders."""

    today: date
    alerts: tuple[AlertCard, ...] = ()
    agenda: Agenda = field(default_factory=Agenda)
    escalations: tuple[EscalationRow, ...] = ()
    team_escalations: tuple[EscalationRow, ...] = ()
    accounts: tuple[AccountRow, ...] = ()
    glance: Glance | None = None  # for leaders


def build_home_view(home: Home) -> Block:
    blocks = [
        *(build_glance(home.glance) if home.glance else []),
        *_alerts(home.alerts),
        header("My steps"),
        context(agenda_words(home.agenda)),
        *build_agenda_rows(home.agenda, Place.HOME),
        *_escalations("My escalations", home.escalations, home.today),
        *_escalations("Open escalations of the team", home.team_escalations, home.today),
        *_accounts(home.accounts, home.today),
        context("`/playbook today`  ·  `/playbook list`  ·  `/account health NAME`  ·  `/escalate NAME`"),
    ]
    return {"type": "home", "blocks": blocks}


def build_stranger_home(text: str) -> Block:
    """The Home tab of somebody Playcall does not serve."""
    return {"type": "home", "blocks": [section(text)]}


def _alerts(cards: Sequence[AlertCard]) -> list[Block]:
    return [header("My alerts"), *build_alert_rows(cards, Place.HOME, ALERT_ROWS)] if cards else []


def _escalations(title: str, rows: Sequence[EscalationRow], today: date) -> list[Block]:
    if not rows:
        return []
    blocks = [header(title)]
    for row in rows[:ESCALATION_ROWS]:
        blocks += _escalation(row, today)
    return blocks + _more(len(rows) - ESCALATION_ROWS)


def _escalation(row: EscalationRow, today: date) -> list[Block]:
    facts = [f"with {label(row.owner, 60)}", row.status.replace("_", " ")]
    if row.deadline:
        facts.append(f"needed by {day_words(row.deadline, today)}")
    text = f"{MARKS[row.severity]}  *{label(row.account)}*  ·  {'  ·  '.join(facts)}\n{label(row.ask, 300)}"
    return [section(text), actions(f"escalation:{row.escalation_id}:actions", *escalation_buttons(row))]


def escalation_buttons(row: EscalationRow) -> list[Block]:
    value = EscalationRef(escalation=row.escalation_id).pack()
    acknowledge = button("Acknowledge", ActionId.ESCALATION_ACKNOWLEDGE, value, style="primary")
    resolve = button("Resolve", ActionId.ESCALATION_RESOLVE, value)
    open_to_take = row.offers_taking and row.status is not EscalationStatus.ACKNOWLEDGED
    return [acknowledge, resolve] if open_to_take else [resolve]


def _accounts(rows: Sequence[AccountRow], today: date) -> list[Block]:
    if not rows:
        return []
    lines = [_account(row, today) for row in rows[:ACCOUNT_ROWS]]
    return [header("My accounts"), *sections(lines), *_more(len(rows) - ACCOUNT_ROWS)]


def _account(row: AccountRow, today: date) -> str:
    facts = [row.health or "health unknown", row.stage]
    if row.renewal_date and row.stage != Stage.CHURNED:
        facts.append(f"renews {day_words(row.renewal_date, today)}")
    if row.open_steps:
        facts.append(f"{row.open_steps} open step{'s' if row.open_steps > 1 else ''}")
    return f"*{label(row.name)}*  `{label(row.key)}`  ·  {'  ·  '.join(facts)}"


def _more(count: int) -> list[Block]:
    return [context(f"and {count} more.")] if count > 0 else []
