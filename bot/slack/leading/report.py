"""The answer to `/playbook report`: a few lines for each CSM, segment or stage, and who has too much ahead."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from bot.slack.blocks import Message, context, section, sections
from bot.slack.leading.pages import Paging, build_page
from bot.slack.tables import Cell, Table
from bot.slack.text import label

ROWS = 15
LOADS = 15
MARKS = {"green": "🟢", "yellow": "🟡", "red": "🔴", "unknown": "⚪"}


class By(StrEnum):
    """What the rows of a report are. Each but the first is a field of the account."""

    CSM = "csm"
    SEGMENT = "segment"
    STAGE = "stage"


@dataclass
class ReportRow:
    """One group of accounts. `reactive` counts at-risk playbooks and escalations; revenue is by currency."""

    name: str
    accounts: int = 0
    csms: set[int] = field(default_factory=set)
    arr: Counter[str] = field(default_factory=Counter)
    bands: Counter[str] = field(default_factory=Counter)
    started: int = 0
    completed: int = 0
    overdue: int = 0
    finished: int = 0
    on_time: int = 0
    proactive: int = 0
    reactive: int = 0
    alerts: int = 0
    alerts_started: int = 0
    minutes_ahead: int = 0

    def count_account(self, arr: int | None, currency: str, csm: int | None) -> None:
        self.accounts += 1
        if arr is not None:
            self.arr[currency] += arr
        if csm is not None:
            self.csms.add(csm)

    @property
    def on_time_share(self) -> int | None:
        """In per cent; None when nothing with a date was finished."""
        return round(100 * self.on_time / self.finished) if self.finished else None

    @property
    def accounts_per_csm(self) -> float | None:
        return self.accounts / len(self.csms) if self.csms else None

    def add(self, other: "ReportRow") -> None:
        self.csms |= other.csms
        self.arr.update(other.arr)
        self.bands.update(other.bands)
        for name in (
            *("accounts", "started", "completed", "overdue", "finished", "on_time"),
            *("proactive", "reactive", "alerts", "alerts_started", "minutes_ahead"),
        ):
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(frozen=True, slots=True)
class Load:
    """What is ahead of one person, in hours a week."""

    name: str
    hours: float


@dataclass(frozen=True)
class Report:
    """Of the last `days`; hours are those of the next `weeks`, beside the `capacity` of a person's week."""

    by: By
    days: int
    weeks: int
    capacity: float
    rows: tuple[ReportRow, ...]
    loads: tuple[Load, ...]

    @property
    def total(self) -> ReportRow:
        total = ReportRow("All")
        for row in self.rows:
            total.add(row)
        return total

    @property
    def overloaded(self) -> list[Load]:
        return [load for load in self.loads if load.hours > self.capacity]


def build_report(report: Report, page: int = 1) -> Message:
    title = f"Customer success by {_by_words(report.by)}, last {report.days} days"
    command = f"/playbook report by {report.by} {report.days}"
    lines = [_row(row, report) for row in report.rows]
    message = build_page(
        title, "", [_row(report.total, report), *lines] if lines else [], Paging(page, ROWS, command), empty=NO_ACCOUNTS
    )
    if page > 1 or not lines:
        return message
    return Message(message.text, [*message.blocks, *_loads(report)])


NO_ACCOUNTS = "There are no accounts yet. `/account add` adds one; `playcall accounts import FILE.csv` adds many."


def _by_words(by: By) -> str:
    return "CSM" if by is By.CSM else by.value


def _row(row: ReportRow, report: Report) -> str:
    ratio = row.accounts_per_csm
    head = [f"*{label(row.name, 60)}*", f"{row.accounts:,} account{'' if row.accounts == 1 else 's'}"]
    if report.by is not By.CSM or row.name == "All":
        head.append(f"{ratio:.1f} per CSM" if ratio is not None else "no CSM")
    head.append(money(row.arr))
    head.append("  ".join(f"{mark} {row.bands[band]}" for band, mark in MARKS.items() if row.bands[band]))
    work = [f"{row.started:,} runs started, {row.completed:,} completed", f"{row.overdue:,} steps overdue"]
    if row.on_time_share is not None:
        work.append(f"{row.on_time_share} % on time")
    work.append(f"proactive to reactive {ratio_words(row)}")
    if row.alerts:
        work.append(f"{row.alerts:,} alert{'s' * (row.alerts != 1)}, {row.alerts_started:,} acted on")
    hours = row.minutes_ahead / 60
    each = f" ({hours / row.accounts:.1f} an account)" if row.accounts else ""
    work.append(f"{hours:,.0f} hours ahead{each}")
    return "  ·  ".join(part for part in head if part) + "\n" + "  ·  ".join(work)


def ratio_words(row: ReportRow) -> str:
    """`5.3 : 1`; without anything reactive, the two numbers."""
    if not row.reactive:
        return f"{row.proactive} : 0"
    return f"{row.proactive / row.reactive:.1f} : 1"


def money(arr: Counter[str]) -> str:
    """`USD 1,200,000 + EUR 30,000`, the larger first."""
    return " + ".join(f"{currency} {amount:,}" for currency, amount in arr.most_common())


def _loads(report: Report) -> Sequence[dict[str, object]]:
    over = report.overloaded
    word = f"{len(over)} over" if over else "nobody is over"
    head = f"*Hours ahead a week, next {report.weeks} weeks*  ·  a person has {report.capacity:g}, {word}"
    lines = [
        f"{'⚠' if load.hours > report.capacity else '•'}  {label(load.name, 60)}  {load.hours:.1f}"
        for load in report.loads[:LOADS]
    ]
    more = len(report.loads) - LOADS
    return [
        section(head),
        *sections(lines),
        *([context(f"and {more} with less.")] if more > 0 else []),
        context("`/playbook report by segment`  ·  `by stage`  ·  `by csm 30` for the last 30 days"),
    ]


def report_table(report: Report) -> Table:
    """The report for a file: one row a group, revenue as one column a currency."""
    currencies = sorted({currency for row in report.rows for currency in row.arr})
    headings = (
        *(_by_words(report.by), "accounts", "CSMs", "accounts per CSM", *(f"ARR {c}" for c in currencies)),
        *(*MARKS, "runs started", "runs completed", "steps overdue", "steps done on time %"),
        *("proactive", "reactive", "alerts", "alerts acted on", "hours ahead", "hours ahead per account"),
    )
    return Table(headings, tuple(_table_row(row, currencies) for row in (*report.rows, report.total)))


def _table_row(row: ReportRow, currencies: Sequence[str]) -> tuple[Cell, ...]:
    ratio, hours = row.accounts_per_csm, row.minutes_ahead / 60
    return (
        *(row.name, row.accounts, len(row.csms), round(ratio, 1) if ratio is not None else None),
        *(row.arr[currency] for currency in currencies),
        *(row.bands[band] for band in MARKS),
        *(row.started, row.completed, row.overdue, row.on_time_share),
        *(row.proactive, row.reactive, row.alerts, row.alerts_started, round(hours, 1)),
        round(hours / row.accounts, 1) if row.accounts else None,
    )
