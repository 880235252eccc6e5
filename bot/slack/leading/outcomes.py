"""The answer to `/playbook report outcomes`: what became of customers, each number with what exactly it counts."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from bot.slack.blocks import Block, Message, context, section
from bot.slack.leading.pages import Paging, build_page
from bot.slack.leading.report import By
from bot.slack.tables import Cell, Table
from bot.slack.text import label

GROUPS = 10
FEW = 5
NOTHING = "–"


class OutcomeKey(StrEnum):
    """The numbers, in the order in which they are read; the values are the headings of the CSV file."""

    NET = "net retention %"
    GROSS = "gross retention %"
    LOGOS = "customers kept %"
    EXPANDED = "expanded after the first renewal %"
    PACE = "expansion in 90 days"
    RENEWING = "expected to renew %"
    WORKFLOW = "finished the core workflow in 30 days %"
    FIRST_VALUE = "days to first value"
    ACTIVE = "active users"
    CORE = "active users in the core workflow %"
    TICKETS = "tickets opened in 90 days per account"
    ESCALATIONS = "escalations in 90 days per 100 accounts"
    SENTIMENT = "green sentiment %"


@dataclass(frozen=True, slots=True)
class Definition:
    title: str
    words: str


DEFINITIONS: Mapping[OutcomeKey, Definition] = {
    OutcomeKey.NET: Definition(
        "Net retention",
        "What the customers of twelve months ago pay now, in percent of what they paid then. New ones do not count.",
    ),
    OutcomeKey.GROSS: Definition(
        "Gross retention",
        "The same without growth: of each customer no more counts than they paid then.",
    ),
    OutcomeKey.LOGOS: Definition(
        "Customers kept", "The share of the customers of twelve months ago that are customers now, however large."
    ),
    OutcomeKey.EXPANDED: Definition(
        "Expanded after the first renewal",
        "Of the customers past their first renewal (a year after the contract began): the share that pays more now "
        "than on its day.",
    ),
    OutcomeKey.PACE: Definition(
        "Expansion pace", "Yearly revenue added by existing customers in the last 90 days, and in the 90 before."
    ),
    OutcomeKey.RENEWING: Definition(
        "Expected to renew",
        "Of the revenue up for renewal in the next 180 days; each account with its chance: `/playbook report renewals`",
    ),
    OutcomeKey.WORKFLOW: Definition(
        "Core workflow in 30 days",
        "Of the contracts that began 30 days to 13 months ago: the share that finished the core workflow for the first "
        "time within 30 days.",
    ),
    OutcomeKey.FIRST_VALUE: Definition(
        "Time to first value",
        "Median days from the contract's start until the core workflow was finished first, of the same contracts.",
    ),
    OutcomeKey.ACTIVE: Definition(
        "Active users", "The sum of what each account told last, beside 28 days earlier for the same accounts."
    ),
    OutcomeKey.CORE: Definition(
        "In the core workflow", "People who finished the core workflow in 30 days, in percent of active users."
    ),
    OutcomeKey.TICKETS: Definition(
        "Ticket volume", "Support tickets opened in the last 90 days, per account that has told of any in a year."
    ),
    OutcomeKey.ESCALATIONS: Definition("Escalation rate", "Escalations raised in the last 90 days, per 100 accounts."),
    OutcomeKey.SENTIMENT: Definition(
        "Green sentiment", "The share of accounts with a sentiment whose latest one is green."
    ),
}
SHORT: Mapping[OutcomeKey, str] = {
    OutcomeKey.NET: "net",
    OutcomeKey.GROSS: "gross",
    OutcomeKey.LOGOS: "kept",
    OutcomeKey.EXPANDED: "expanded",
    OutcomeKey.PACE: "pace",
    OutcomeKey.RENEWING: "to renew",
    OutcomeKey.WORKFLOW: "in 30 days",
    OutcomeKey.FIRST_VALUE: "first value",
    OutcomeKey.ACTIVE: "active",
    OutcomeKey.CORE: "in core",
    OutcomeKey.TICKETS: "tickets",
    OutcomeKey.ESCALATIONS: "escalations",
    OutcomeKey.SENTIMENT: "green",
}


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a group. `words` is how people read it; `of` how many accounts it is about; `note` what to mind."""

    number: float
    words: str
    of: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class OutcomeRow:
    """A number that cannot be told yet is missing from `figures`; `lacking` says why."""

    name: str
    accounts: int
    figures: Mapping[OutcomeKey, Figure]
    lacking: Mapping[OutcomeKey, str]


@dataclass(frozen=True, slots=True)
class OutcomeReport:
    by: By
    total: OutcomeRow
    rows: tuple[OutcomeRow, ...]


def build_outcomes(report: OutcomeReport, page: int = 1) -> Message:
    """The team as a whole with every definition, and below a few lines for each group, on as many pages as it takes."""
    by = "CSM" if report.by is By.CSM else report.by.value
    title = f"Outcomes, and by {by}"
    lines = [_group(row) for row in report.rows]
    paging = Paging(page, GROUPS, f"/playbook report outcomes by {report.by}")
    groups = build_page(f"By {by}", "", lines, paging, empty="There are no accounts yet. `/account add` adds one.")
    if page > 1 or not lines:
        return Message(title, groups.blocks)
    closing = context(
        "`/playbook report outcomes by csm`  ·  `by segment`  ·  `by stage`  ·  `/playbook report renewals`"
    )
    return Message(title, [section(f"*{title}*"), *_whole(report.total), *groups.blocks, closing])


def _whole(row: OutcomeRow) -> list[Block]:
    blocks = []
    for key, definition in DEFINITIONS.items():
        figure = row.figures.get(key)
        if figure:
            note = f"  ·  {figure.note}" if figure.note else ""
            text = f"*{definition.title}*  {figure.words}  ·  {_accounts(figure.of)}{note}"
        else:
            text = f"*{definition.title}*  {NOTHING}  {row.lacking.get(key, 'no data')}"
        blocks += [section(text), context(definition.words)]
    return blocks


def _group(row: OutcomeRow) -> str:
    known = [f"{SHORT[key]} {_with_number(row.figures[key])}" for key in OutcomeKey if key in row.figures]
    return f"*{label(row.name, 60)}*  ·  {_accounts(row.accounts)}\n{'  ·  '.join(known) or 'nothing is known yet'}"


def _with_number(figure: Figure) -> str:
    """A share of very few accounts says how few."""
    return f"{figure.words} of {figure.of}" if figure.of < FEW and figure.words.endswith("%") else figure.words


def _accounts(number: int) -> str:
    return f"{number:,} account{'' if number == 1 else 's'}"


def outcomes_table(report: OutcomeReport) -> Table:
    """One row a group, one column a number; beside it how many accounts it is about."""
    headings = [column for key in OutcomeKey for column in (key.value, f"{key.value}: of")]
    by = "CSM" if report.by is By.CSM else report.by.value
    return Table((by, "accounts", *headings), tuple(_table_row(row) for row in (*report.rows, report.total)))


def _table_row(row: OutcomeRow) -> tuple[Cell, ...]:
    cells: list[Cell] = [row.name, row.accounts]
    for key in OutcomeKey:
        figure = row.figures.get(key)
        cells += [round(figure.number, 1), figure.of] if figure else [None, None]
    return tuple(cells)
