"""When an open step speaks up: on its due date, before it when it needs preparation, and once after it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Update, bindparam, update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.calendars import at_hour, local_date, shift, working_day_on_or_after
from bot.library.offsets import Offset
from bot.library.schema import StepSpec
from bot.models import Member, Step, StepKind, Touchpoint, TouchpointKind, TouchpointStatus
from bot.models.columns import constant
from bot.prepared import Prepared


@dataclass(frozen=True, slots=True)
class Firing:
    kind: TouchpointKind
    at: datetime
    at_once: bool = False


def plan_firings(spec: StepSpec, due_on: date, member: Member, now: datetime, *, at_once: bool = False) -> list[Firing]:
    """The touchpoints of an open step, in the hours of the member it is assigned to.

    Everything falls at the start of a working day. A due date that is past speaks up now, and its overdue nudge counts
    from today. `at_once` is for a step that follows from what its own assignee just did: it does not wait for morning.
    """
    today = local_date(now, member.timezone)
    morning = _morning(due_on, member)
    soon = working_day_on_or_after(today, member.country) if at_once else today  # on a Sunday, Monday's step is soon
    due_now = due_on <= soon and (at_once or morning <= now)
    firings = [Firing(TouchpointKind.DUE, now, at_once) if due_now else Firing(TouchpointKind.DUE, morning)]
    if spec.remind_before:
        early = _morning(shift(due_on, _negative(spec.remind_before), member.country), member)
        if now < early < firings[0].at:
            firings.append(Firing(TouchpointKind.REMINDER, early))
    nudge = shift(max(due_on, today), spec.overdue_after, member.country)
    firings.append(Firing(TouchpointKind.OVERDUE, _morning(nudge, member)))
    if spec.kind is StepKind.ESCALATION:  # the escalation itself is the message; only its lateness is news
        return firings[-1:]
    return firings


def _morning(day: date, member: Member) -> datetime:
    return at_hour(working_day_on_or_after(day, member.country), member.workday_start, member.timezone)


def _negative(offset: Offset) -> Offset:
    return Offset(-abs(offset.amount), offset.unit)


def add_touchpoints(session: AsyncSession, step: Step, firings: Iterable[Firing]) -> None:
    """Plan firings under the step's present revision."""
    for firing in firings:
        session.add(
            Touchpoint(
                kind=firing.kind,
                account_id=step.account_id,
                step_id=step.id,
                revision=step.revision,
                fire_at=firing.at,
                at_once=firing.at_once,
            )
        )


async def cancel_touchpoints(session: AsyncSession, step_ids: Iterable[int]) -> None:
    """Drop what is still planned for these steps."""
    if steps := [{"step": step_id} for step_id in step_ids]:
        await session.flush()  # what this transaction planned itself counts
        await _CANCEL_OF_STEP.each(await session.connection(), steps)


async def cancel_planned(session: AsyncSession, which: ColumnElement[bool]) -> None:
    """Drop those of the touchpoints that are still planned; what has fired stays as it is."""
    await session.exec(_cancelling(which).execution_options(synchronize_session=False))


def _cancelling(which: ColumnElement[bool]) -> Update:
    planned = col(Touchpoint.status) == constant(TouchpointStatus.PLANNED)
    return update(Touchpoint).where(which, planned).values(status=TouchpointStatus.CANCELLED)


_CANCEL_OF_STEP = Prepared(lambda: _cancelling(col(Touchpoint.step_id) == bindparam("step")))
