"""The answer to `/account health`: the verdict first, then why, what moved, and what is going on. All text is plain."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.slack.account_words import BAND_MARKS, DOT, facts_line, more_words
from bot.slack.blocks import Block, Message, actions, button, context, header, section, sections
from bot.slack.ids import ActionId
from bot.slack.payloads import AccountRef
from bot.slack.text import label

ROWS = 5
COMPONENTS = 12  # those that cost most


@dataclass(frozen=True, slots=True)
class ComponentRow:
    """`about` says how old the data is and where it comes from."""

    band: str
    label: str
    score: int | None
    why: str
    about: tuple[str, ...]
    definition: str


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
    story: tuple[tuple[str, str], ...]  # titles and what is told under them
    disagreement: str | None
    facts: tuple[str, ...]
    curve: str | None
    components: tuple[ComponentRow, ...]
    unknown: tuple[str, ...]  # components without data
    moved_since: str | None
    moved: tuple[MovedRow, ...]
    steps: tuple[StepRow, ...]
    escalations: tuple[EscalationRow, ...]
    next_touchpoint: str | None
    confidence: str


def build_health_message(view: HealthView) -> Message:
    blocks = [
        header(f"{BAND_MARKS[view.band]} {view.name}{DOT}{_score(view)}"),
        section("\n".join([f"*{view.verdict}* {label(view.explanation, 400)}", *_disagreement(view)])),
        *build_story(view.story),
        facts_line([*([view.curve] if view.curve else []), *view.facts]),
        *_moved(view),
        *sections(_components(view)),
        *_definitions(view),
        *_steps(view),
        *_escalations(view),
        context(*(label(words, 250) for words in (view.next_touchpoint, view.confidence) if words)),
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
        button("Chart", ActionId.ACCOUNT_CHART, value),
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


def build_story(story: Sequence[tuple[str, str]]) -> list[Block]:
    """What works, where the friction is, what to do next; in a section, or nothing."""
    return [section("\n".join(f"*{title}*  {label(told, 500)}" for title, told in story))] if story else []


def _disagreement(view: HealthView) -> list[str]:
    return [f"⚖️ {label(view.disagreement, 250)}"] if view.disagreement else []


def _components(view: HealthView) -> list[str]:
    shown = view.components[:COMPONENTS]
    return [*map(_component, shown), *more_words(len(view.components) - len(shown)), *_unknown(view)]


def _component(row: ComponentRow) -> str:
    about = f"  _{DOT.join(label(part, 40) for part in row.about)}_" if row.about else ""
    return f"{BAND_MARKS[row.band]} *{label(row.label, 40)}*  {row.score}{DOT}{label(row.why, 160)}{about}"


def _definitions(view: HealthView) -> list[Block]:
    """What the numbers above mean, in small."""
    if not view.components:
        return []
    return [
        context(
            "\n".join(f"*{label(row.label, 40)}*: {label(row.definition, 110)}" for row in view.components[:COMPONENTS])
        )
    ]


def _unknown(view: HealthView) -> list[str]:
    if not view.unknown:
        return []
    named = label(", ".join(view.unknown), 300)
    return [f"{BAND_MARKS['unknown']} *No data*{DOT}{named}"]


def _moved(view: HealthView) -> list[Block]:
    if not view.moved_since:
        return []
    lines = [_movement(row) for row in view.moved[:ROWS]] or ["Nothing much."]
    return [section("\n".join([f"*What moved since {view.moved_since}*", *lines]))]


def _movement(row: MovedRow) -> str:
    mark = "▲" if (row.after or 0) > (row.before or 0) else "▼"
    before, after = ("–" if points is None else str(points) for points in (row.before, row.after))
    return f"{mark} {label(row.label, 40)} {before} → {after}: {label(row.why, 160)}"


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
        f"🚨 {label(row.ask, 160)}{DOT}{DOT.join(label(fact, 50) for fact in row.facts)}"
        for row in view.escalations[:ROWS]
    ]
    return [section("\n".join(["*Escalations*", *lines, *more_words(len(view.escalations) - ROWS)]))]
