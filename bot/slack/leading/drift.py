"""The answer to `/playbook drift KEY`: step by step, how runs differ from what is written."""

from dataclasses import dataclass, field
from statistics import median

from bot.slack.blocks import Message
from bot.slack.leading.pages import Paging, build_page
from bot.slack.text import label

ROWS = 25


@dataclass
class DriftStep:
    """`due` is the rule as written, in words; None for a step that is gone from the playbook. Days count from 0."""

    key: str
    title: str
    due: str | None
    total: int = 0
    skipped: int = 0
    not_applicable: int = 0
    put_off: int = 0
    handed_on: int = 0
    planned_days: list[int] = field(default_factory=list)
    actual_days: list[int] = field(default_factory=list)

    def share(self, number: int) -> int:
        """In per cent of all runs."""
        return round(100 * number / self.total) if self.total else 0

    @property
    def planned_day(self) -> float | None:
        return median(self.planned_days) if self.planned_days else None

    @property
    def actual_day(self) -> float | None:
        return median(self.actual_days) if self.actual_days else None


@dataclass(frozen=True)
class Drift:
    """`older` are the runs on a version before the one in use."""

    key: str
    title: str
    days: int
    runs: int
    older: int
    steps: tuple[DriftStep, ...]


def build_drift(drift: Drift, page: int = 1) -> Message:
    title = f"{label(drift.title, 100)}: as written, and as it is done"
    runs = f"{drift.runs} run{'' if drift.runs == 1 else 's'} begun in the last {drift.days} days"
    older = f", {drift.older} of them on an older version (`/playbook move {drift.key}`)" if drift.older else ""
    lines = [_step(step) for step in drift.steps] if drift.runs else []
    command = f"/playbook drift {drift.key} {drift.days}"
    return build_page(title, runs + older, lines, Paging(page, ROWS, command), empty="There is nothing to compare yet.")


def _step(step: DriftStep) -> str:
    moved = {
        "skipped": step.skipped,
        "not applicable": step.not_applicable,
        "put off": step.put_off,
        "handed on": step.handed_on,
    }
    shares = [f"{step.share(number)} % {word}" for word, number in moved.items() if number]
    days = []
    if step.planned_day is not None:
        days.append(f"planned for day {step.planned_day:g}")
    if step.actual_day is not None:
        days.append(f"done on day {step.actual_day:g}")
    rule = step.due or "not in the playbook any more"
    facts = [", ".join(days), *shares]
    return f"*{label(step.title, 120)}*  ·  {rule}\n" + ("  ·  ".join(fact for fact in facts if fact) or "no run yet")
