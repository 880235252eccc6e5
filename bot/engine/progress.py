"""What follows when something in a run changes: steps open, the run ends, messages are redrawn."""

from collections.abc import Iterable
from datetime import date, datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.actors import Actor
from bot.engine.calendars import local_date, shift
from bot.engine.exit_criteria import decide_verdict, tell_owners
from bot.engine.journal import record
from bot.engine.outbox import enqueue, redraw_steps
from bot.engine.planning import anchor_dates, due_after, plan_due_dates
from bot.engine.raising import ASK_LENGTH, ESCALATION_LANE, open_code_red, raise_escalation
from bot.engine.state import RunState
from bot.engine.thread_news import News, decide_news
from bot.engine.touchpoints import add_touchpoints, cancel_touchpoints, plan_firings
from bot.engine.words import escalation_words
from bot.library.library import Library
from bot.library.offsets import OPENING
from bot.models import (
    ACTIONABLE,
    FINISHED,
    DeliveryKind,
    Escalation,
    EscalationStatus,
    RunStatus,
    Step,
    StepKind,
    StepStatus,
    TimelineKind,
)
from bot.models.columns import constant


def replan(state: RunState) -> list[tuple[Step, date | None]]:
    """Work out due dates anew. Changes the unfinished steps that move, and returns them with the dates they had.

    A step somebody snoozed keeps the day that was chosen for it.
    """
    planned = plan_due_dates(
        state.playbook,
        started_on=state.run.started_on,
        anchors=anchor_dates(state.account),
        settled_on=settled_days(state),
        countries={step.key: state.assignee(step).country for step in state.steps},
    )
    moved = []
    for step in state.steps:
        if step.key not in planned:
            continue  # left behind when the run was moved to a newer version
        due_on = planned[step.key]
        counts_from_opening = due_on is None or state.spec(step).due.reference == OPENING
        if counts_from_opening and step.status in ACTIONABLE:
            continue  # it became due when it opened
        if step.status not in FINISHED and step.snoozed_until is None and step.due_on != due_on:
            moved.append((step, step.due_on))
            step.due_on = due_on
    return moved


def settled_days(state: RunState) -> dict[str, date]:
    """The days, by step key, on which steps were finished or to which somebody put them off."""
    snoozed = {step.key: step.snoozed_until for step in state.steps if step.snoozed_until}
    finished = {step.key: state.local_day(step, step.finished_at) for step in state.steps if step.finished_at}
    return {**snoozed, **finished}


async def advance(
    session: AsyncSession, library: Library, state: RunState, actor: Actor | None, now: datetime
) -> list[Step]:
    """Open every waiting step whose needs are met, and complete the run when nothing required is left.

    Returns the steps whose messages may look different now.
    """
    moved = [step for step, _ in replan(state)]
    await reschedule(session, state, [step for step in moved if step.status is StepStatus.OPEN], now)
    opened = [step for step in state.steps if step.status is StepStatus.WAITING and not state.unmet(step)]
    for step in opened:
        await open_step(session, library, state, step, actor, now)
    ended = await _complete_run(session, state, actor, now)
    return [*moved, *opened, *ended]


async def open_step(
    session: AsyncSession, library: Library, state: RunState, step: Step, actor: Actor | None, now: datetime
) -> None:
    """A step becomes its assignee's to do. An escalation step raises its escalation there and then."""
    step.status = StepStatus.OPEN
    step.opened_at = now
    step.revision += 1
    due, today = state.spec(step).due, state.local_day(step, now)
    if due.reference == OPENING:
        step.due_on = due_after(today, due.offset, state.assignee(step).country)
    elif step.due_on is None:  # the date it hangs on is unknown: it is due as soon as it can be done
        step.due_on = today
    own = actor is not None and actor.member_id == step.assignee_id
    add_touchpoints(session, step, plan_firings(state.spec(step), step.due_on, state.assignee(step), now, at_once=own))
    if step.kind is StepKind.ESCALATION:
        await _raise_for(session, library, state, step, now)


async def _raise_for(session: AsyncSession, library: Library, state: RunState, step: Step, now: datetime) -> None:
    call = state.spec(step).escalation
    if call is None or await _is_raised(session, step):  # it was opened before, and an undo closed it
        return
    csm = state.assignee(step)
    today = local_date(now, csm.timezone)
    ask = escalation_words(call, state, today)
    called = await open_code_red(session, state.run.account_id) if call.code_red else None
    if called and called.run_id is None:  # somebody called it, and the run began with that
        called.run_id, called.step_id = state.run.id, step.id
        called.ask = f"{called.ask}\n\n{ask}"[:ASK_LENGTH]
        return
    await raise_escalation(
        session,
        library,
        state.run.account_id,
        None,
        now,
        target=call.to,
        severity=call.severity,
        ask=ask,
        deadline=shift(today, call.deadline, csm.country),
        step_id=step.id,
        run_id=state.run.id,
        code_red=call.code_red,
    )


