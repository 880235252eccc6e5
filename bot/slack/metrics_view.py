"""The answer to `/account metrics`: each number with its trend, age, source and meaning. All text is plain."""

from dataclasses import dataclass

from bot.slack.account_words import DOT
from bot.slack.blocks import Message, context, header, section, sections
from bot.slack.health_view import account_buttons
from bot.slack.text import label

NAMED = 25  # metrics without data


@dataclass(frozen=True, slots=True)
class MetricRow:
    """`trend` compares the last week with the four before, and is None where there is nothing to compare."""

    title: str
    value: str
    trend: str | None
    age: str
    source: str | None
    definition: str


@dataclass(frozen=True, slots=True)
class MetricsView:
    account_id: int
    name: str
    key: str
    rows: tuple[MetricRow, ...]
    unknown: tuple[str, ...]  # titles of what has no data
    page: int
    pages: int


def build_metrics(view: MetricsView) -> Message:
    title = f"{view.name}: metrics"
    if not view.rows:
        text = "Nothing is measured yet. Numbers come in by the HTTP API, a webhook or playcall signals import."
        return Message(title, [header(title), section(text), account_buttons(view.account_id)])
    named = ", ".join(label(name) for name in view.unknown[:NAMED])
    closing = [f"Page {view.page} of {view.pages}: `/account metrics {view.key} {view.page + 1}` shows the next"]
    notes = [
        *(closing if view.page < view.pages else []),
        "The trend compares the last 7 days with the 28 before.",
        *([f"No data: {named}"] if named else []),
    ]
    blocks = [header(title), *sections(_row(row) for row in view.rows), context(DOT.join(notes))]
    return Message(label(title, 150), [*blocks, account_buttons(view.account_id)])


def _row(row: MetricRow) -> str:
    about = (row.trend, row.age, f"from {row.source}" if row.source else None)
    facts = DOT.join(label(fact, 120) for fact in about if fact)
    return f"*{label(row.title)}*  {label(row.value)}{DOT}{facts}\n_{label(row.definition, 300)}_"
