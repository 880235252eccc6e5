"""The answer to `/playbook tasks`: one's steps of the next weeks, by week."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from bot.models import StepStatus
from bot.slack.blocks import Message
from bot.slack.dates import day_words
from bot.slack.leading.pages import Paging, build_page
from bot.slack.text import label

LINES = 40


@dataclass(frozen=True, slots=True)
class Task:
    due_on: date
    title: str
    account: str
    playbook: str
    status: StepStatus


@dataclass(frozen=True, slots=True)
class TaskList:
    """In the order of their dates; those before `today` (the reader's) are overdue."""

    today: date
    days: int
    tasks: tuple[Task, ...]


def build_tasks(found: TaskList, page: int = 1) -> Message:
    title = f"Your steps of the next {found.days} days: {len(found.tasks)}"
    command = f"/playbook tasks {found.days}"
    intro = "`/playbook today` has the buttons."
    empty = "Nothing is due in that time."
    return build_page(title, intro, list(_lines(found)), Paging(page, LINES, command), empty=empty)


def _lines(found: TaskList) -> Iterator[str]:
    """A heading for each week goes into the line of its first step, so that a page never ends with a heading."""
    for week, tasks in groupby(found.tasks, key=lambda task: _week(task.due_on, found.today)):
        for number, task in enumerate(tasks):
            line = _line(task, found.today)
            yield line if number else f"*{week}*\n{line}"


def _week(day: date, today: date) -> str:
    if day < today:
        return "Overdue"
    monday = day - timedelta(days=day.weekday())
    return f"Week of {day_words(monday, today)}"


def _line(task: Task, today: date) -> str:
    state = {StepStatus.BLOCKED: "  ·  blocked", StepStatus.WAITING: "  ·  waits for an earlier step"}
    what = f"{label(task.title, 120)}  ·  {label(task.account, 60)}  ·  {label(task.playbook, 60)}"
    return f"•  {day_words(task.due_on, today)}  ·  {what}{state.get(task.status, '')}"
