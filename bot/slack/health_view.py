"""The answer to `/account health`: the verdict first, then why, what moved, and what is going on. All text is plain."""

from dataclasses import dataclass

from bot.slack.account_words import BAND_MARKS, DOT, facts_line, more_words
from bot.slack.blocks import Block, Message, actions, button, context, header, section
from bot.slack.ids import ActionId
from bot.slack.payloads import AccountRef
from bot.slack.text import label

ROWS = 5


@dataclass(frozen=True, slots=True)
class ComponentRow:
    """`score` is None without data; `age` says how old the data is."""

    band: str
    label: str
    score: int | None
    why: str
    age: str | None


@dataclass(frozen=True, slots=True)
class MovedRow:
    label: str
    before: int | None
    after: int | None
    why: str


@dataclass(frozen=True, slots=True)
class StepRow:
    title: str
    who: str
    when: str
    late: bool


@dataclass(frozen=True, slots=True)
class EscalationRow:
    ask: str
    facts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HealthView:
    account_id: int
    name: str
    band: str
    score: int | None
    change: int | None  # None: nothing to compare with
    verdict: str
    explanation: str
    facts: tuple[str, ...]
    components: tuple[ComponentRow, ...]
    moved_since: str | None
    moved: tuple[MovedRow, ...]
    steps: tuple[StepRow, ...]
    escalations: tuple[EscalationRow, ...]
    next_touchpoint: str | None
    confidence: str


def build_health_message(view: HealthView) -> Message:
    blocks = [
        header(f"{BAND_MARKS[view.band]} {view.name}{DOT}{_score(view)}"),
        section(f"*{view.verdict}* {label(view.explanation, 600)}"),
        facts_line(view.facts),
        section("\n".join(_component(row) for row in view.components)),
        *_moved(view),
        *_steps(view),
        *_escalations(view),
        context(*(label(words, 300) for words in (view.next_touchpoint, view.confidence) if words)),
        account_buttons(view.account_id),
    ]
    return Message(f"{label(view.name)}: {_score(view)}. {view.verdict} {label(view.explanation, 300)}", blocks)


def account_buttons(account_id: int) -> Block:
    """Where to go from a page about an account."""
    value = AccountRef(account=account_id).pack()
    return actions(
        f"account:{account_id}:actions",
        button("Add note", ActionId.ACCOUNT_NOTE, value),
        button("Account card", ActionId.ACCOUNT_SHOW, value),
        button("Timeline", ActionId.ACCOUNT_TIMELINE, value),
    )


def _score(view: HealthView) -> str:
    if view.score is None:
        return "no data yet"
    return f"{view.score} {arrow(view.change)}".rstrip()


def arrow(change: int | None) -> str:
    """`▲ 4`, `▼ 14`, `▶` for no change, nothing when there is nothing to compare with."""
    if change is None:
        return ""
    return "▶" if change == 0 else f"{'▲' if change > 0 else '▼'} {abs(change)}"


def _component(row: ComponentRow) -> str:
    points = "–" if row.score is None else str(row.score)
    age = f"  _{row.age}_" if row.age else ""
    return f"{BAND_MARKS[row.band]} *{row.label}*  {points}{DOT}{label(row.why, 300)}{age}"


def _moved(view: HealthView) -> list[Block]:
    if not view.moved_since:
        return []
    lines = [_movement(row) for row in view.moved] or ["Nothing."]
    return [section("\n".join([f"*What moved since {view.moved_since}*", *lines]))]


def _movement(row: MovedRow) -> str:
    mark = "▲" if (row.after or 0) > (row.before or 0) else "▼"
    before, after = ("–" if points is None else str(points) for points in (row.before, row.after))
    return f"{mark} {row.label} {before} → {after}: {label(row.why, 300)}"


def _steps(view: HealthView) -> list[Block]:
    if not view.steps:
        return [section("*Open steps*\nNone. `/playbook list` shows what could be started.")]
    late = sum(1 for step in view.steps if step.late)
    title = f"*Open steps*  {len(view.steps)}" + (f", {late} overdue" if late else "")
    lines = [
        f"{'🔴' if step.late else '▫️'} {label(step.title, 120)}{DOT}{label(step.who, 60)}{DOT}{step.when}"
        for step in view.steps[:ROWS]
    ]
    return [section("\n".join([title, *lines, *more_words(len(view.steps) - ROWS)]))]


def _escalations(view: HealthView) -> list[Block]:
    if not view.escalations:
        return []
    lines = [
        f"🚨 {label(row.ask, 200)}{DOT}{DOT.join(label(fact, 80) for fact in row.facts)}"
        for row in view.escalations[:ROWS]
    ]
    return [section("\n".join(["*Escalations*", *lines, *more_words(len(view.escalations) - ROWS)]))]
