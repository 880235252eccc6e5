"""The weekly check of the data: what is missing or wrong on which account, the most valuable first, with its remedy."""

from collections import Counter
from dataclasses import dataclass

from bot.slack.blocks import Block, Message, actions, button, context, section
from bot.slack.ids import ActionId
from bot.slack.leading.gaps import IMPORTS, Gap, ways_to_mend
from bot.slack.payloads import AccountRef
from bot.slack.text import fit, label

ACCOUNTS = 10
REMARKS = 4  # of one account
REMARK = 150


@dataclass(frozen=True, slots=True)
class AccountCheck:
    """What is missing on an account (`gaps`) and what is wrong with what is there (`remarks`, plain sentences)."""

    account_id: int
    name: str
    csm: str
    gaps: tuple[Gap, ...]
    remarks: tuple[str, ...] = ()
    is_old_sentiment: bool = False

    @property
    def number(self) -> int:
        return len(self.gaps) + len(self.remarks)


@dataclass(frozen=True, slots=True)
class DataCheck:
    """Accounts with something amiss, of how many; signals that wait for an account, and under how many names."""

    rows: tuple[AccountCheck, ...]
    accounts: int
    waiting_signals: int = 0
    unknown_names: int = 0

    @property
    def number(self) -> int:
        return sum(row.number for row in self.rows) + self.unknown_names


def build_data_check(check: DataCheck, number_at_first: int) -> Message:
    """`number_at_first` is how many things were amiss when the week began."""
    title = f"Data check of the week: {_things(check.number)} to mend"
    if not check.number:
        words = "Nothing is missing or wrong on any account."
        done = f" All {number_at_first:,} are mended, thank you." if number_at_first else ""
        return Message("Data check of the week: all in order", [section(f"*Data check of the week*\n{words}{done}")])
    blocks = [section(f"*{title}*{_progress(check.number, number_at_first)}"), context(_counted(check))]
    for row in check.rows[:ACCOUNTS]:
        blocks += _row(row)
    if (more := len(check.rows) - ACCOUNTS) > 0:
        words = f"and {more:,} account{'s' if more > 1 else ''} of less value: `/playbook gaps` lists what is missing."
        blocks.append(context(words))
    if check.waiting_signals:
        blocks.append(section(_waiting(check)))
    closing = "Once a week, on the first working day. What you mend disappears from here."
    if any(Gap.SURVEY in row.gaps for row in check.rows):
        closing += f" For NPS, {IMPORTS}."
    blocks.append(context(closing))
    return Message(title, blocks)


def _progress(now: int, at_first: int) -> str:
    mended = at_first - now
    return f"\n{mended:,} of {at_first:,} mended so far." if mended > 0 else ""


def _things(number: int) -> str:
    return f"{number:,} thing{'' if number == 1 else 's'}"


def _counted(check: DataCheck) -> str:
    kinds = Counter(gap for row in check.rows for gap in row.gaps)
    parts = [f"no {gap} {kinds[gap]:,}" for gap in Gap if kinds[gap]]
    if wrong := sum(len(row.remarks) for row in check.rows):
        parts.append(f"old or doubtful {wrong:,}")
    return "  ·  ".join([f"{len(check.rows):,} of {check.accounts:,} accounts", *parts])


def _row(row: AccountCheck) -> list[Block]:
    missing = f"  ·  no {', '.join(row.gaps)}" if row.gaps else ""
    shown = row.remarks[:REMARKS]
    more = len(row.remarks) - len(shown)
    lines = [
        f"*{label(row.name)}*  ·  {label(row.csm, 60)}{missing}",
        *(f"•  {fit(remark, REMARK)}" for remark in shown),
    ]
    lines += [f"•  and {more:,} more"] if more > 0 else []
    return [section("\n".join(lines)), actions(f"account:{row.account_id}:check", *_buttons(row))]


def _buttons(row: AccountCheck) -> list[Block]:
    gaps = [*row.gaps, *([Gap.SENTIMENT] if row.is_old_sentiment else [])]
    show = button("Open account", ActionId.ACCOUNT_SHOW, AccountRef(account=row.account_id).pack())
    return [*ways_to_mend(row.account_id, gaps), show]


def _waiting(check: DataCheck) -> str:
    names = "an unknown name" if check.unknown_names == 1 else f"{check.unknown_names:,} unknown names"
    verb = "waits" if check.waiting_signals == 1 else "wait"
    signals = f"{check.waiting_signals:,} signal{'' if check.waiting_signals == 1 else 's'}"
    return f"*Unknown accounts*  ·  {signals} under {names} {verb} until somebody says whose they are."
