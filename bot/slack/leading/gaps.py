"""The answer to `/playbook gaps`: what is missing on which account, with a button that opens its form."""

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

from bot.slack.blocks import Message, button, context, section
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
HOW = {
    **dict.fromkeys(ON_CONTACTS, "`/account contact {key} NAME EMAIL champion`"),
    Gap.SURVEY: "import NPS answers with `playcall contacts import`",
    Gap.SENTIMENT: "`/account sentiment {key} green`",
}


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
        *(_row(row) for row in report.rows[(number - 1) * ROWS : number * ROWS]),
    ]
    if pages > 1:
        more = f"  ·  more: `/playbook gaps page {number + 1}`" if number < pages else ""
        blocks.append(context(f"Page {number} of {pages}{more}"))
    return Message(title, blocks)


def _row(row: AccountGaps) -> dict[str, object]:
    ways = dict.fromkeys(HOW[gap].format(key=row.key) for gap in row.gaps if gap in HOW)
    text = f"*{label(row.name)}*  ·  {label(row.csm, 60)}  ·  no {', '.join(row.gaps)}"
    text += f"\n{'  ·  '.join(ways)}" if ways else ""
    if all(gap in HOW for gap in row.gaps):
        return section(text)
    fill = button("Fill in", ActionId.ACCOUNT_FILL, AccountRef(account=row.account_id).pack())
    return section(text, accessory=fill, block_id=f"account:{row.account_id}:gaps")


def gaps_table(report: GapReport) -> Table:
    """One row an account, one column a gap."""
    rows = tuple(
        (row.key, row.name, row.csm, *("missing" if gap in row.gaps else None for gap in Gap)) for row in report.rows
    )
    return Table(("account", "name", "CSM", *Gap), rows)
