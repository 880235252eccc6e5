"""The answer to `/playbook report renewals`: each renewal ahead with how likely it is, and what that goes by."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from bot.slack.blocks import Message
from bot.slack.dates import day_words
from bot.slack.leading.pages import Paging, build_page
from bot.slack.tables import Table
from bot.slack.text import label, money_words

ROWS = 20
HOW = (
    "A chance is the share of our past renewals that came off with the same health 90 days before. Until there are 20 "
    "of them, a rule stands in: green health 95, yellow or unknown 80, red 50; less 20 for a red sentiment, 5 for a "
    "yellow one, 10 for an open escalation, 5 without an executive sponsor. Expected is revenue times chance."
)


@dataclass(frozen=True, slots=True)
class Chance:
    """In percent, and what it goes by, in plain words."""

    percent: int
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RenewalRow:
    account_id: int
    name: str
    csm: str
    renews_on: date
    arr: int | None
    currency: str
    chance: Chance


def expected(rows: Sequence[RenewalRow]) -> dict[str, tuple[int, int]]:
    """By currency: revenue that comes up for renewal, and how much of it can be expected."""
    sums: dict[str, list[float]] = defaultdict(lambda: [0, 0])
    for row in rows:
        if row.arr:
            sums[row.currency][0] += row.arr
            sums[row.currency][1] += row.arr * row.chance.percent / 100
    return {
        currency: (round(whole), round(likely))
        for currency, (whole, likely) in sorted(sums.items(), key=lambda item: -item[1][0])
    }


def expected_words(rows: Sequence[RenewalRow]) -> str:
    """`USD 371,000 of 420,000 (88 %)`, for each currency."""
    return " + ".join(
        f"{currency} {likely:,} of {whole:,} ({round(100 * likely / whole)} %)"
        for currency, (whole, likely) in expected(rows).items()
    )


def build_renewals(rows: Sequence[RenewalRow], today: date, page: int = 1) -> Message:
    number = f"{len(rows)} renewal{'' if len(rows) == 1 else 's'}"
    title = f"Renewals of the next 180 days: {number}"
    sums = expected_words(rows)
    intro = f"Expected {sums}.  {HOW}" if sums else HOW
    lines = [_line(row, today) for row in rows]
    paging = Paging(page, ROWS, "/playbook report renewals")
    return build_page(title, intro, lines, paging, empty="No account renews in the next 180 days.")


def _line(row: RenewalRow, today: date) -> str:
    revenue = money_words(row.arr, row.currency) or "no ARR on file"
    head = f"*{label(row.name, 60)}*  ·  {day_words(row.renews_on, today)}  ·  {revenue}  ·  {label(row.csm, 60)}"
    return f"{head}\n*{row.chance.percent} %*: {', '.join(row.chance.reasons)}"


def renewals_table(rows: Sequence[RenewalRow]) -> Table:
    headings = ("account", "CSM", "renews on", "ARR", "currency", "chance %", "goes by")
    return Table(
        headings,
        tuple(
            (
                *(row.name, row.csm, row.renews_on.isoformat(), row.arr, row.currency),
                *(row.chance.percent, ", ".join(row.chance.reasons)),
            )
            for row in rows
        ),
    )
