"""The answer to `/playbook coverage`: what no playbook covers yet."""

from dataclasses import dataclass

from bot.slack.blocks import Message
from bot.slack.leading.pages import Paging, build_page
from bot.slack.text import label

LINES = 40


@dataclass(frozen=True, slots=True)
class UncoveredMilestone:
    journey: str
    stage: str
    key: str
    title: str


@dataclass(frozen=True, slots=True)
class UncoveredCell:
    stage: str
    segment: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """`milestones` and `cells` count all of them."""

    milestones: int
    uncovered_milestones: tuple[UncoveredMilestone, ...]
    cells: int
    uncovered_cells: tuple[UncoveredCell, ...]


def build_coverage(coverage: Coverage, page: int = 1) -> Message:
    lines = [_milestone_words(one) for one in coverage.uncovered_milestones]
    lines += [f"•  *{cell.segment}* accounts in *{cell.stage}*: no playbook" for cell in coverage.uncovered_cells]
    empty = "Every milestone and every stage of every segment has a playbook."
    paging = Paging(page, LINES, "/playbook coverage")
    return build_page("Coverage", coverage_words(coverage), lines, paging, empty=empty)


def _milestone_words(one: UncoveredMilestone) -> str:
    where = f"{one.journey}, {one.stage}"
    return f"•  *{label(one.title, 120)}* (`{one.key}`)  ·  {where}: no playbook starts with it or reaches it"


def coverage_words(coverage: Coverage) -> str:
    covered = coverage.milestones - len(coverage.uncovered_milestones)
    cells = coverage.cells - len(coverage.uncovered_cells)
    stages = f"{cells} of {coverage.cells} stages of segments"
    return f"{covered} of {coverage.milestones} milestones and {stages} have a playbook."
