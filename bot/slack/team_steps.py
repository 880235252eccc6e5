"""The answer to `/playbook team`: the open steps of a role, a page at a time."""

from dataclasses import dataclass
from datetime import date

from bot.models import MemberRole, StepStatus
from bot.slack.blocks import Message, context, section, sections
from bot.slack.dates import due_words
from bot.slack.step_card import role_words
from bot.slack.text import label

PAGE = 20


@dataclass(frozen=True, slots=True)
class TeamStep:
    """`is_stand_in`: nobody has the role on that account, so the step went to somebody else."""

    title: str
    account: str
    playbook: str
    assignee: str
    due_on: date | None
    status: StepStatus
    is_stand_in: bool


@dataclass(frozen=True, slots=True)
class TeamSteps:
    """A page of them, by due date; `total` and `overdue` count those of all pages. `today` is the reader's."""

    role: MemberRole
    today: date
    rows: tuple[TeamStep, ...]
    total: int
    overdue: int
    page: int


def build_team_steps(steps: TeamSteps) -> Message:
    role = role_words(steps.role)
    title = f"Open steps for {role}"
    if not steps.rows:
        words = f"{title}: there are none." if steps.page == 1 else f"{title}: page {steps.page} is empty."
        return Message(words, [section(words)])
    count = f"{steps.total} step{'' if steps.total == 1 else 's'}"
    counted = f"{count}, {steps.overdue} overdue" if steps.overdue else count
    blocks = [section(f"*{title}*  ·  {counted}"), *sections(_line(row, steps.today) for row in steps.rows)]
    if steps.page * PAGE < steps.total:
        blocks.append(context(f"More: `/playbook team {steps.role} {steps.page + 1}`"))
    return Message(f"{title}: {counted}", blocks)


def _line(row: TeamStep, today: date) -> str:
    due = due_words(row.due_on, today)
    when = f"*{due}*" if row.due_on and row.due_on < today else due
    whose = label(row.assignee, 60) + (", as nobody has the role there" if row.is_stand_in else "")
    blocked = "  ·  blocked" if row.status is StepStatus.BLOCKED else ""
    return (
        f"•  {when}  ·  {label(row.title, 150)}  ·  {label(row.account)} ({label(row.playbook)})  ·  {whose}{blocked}"
    )
