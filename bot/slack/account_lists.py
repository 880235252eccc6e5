"""The answers to `/account list`, `timeline` and `sentiment`: lines, a page at a time. All text is plain."""

from dataclasses import dataclass

from bot.slack.account_words import BAND_MARKS, DOT
from bot.slack.blocks import Message, context, header, section, sections
from bot.slack.health_view import account_buttons, arrow
from bot.slack.tables import code_blocks
from bot.slack.text import label


@dataclass(frozen=True, slots=True)
class AccountRow:
    band: str
    score: int | None
    change: int | None
    name: str
    key: str
    facts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AccountListView:
    title: str
    rows: tuple[AccountRow, ...]
    total: int
    next_command: str | None  # shows the following page
    empty: str


@dataclass(frozen=True, slots=True)
class DatedRow:
    when: str
    text: str


@dataclass(frozen=True, slots=True)
class DatedView:
    """Dated lines about one account, newest first."""

    account_id: int
    title: str
    rows: tuple[DatedRow, ...]
    closing: str
    empty: str
    picture: tuple[str, ...] = ()  # lines of equal width, above the rows


def build_account_list(view: AccountListView) -> Message:
    if not view.rows:
        return Message(view.empty, [section(view.empty)])
    number = f"{view.total:,} account{'s' if view.total != 1 else ''}"
    closing = [f"More: `{view.next_command}`"] if view.next_command else []
    hint = "`/account health NAME` explains a score."
    blocks = [header(view.title), *sections(_account(row) for row in view.rows)]
    return Message(f"{view.title}: {number}", [*blocks, context(DOT.join([number, *closing, hint]))])


def _account(row: AccountRow) -> str:
    score = "–" if row.score is None else f"{row.score} {arrow(row.change)}".rstrip()
    facts = DOT.join(label(fact, 80) for fact in row.facts)
    return f"{BAND_MARKS[row.band]} *{label(row.name)}*  `{label(row.key)}`{DOT}{score}{DOT}{facts}"


def build_dated_message(view: DatedView) -> Message:
    if not view.rows:
        blocks = [*code_blocks(view.picture), section(label(view.empty, 300)), account_buttons(view.account_id)]
        return Message(view.empty, blocks)
    lines = sections(f"*{row.when}*  {label(row.text, 300)}" for row in view.rows)
    blocks = [header(view.title), *code_blocks(view.picture), *lines, context(view.closing)]
    return Message(label(view.title, 150), [*blocks, account_buttons(view.account_id)])
