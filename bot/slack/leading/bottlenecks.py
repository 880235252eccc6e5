"""The answer to `/playbook bottlenecks`: the steps that give trouble, the worst first."""

from collections import Counter
from dataclasses import dataclass, field
from statistics import median

from bot.slack.blocks import Message
from bot.slack.leading.pages import Paging, build_page
from bot.slack.text import label

ROWS = 15
REASONS = 2
QUOTES = '“”"'  # which a reason that cites somebody may have already


@dataclass
class StuckStep:
    """A step of a playbook over all its runs. Days late are those of what was done late and of what is overdue."""

    playbook: str
    key: str
    title: str
    total: int = 0
    done: int = 0
    late: int = 0
    overdue: int = 0
    skipped: int = 0
    blocked: int = 0
    days_late: list[int] = field(default_factory=list)
    days_open: list[int] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)

    @property
    def trouble(self) -> int:
        return self.late + self.overdue + self.skipped + self.blocked

    @property
    def median_days_late(self) -> float | None:
        return median(self.days_late) if self.days_late else None

    @property
    def median_days_open(self) -> float | None:
        """From opening to done."""
        return median(self.days_open) if self.days_open else None

    def top_reasons(self) -> list[str]:
        return [reason for reason, _ in Counter(self.reasons).most_common(REASONS)]


@dataclass(frozen=True)
class Bottlenecks:
    """Of one playbook (`key`) or of all; `blockers` counts what was in the way by category, the most frequent first."""

    key: str | None
    days: int
    steps: tuple[StuckStep, ...]
    blockers: dict[str, int]


def build_bottlenecks(found: Bottlenecks, page: int = 1) -> Message:
    about = f" of {found.key}" if found.key else ""
    title = f"Where steps{about} get stuck, last {found.days} days"
    command = " ".join(part for part in ("/playbook bottlenecks", found.key or "", str(found.days)) if part)
    lines = [step_words(step, with_playbook=not found.key) for step in found.steps]
    empty = "Nothing was late, skipped or blocked."
    return build_page(title, blocker_words(found.blockers), lines, Paging(page, ROWS, command), empty=empty)


def blocker_words(blockers: dict[str, int]) -> str:
    if not blockers:
        return ""
    counted = ", ".join(f"{label(category.replace('_', ' '), 40)} {number}" for category, number in blockers.items())
    return f"What was in the way: {counted}"


def step_words(step: StuckStep, *, with_playbook: bool = True) -> str:
    where = f"  ·  `{step.playbook}`" if with_playbook else ""
    counts = {"late": step.late, "overdue now": step.overdue, "skipped": step.skipped, "blocked": step.blocked}
    facts = [f"{number} {word}" for word, number in counts.items() if number]
    facts.append(f"of {step.total}")
    if step.median_days_late is not None:
        facts.append(f"{_days(step.median_days_late)} late at the median")
    if step.median_days_open is not None:
        facts.append(f"takes {_days(step.median_days_open)}")
    line = f"*{label(step.title, 100)}*{where}\n{'  ·  '.join(facts)}"
    reasons = "; ".join(f"“{label(reason.strip(QUOTES), 120)}”" for reason in step.top_reasons())
    return f"{line}\n{reasons}" if reasons else line


def _days(number: float) -> str:
    return f"{number:g} day{'' if number == 1 else 's'}"
