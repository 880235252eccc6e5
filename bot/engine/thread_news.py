"""What is said in the thread of a run's escalation, in which people of several teams work on one thing. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.engine.actors import Actor
from bot.engine.state import RunState
from bot.library.schema import StepSpec
from bot.models import ACTIONABLE, Step, StepKind, StepStatus

TASKS = 12  # named in one message
ANSWER_LENGTH = 600


@dataclass(frozen=True, slots=True)
class News:
    """`called` are the members mentioned: those whose tasks began."""

    text: str
    called: tuple[int, ...] = ()


def decide_news(
    state: RunState, changed: Iterable[Step], actor: Actor | None, now: datetime, sentence: str | None
) -> News:
    """The sentence, and whose tasks have just begun. When the call for help has, all that is open is news there."""
    begun = [step for step in changed if step.status is StepStatus.OPEN and step.opened_at == now]
    if any(step.kind is StepKind.ESCALATION for step in begun):
        begun = [step for step in state.steps if step.status in ACTIONABLE]
    tasks = [step for step in begun if step.kind is not StepKind.ESCALATION]
    if not tasks:
        return News(sentence or "")
    lines = [_task(state, step) for step in tasks[:TASKS]]
    if len(tasks) > TASKS:
        lines.append(f"and {len(tasks) - TASKS} more")
    head = f"{state.run.title}: what is to be done now, in this thread"
    text = "\n".join([*([sentence] if sentence else []), head, *lines])
    known = actor.member_id if actor else None
    return News(text, tuple(dict.fromkeys(step.assignee_id for step in tasks if step.assignee_id != known)))


def answer_words(spec: StepSpec, answers: Mapping[str, object]) -> str:
    """What was found, a line for each answer; begins with a line break when there is any."""
    lines = [
        f"\n•  {question.label}: {str(answers[question.key])[:ANSWER_LENGTH]}"
        for question in spec.questions
        if answers.get(question.key) not in (None, "")
    ]
    return "".join(lines)


def _task(state: RunState, step: Step) -> str:
    due = f", by {step.due_on:%a} {step.due_on.day} {step.due_on:%b}" if step.due_on else ""
    role = step.role.replace("_", " ")
    return f"•  {step.title}: {state.name_of(step.assignee_id)} ({role}){due}"
