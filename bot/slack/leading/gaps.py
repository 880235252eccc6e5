"""The answer to `/playbook gaps`: what is missing on which account, with a button that opens its form."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from bot.slack.blocks import Block, Message, actions, button, context, section
from bot.slack.ids import ActionId
from bot.slack.payloads import AccountRef
from bot.slack.tables import Table
from bot.slack.text import label

ROWS = 20


class Gap(StrEnum):
    """What can be missing, in the order of how much depends on it."""

    CSM = "CSM"
    RENEWAL_DATE = "renewal date"
    ARR = "ARR"
    OUTCOME = "outcome"
    LEADER = "leader"
    CHAMPION = "champion"
    SPONSOR = "executive sponsor"
    SURVEY = "NPS of this year"
    SENTIMENT = "sentiment"


ON_CONTACTS = frozenset({Gap.CHAMPION, Gap.SPONSOR})
ON_ACCOUNT = frozenset({Gap.CSM, Gap.RENEWAL_DATE, Gap.ARR, Gap.OUTCOME, Gap.LEADER})
IMPORTS = "import NPS answers with `playcall contacts import`"


@dataclass(frozen=True, slots=True)
class AccountGaps:
    account_id: int
    key: str
    name: str
    csm: str
    gaps: tuple[Gap, ...]


@dataclass(frozen=True, slots=True)
class GapReport:
    """Accounts with gaps, of how many accounts."""

    rows: tuple[AccountGaps, ...]
    accounts: int


def build_gaps(report: GapReport, page: int = 1) -> Message:
    title = f"Data gaps: {len(report.rows):,} of {report.accounts:,} accounts lack something"
    if not report.rows:
        return Message(title, [section("Nothing is missing on any account.")])
    pages = -(-len(report.rows) // ROWS)
    number = min(max(1, page), pages)
    counted = Counter(gap for row in report.rows for gap in row.gaps)
    blocks = [
        section(f"*{title}*"),
        context("  ·  ".join(f"{gap} {counted[gap]:,}" for gap in Gap if counted[gap])),
        *(block for row in report.rows[(number - 1) * ROWS : number * ROWS] for block in _row(row)),
    ]
    if pages > 1:
        more = f"  ·  more: `/playbook gaps page {number + 1}`" if number < pages else ""
        blocks.append(context(f"Page {number} of {pages}{more}"))
    return Message(title, blocks)


def _row(row: AccountGaps) -> list[Block]:
    text = f"*{label(row.name)}*  ·  {label(row.csm, 60)}  ·  no {', '.join(row.gaps)}"
    if Gap.SURVEY in row.gaps:
        text += f"\n{IMPORTS}"
    buttons = ways_to_mend(row.account_id, row.gaps)
    return [section(text), *([actions(f"account:{row.account_id}:gaps", *buttons)] if buttons else [])]


def ways_to_mend(account_id: int, gaps: Collection[Gap]) -> list[Block]:
    """The buttons that open the forms in which these gaps are closed."""
    value = AccountRef(account=account_id).pack()
    ways = [
        ("Fill in", ActionId.ACCOUNT_FILL, ON_ACCOUNT),
        ("Add contact", ActionId.ACCOUNT_CONTACT, ON_CONTACTS),
        ("Log sentiment", ActionId.ACCOUNT_SENTIMENT, frozenset({Gap.SENTIMENT})),
    ]
    return [button(words, action, value) for words, action, closes in ways if closes.intersection(gaps)]


def gaps_table(report: GapReport) -> Table:
    """One row an account, one column a gap."""
    rows = tuple(
        (row.key, row.name, row.csm, *("missing" if gap in row.gaps else None for gap in Gap)) for row in report.rows
    )
    return Table(("account", "name", "CSM", *Gap), rows)
