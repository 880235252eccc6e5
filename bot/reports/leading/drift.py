"""How runs of a playbook differ from how it is written: what is left out, put off, handed on, and when it happens."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlmodel import col

from bot.db import Reader
from bot.engine.calendars import local_date
from bot.library.schema import Playbook
from bot.models import (
    Member,
    PlaybookVersion,
    Run,
    RunStatus,
    Step,
    StepStatus,
    TimelineEntry,
    TimelineKind,
    VersionStatus,
)
from bot.reports.account_head import Statement
from bot.slack.leading.drift import Drift, DriftStep
from bot.slack.playbook_views import due_rule

MOVED = {TimelineKind.STEP_SNOOZED: "put_off", TimelineKind.STEP_REASSIGNED: "handed_on"}


async def load_drift(reader: Reader, playbook: Playbook, now: datetime, days: int = 365) -> Drift:
    """Of the runs that began in the last `days`; those that were called off do not count."""
    counted = (
        col(Run.playbook_key) == playbook.key,
        col(Run.started_at) >= now - timedelta(days=days),
        col(Run.status) != RunStatus.CANCELLED,
    )
    steps = {spec.key: DriftStep(spec.key, spec.title, due_rule(spec.due, playbook)) for spec in playbook.steps}
    for row in await _steps(reader, counted):
        _count(steps.setdefault(row.key, DriftStep(row.key, row.title, None)), row)
    for key, kind, number in await _moves(reader, counted):
        if key in steps:
            setattr(steps[key], MOVED[kind], number)
    versions = await _versions(reader, counted)
    newest = await _newest(reader, playbook.key)
    return Drift(
        key=playbook.key,
        title=playbook.title,
        days=days,
        runs=sum(versions.values()),
        older=sum(number for version, number in versions.items() if newest is not None and version < newest),
        steps=tuple(steps.values()),
    )


def _count(step: DriftStep, row: Any) -> None:
    step.total += 1
    step.skipped += row.status is StepStatus.SKIPPED
    step.not_applicable += row.status is StepStatus.NOT_APPLICABLE
    if row.due_on and row.snoozed_until is None:
        step.planned_days.append((row.due_on - row.started_on).days)
    if row.status is StepStatus.DONE and row.finished_at:
        step.actual_days.append((local_date(row.finished_at, row.timezone) - row.started_on).days)


async def _steps(reader: Reader, counted: tuple[Any, ...]) -> list[Any]:
    query: Statement = (
        select(
            *(col(Step.key), col(Step.title), col(Step.status), col(Step.due_on), col(Step.snoozed_until)),
            *(col(Step.finished_at), col(Run.started_on), col(Member.timezone)),
        )
        .join(Run, col(Run.id) == Step.run_id)
        .join(Member, col(Member.id) == Step.assignee_id)
        .where(*counted)
        .order_by(col(Step.id))
    )
    return list((await reader.execute(query)).all())


async def _moves(reader: Reader, counted: tuple[Any, ...]) -> list[tuple[str, TimelineKind, int]]:
    """How many steps of each key were put off or handed on, however often each."""
    query: Statement = (
        select(col(Step.key), col(TimelineEntry.kind), func.count(col(Step.id).distinct()).label("number"))
        .join(Step, col(Step.id) == TimelineEntry.step_id)
        .join(Run, col(Run.id) == Step.run_id)
        .where(col(TimelineEntry.kind).in_(MOVED), *counted)
        .group_by(col(Step.key), col(TimelineEntry.kind))
    )
    return [(row.key, TimelineKind(row.kind), row.number) for row in (await reader.execute(query)).all()]


async def _versions(reader: Reader, counted: tuple[Any, ...]) -> Counter[int]:
    query: Statement = (
        select(col(PlaybookVersion.version), func.count().label("number"))
        .join(Run, col(Run.playbook_version_id) == PlaybookVersion.id)
        .where(*counted)
        .group_by(col(PlaybookVersion.version))
    )
    return Counter({row.version: row.number for row in (await reader.execute(query)).all()})


async def _newest(reader: Reader, key: str) -> int | None:
    query: Statement = select(func.max(col(PlaybookVersion.version))).where(
        col(PlaybookVersion.key) == key, col(PlaybookVersion.status) == VersionStatus.APPROVED
    )
    found: int | None = (await reader.execute(query)).scalar_one()
    return found