async def _is_raised(session: AsyncSession, step: Step) -> bool:
    query = select(Escalation.id).where(
        Escalation.step_id == step.id, col(Escalation.status) != constant(EscalationStatus.RESOLVED)
    )
    return (await session.exec(query)).first() is not None


async def reschedule(
    session: AsyncSession, state: RunState, steps: Iterable[Step], now: datetime, *, silent: bool = False
) -> None:
    """Plan the touchpoints of open steps anew, after their dates or assignees changed.

    `silent` leaves out what would speak up at once: the person knows the step already.
    """
    steps = list(steps)
    if not steps:
        return
    await cancel_touchpoints(session, [step.id for step in steps])
    for step in steps:
        step.revision += 1
        if step.due_on is not None:
            firings = plan_firings(state.spec(step), step.due_on, state.assignee(step), now)
            add_touchpoints(session, step, [firing for firing in firings if firing.at > now or not silent])


async def _complete_run(session: AsyncSession, state: RunState, actor: Actor | None, now: datetime) -> list[Step]:
    required = [step for step in state.steps if not state.spec(step).optional]
    if state.run.status is not RunStatus.ACTIVE or any(step.status not in FINISHED for step in required):
        return []
    return await end_run(session, state, RunStatus.COMPLETED, actor, now)


async def end_run(
    session: AsyncSession, state: RunState, status: RunStatus, actor: Actor | None, now: datetime, reason: str = ""
) -> list[Step]:
    """End the run as completed or cancelled and call off what is left of it. Returns the steps called off."""
    left = [step for step in state.steps if step.status not in FINISHED]
    for step in left:
        step.status = StepStatus.CANCELLED
        step.revision += 1
    await cancel_touchpoints(session, [step.id for step in left])
    state.run.status = status
    state.run.ended_at = now
    state.run.end_reason = reason or None
    completed = status is RunStatus.COMPLETED
    verdict = decide_verdict(state) if completed else None
    state.run.criteria_met = verdict.met if verdict else None
    summary = f"{'completed' if completed else 'cancelled'} {state.run.title}" + (f": {reason}" if reason else "")
    record(
        session,
        TimelineKind.RUN_COMPLETED if completed else TimelineKind.RUN_CANCELLED,
        f"{summary}. {verdict.words}" if verdict else summary,
        now,
        account_id=state.run.account_id,
        actor=actor,
        run_id=state.run.id,
        details={"criteria_met": verdict.met, "unmet": [c.key for c in verdict.unmet]} if verdict else None,
    )
    if verdict:
        await tell_owners(session, state, verdict, actor, now)
    return left


async def show_changes(
    session: AsyncSession,
    state: RunState,
    steps: Iterable[Step],
    actor: Actor | None,
    now: datetime,
    *,
    sentence: str | None = None,
    also: Iterable[int] = (),
) -> None:
    """Redraw what shows these steps, refresh the Home tabs concerned (and `also` these), tell the thread."""
    steps = list(steps)
    concerned = [*also, *(step.assignee_id for step in steps), actor.member_id if actor else None]
    await redraw_steps(session, [step.id for step in steps], now, homes=concerned)
    if any(spec.kind is StepKind.ESCALATION for spec in state.playbook.steps):
        await _tell_thread(session, state, decide_news(state, steps, actor, now, sentence), now)


async def _tell_thread(session: AsyncSession, state: RunState, news: News, now: datetime) -> None:
    """In the thread of the run's escalation the people who work on it read what is done, and what is theirs now."""
    if not news.text:
        return
    query = select(Escalation.id).where(
        Escalation.run_id == state.run.id, col(Escalation.status) != constant(EscalationStatus.RESOLVED)
    )
    for escalation_id in (await session.exec(query)).all():
        await enqueue(
            session,
            DeliveryKind.ESCALATION_UPDATE,
            now,
            lane=ESCALATION_LANE,
            account_id=state.run.account_id,
            payload={"escalation_id": escalation_id, "text": news.text, "mention_member_ids": list(news.called)},
        )
