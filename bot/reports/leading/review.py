"""The numbers of a quarter for the cross-functional review: what was won and lost, what got stuck, what was learned."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import case, func, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.errors import InvalidInput
from bot.library.library import Library
from bot.library.schema import Playbook, Then
from bot.models import (
    Account,
    Escalation,
    Objective,
    ObjectiveStatus,
    Retrospective,
    Run,
    RunStatus,
    Step,
    StepStatus,
    Suggestion,
    SuggestionStatus,
)
from bot.reports.account_head import Statement
from bot.reports.leading.bottlenecks import load_bottlenecks
from bot.reports.leading.coverage import find_coverage
from bot.slack.leading.bottlenecks import blocker_words
from bot.slack.leading.coverage import coverage_words
from bot.slack.leading.review import Review, ReviewPart

_QUARTER = re.compile(r"(?P<year>20\d\d)-?q(?P<number>[1-4])", re.IGNORECASE)
STUCK, LESSONS, TAKEN, UNCOVERED = 5, 10, 10, 5


@dataclass(frozen=True, slots=True)
class Quarter:
    """A quarter of the calendar year, in UTC: its first instant, and the first one after it."""

    year: int
    number: int

    @classmethod
    def of(cls, day: date) -> "Quarter":
        return cls(day.year, (day.month - 1) // 3 + 1)

    @classmethod
    def named(cls, text: str) -> "Quarter":
        """The quarter that is written `2026-Q3`. Raises InvalidInput."""
        given = _QUARTER.fullmatch(text.strip())
        if given is None:
            raise InvalidInput("Write a quarter like 2026-Q3.")
        return cls(int(given["year"]), int(given["number"]))

    @property
    def begins(self) -> datetime:
        return datetime.combine(date(self.year, self.number * 3 - 2, 1), time(), UTC)

    @property
    def ends(self) -> datetime:
        following = Quarter(self.year + self.number // 4, self.number % 4 + 1)
        return following.begins

    def __str__(self) -> str:
        return f"{self.year}-Q{self.number}"


async def load_review(session: AsyncSession, library: Library, quarter: Quarter, now: datetime) -> Review:
    """Of a quarter that is not over yet, what there is so far."""
    parts = [
        ReviewPart("Outcomes", (*await _runs(session, quarter), *await _objectives(session, quarter))),
        ReviewPart("What was decided", tuple(await _endings(session, library, quarter))),
        ReviewPart("Escalations and what was learned", tuple(await _escalations(session, quarter))),
        ReviewPart("Where steps got stuck", tuple(await _stuck(session, quarter, now))),
        ReviewPart("Suggestions", tuple(await _suggestions(session, quarter))),
        ReviewPart("What no playbook covers", tuple(_uncovered(library))),
    ]
    return Review(str(quarter), over=now >= quarter.ends, parts=tuple(parts))


def _within(column: Any, quarter: Quarter) -> tuple[Any, Any]:
    return col(column) >= quarter.begins, col(column) < quarter.ends


async def _rows(session: AsyncSession, query: Statement) -> list[Any]:
    return list((await (await session.connection()).execute(query)).all())


async def _runs(session: AsyncSession, quarter: Quarter) -> list[str]:
    completed = func.sum(case((col(Run.status) == RunStatus.COMPLETED, 1), else_=0)).label("completed")
    met = func.sum(case((col(Run.criteria_met).is_(True), 1), else_=0)).label("met")
    judged = func.sum(case((col(Run.criteria_met).is_not(None), 1), else_=0)).label("judged")
    ended: Statement = select(func.count().label("ended"), completed, met, judged)
    ended = ended.where(*_within(Run.ended_at, quarter))
    started: Statement = select(func.count().label("started")).where(*_within(Run.started_at, quarter))
    (row,), (begun,) = await _rows(session, ended), await _rows(session, started)
    lines = [f"{begun.started} playbooks started, {row.completed or 0} completed, {row.ended} ended"]
    if row.judged:
        lines.append(f"{row.met} of {row.judged} reached what they were for")
    return lines


async def _objectives(session: AsyncSession, quarter: Quarter) -> list[str]:
    query: Statement = (
        select(col(Objective.status), func.count().label("number"))
        .where(*_within(Objective.closed_at, quarter))
        .group_by(col(Objective.status))
    )
    counts = {ObjectiveStatus(row.status): row.number for row in await _rows(session, query)}
    words = [f"{counts[status]} {status}" for status in ObjectiveStatus if status in counts]
    return [f"Customers' objectives: {', '.join(words)}"] if words else []


async def _endings(session: AsyncSession, library: Library, quarter: Quarter) -> list[str]:
    """How often the outcomes that end a run or move the account were chosen: renewals, expansions, losses."""
    query: Statement = (
        select(col(Run.playbook_key), col(Step.key), col(Step.outcome), func.count().label("number"))
        .join(Run, col(Run.id) == Step.run_id)
        .where(col(Step.status) == StepStatus.DONE, col(Step.outcome).is_not(None), *_within(Step.finished_at, quarter))
        .group_by(col(Run.playbook_key), col(Step.key), col(Step.outcome))
    )
    chosen = {(row.playbook_key, row.key, row.outcome): row.number for row in await _rows(session, query)}
    lines = []
    for key in sorted({key for key, _, _ in chosen}):
        playbook = library.approved(key)
        counted: Counter[str] = Counter()
        for step, outcome, words in _deciding(playbook) if playbook else ():
            counted[words] += chosen.get((key, step, outcome), 0)
        if playbook and counted.total():
            lines.append(f"{playbook.title}: {', '.join(f'{words} {n}' for words, n in counted.most_common() if n)}")
    return lines


def _deciding(playbook: Playbook) -> Iterator[tuple[str, str, str]]:
    for step in playbook.steps:
        for outcome in step.outcomes:
            if outcome.stage or outcome.milestone or outcome.then is not Then.CONTINUE:
                yield step.key, outcome.key, outcome.label


async def _escalations(session: AsyncSession, quarter: Quarter) -> list[str]:
    raised: Statement = select(func.count().label("number")).where(*_within(Escalation.created_at, quarter))
    resolved: Statement = (
        select(func.count().label("number"), func.count(col(Retrospective.id)).label("looked_back"))
        .select_from(Escalation)
        .join(Retrospective, col(Retrospective.escalation_id) == Escalation.id, isouter=True)
        .where(*_within(Escalation.resolved_at, quarter))
    )
    (one,), (other,) = await _rows(session, raised), await _rows(session, resolved)
    lines = [f"{one.number} raised, {other.number} resolved, {other.looked_back} of these with a retrospective"]
    lessons: Statement = (
        select(col(Account.name), col(Retrospective.cause), col(Retrospective.change))
        .join(Escalation, col(Escalation.id) == Retrospective.escalation_id)
        .join(Account, col(Account.id) == Escalation.account_id)
        .where(*_within(Retrospective.created_at, quarter))
        .order_by(col(Retrospective.created_at))
        .limit(LESSONS)
    )
    return lines + [f"{row.name}: {row.change} (cause: {row.cause})" for row in await _rows(session, lessons)]


async def _stuck(session: AsyncSession, quarter: Quarter, now: datetime) -> list[str]:
    until = min(now, quarter.ends)
    days = max(1, (until - quarter.begins).days)
    found = await load_bottlenecks(await session.connection(), until, days=days)
    lines = []
    for step in found.steps[:STUCK]:
        counts = {"late": step.late, "overdue": step.overdue, "skipped": step.skipped, "blocked": step.blocked}
        words = ", ".join(f"{number} {word}" for word, number in counts.items() if number)
        lines.append(f"{step.title} ({step.playbook}): {words} of {step.total}")
    return lines + ([blocker_words(found.blockers)] if found.blockers else [])


def _uncovered(library: Library) -> list[str]:
    coverage = find_coverage(library)
    titles = [one.title for one in coverage.uncovered_milestones[:UNCOVERED]]
    return [coverage_words(coverage), *(f"Milestone without a playbook: {title}" for title in titles)]


async def _suggestions(session: AsyncSession, quarter: Quarter) -> list[str]:
    taken: Statement = (
        select(col(Suggestion.playbook_key), col(Suggestion.body))
        .where(col(Suggestion.status) == SuggestionStatus.TAKEN, *_within(Suggestion.decided_at, quarter))
        .order_by(col(Suggestion.decided_at))
    )
    counts: Statement = select(
        func.count().label("number"),
        func.sum(case((col(Suggestion.helpful).is_(True), 1), else_=0)).label("helped"),
        func.sum(case((col(Suggestion.helpful).is_(False), 1), else_=0)).label("did_not"),
    ).where(*_within(Suggestion.created_at, quarter))
    rows, (made,) = await _rows(session, taken), (await _rows(session, counts))
    lines = [f"{made.number} came in (👍 {made.helped or 0}, 👎 {made.did_not or 0}), {len(rows)} were taken up"]
    return lines + [f"{row.playbook_key}: {row.body}" for row in rows[:TAKEN] if row.body]
