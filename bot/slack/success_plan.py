"""The answer to `/account plan`: what the customer wants, objective by objective. All text is plain."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from bot.models import ObjectiveStatus
from bot.slack.account_words import DOT
from bot.slack.blocks import Block, Message, actions, button, context, header, section
from bot.slack.dates import day_words, due_words
from bot.slack.ids import ActionId
from bot.slack.payloads import AccountRef, ObjectiveRef
from bot.slack.text import fit, label

MARKS = {
    ObjectiveStatus.OPEN: "🎯",
    ObjectiveStatus.MET: "✅",
    ObjectiveStatus.MISSED: "❌",
    ObjectiveStatus.DROPPED: "🗑️",
}
# What fits into one message with ten objectives; the modals show an objective in full.
RUNS, PARTS = 5, 3
TITLE, MEASURE, POINT, OWNER, EVIDENCE, OUTCOME, ACTION_PLAN = 160, 120, 60, 80, 160, 500, 600  # characters


@dataclass(frozen=True, slots=True)
class ObjectiveRow:
    ref: ObjectiveRef
    title: str
    measure: str | None
    baseline: str | None
    current: str | None
    target: str | None
    owner: str | None
    due_on: date | None
    status: ObjectiveStatus
    overdue: bool
    evidence: str | None


@dataclass(frozen=True, slots=True)
class ServingRun:
    """A playbook under way. `objective` is what the customer should reach with it."""

    title: str
    objective: str | None
    done: int
    steps: int
    next_step: str | None
    next_due: date | None


@dataclass(frozen=True, slots=True)
class PlanView:
    """A page of a plan. `action_plan` holds parts with their names; the plan itself has none."""

    account_id: int
    name: str
    key: str
    outcome: str | None
    met: int
    total: int
    objectives: tuple[ObjectiveRow, ...]
    today: date
    page: int
    pages: int
    action_plan: tuple[tuple[str, str], ...]
    runs: tuple[ServingRun, ...]


def build_plan_message(view: PlanView) -> Message:
    blocks = [
        header(f"{view.name}: success plan"),
        section(_outcome(view)),
        *(_objective(row, view.today) for row in view.objectives),
        *_action_plan(view.action_plan),
        *_runs(view.runs, view.today),
        context(_closing(view)),
        actions(
            f"plan:{view.account_id}:actions",
            button("Add objective", ActionId.OBJECTIVE_ADD, AccountRef(account=view.account_id).pack()),
            button("Account card", ActionId.ACCOUNT_SHOW, AccountRef(account=view.account_id).pack()),
        ),
    ]
    return Message(f"{label(view.name)}: {plan_words(view.met, view.total)}", blocks)


def plan_words(met: int, total: int) -> str:
    return f"{met} of {total} objective{'' if total == 1 else 's'} met" if total else "no objectives yet"


def _outcome(view: PlanView) -> str:
    if view.outcome:
        return f"*What they want to achieve*\n{label(view.outcome, OUTCOME)}"
    return f"_Nobody has written down what they want to achieve. `/account edit {label(view.key)}` does._"


def _objective(row: ObjectiveRow, today: date) -> Block:
    lines = [f"{MARKS[row.status]} *{label(row.title, TITLE)}*", *_measured(row), _facts(row, today)]
    if row.evidence:
        lines.append(f"_{label(row.evidence, EVIDENCE)}_")
    update = button("Update", ActionId.OBJECTIVE_UPDATE, row.ref.pack())
    return section("\n".join(lines), accessory=update, block_id=f"objective:{row.ref.objective}:{row.ref.revision}")


def _measured(row: ObjectiveRow) -> list[str]:
    """`Days to close the month: 9 → *4* → 3`: where it began, where it stands, where it should get to."""
    points = [
        label(row.baseline, POINT) if row.baseline else "",
        f"*{label(row.current, POINT)}*" if row.current else "",
        label(row.target, POINT) if row.target else "",
    ]
    course = " → ".join(point for point in points if point)
    words = [label(row.measure, MEASURE)] if row.measure else []
    return [": ".join([*words, *([course] if course else [])])] if words or course else []


def _facts(row: ObjectiveRow, today: date) -> str:
    facts = [label(row.owner, OWNER) if row.owner else "no owner yet"]
    if row.status is ObjectiveStatus.OPEN:
        facts.append(f"🔴 {due_words(row.due_on, today)}" if row.overdue else due_words(row.due_on, today))
    else:
        facts.append(row.status.value)
        facts += [f"was due {day_words(row.due_on, today)}"] if row.due_on else []
    return DOT.join(facts)


def _action_plan(parts: Sequence[tuple[str, str]]) -> list[Block]:
    if not parts:
        return []
    lines = [f"_{label(name)}:_ {fit(text, ACTION_PLAN)}" if name else fit(text, ACTION_PLAN) for name, text in parts]
    return [section("\n".join(["*Action plan*", *lines[:PARTS]]))]


def _runs(runs: Sequence[ServingRun], today: date) -> list[Block]:
    if not runs:
        return []
    return [section("\n".join(["*Under way for it*", *(_run(run, today) for run in runs[:RUNS])]))]


def _run(run: ServingRun, today: date) -> str:
    following = f"next: {label(run.next_step, 100)}, {due_words(run.next_due, today)}" if run.next_step else ""
    facts = [f"• {label(run.title, 120)}", f"{run.done} of {run.steps} steps done", following]
    aim = f"\n    _{label(run.objective, 160)}_" if run.objective else ""
    return DOT.join(fact for fact in facts if fact) + aim


def _closing(view: PlanView) -> str:
    words = [plan_words(view.met, view.total).capitalize()]
    if view.pages > 1:
        words.append(f"Page {view.page} of {view.pages}")
    if view.page < view.pages:
        words.append(f"More: `/account plan {label(view.key)} {view.page + 1}`")
    words.append(f"In a line: `/account plan {label(view.key)} add TITLE; MEASURE; TARGET; DATE`")
    return DOT.join(words)
