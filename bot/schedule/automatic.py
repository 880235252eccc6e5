"""Emails that go by themselves: sent when their step comes due, unless something speaks for a person to look first."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import bindparam
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.db import reading_session
from bot.engine.actors import Actor
from bot.engine.calendars import next_working_time
from bot.engine.emails import Mail, send_step_email
from bot.engine.journal import record
from bot.engine.mail_pace import Pace, load_pace
from bot.engine.outbox import redraw_steps
from bot.engine.putting_off import put_off
from bot.engine.state import RunState, load_playbooks_of, load_run_of_step
from bot.errors import DatabaseUnavailable, PlaycallError, TryAgain
from bot.library.library import Library
from bot.library.rendering import EmailTemplates
from bot.library.schema import Mode
from bot.models import (
    Account,
    Escalation,
    EscalationStatus,
    Run,
    RunStatus,
    Step,
    StepKind,
    StepStatus,
    TimelineKind,
    Touch,
    Touchpoint,
    TouchpointKind,
    TouchpointStatus,
)
from bot.models.columns import constant
from bot.prepared import Prepared
from bot.reports.email_draft import load_email_draft, write_mails
from bot.services import Services
from bot.slack.email_modal import EmailDraft

log = structlog.get_logger(__name__)

HELD = "It did not go by itself: "


async def send_automatic(services: Services, now: datetime) -> int:
    """Send the emails of automatic steps that are due, and complete the steps. Returns how many went.

    A step is completed, and its mails are queued, in one transaction that holds the account: however many processes do
    this, a mail goes once. They share the work: each waits for accounts that others hold only when nothing else is left
    to do, and returns when all that was due is done. A mail that cannot go is left to its assignee, and its card says
    why; it is not tried again.
    """
    sent = 0
    looked_at: set[int] = set()
    templates = EmailTemplates(services.settings.templates_dir)
    for waits in (False, True):
        for step_id in await _waiting(services, now):
            if step_id in looked_at:
                continue
            try:
                async with services.database.transaction() as session:
                    if waits or await _take(session, step_id):
                        sent += await _send(services, templates, session, step_id, now)
                        looked_at.add(step_id)
            except (DatabaseUnavailable, TryAgain):  # nothing is the matter with the mail
                raise
            except PlaycallError as error:
                await _hold_unsent(services, step_id, error.message, now)
            except Exception:  # one broken template must not keep everything else from being sent
                log.exception("automatic_email_failed", step_id=step_id)
                await _hold_unsent(services, step_id, "something went wrong while it was written.", now)
    if sent:
        log.info("emails_sent_automatically", sent=sent)
        services.wake()
    return sent


async def _take(session: AsyncSession, step_id: int) -> bool:
    """Lock the account of a step that still waits for its mail; False when it does not, or another has the account."""
    return bool(await _WAITING_AND_FREE.rows(await session.connection(), {"step_id": step_id}))


_WAITING_AND_FREE = Prepared(
    lambda: (
        select(Account.id)
        .join(Step, col(Step.account_id) == Account.id)
        .where(Step.id == bindparam("step_id"), Step.status == StepStatus.OPEN, col(Step.reason).is_(None))
        .with_for_update(key_share=True, of=Account, skip_locked=True)
    )
)


async def _hold_unsent(services: Services, step_id: int, why: str, now: datetime) -> None:
    """After an error nothing of the attempt was saved."""
    async with services.database.transaction() as session:
        state = await load_run_of_step(session, services.library, step_id)
        await _hold(session, state, state.step(step_id), why, now)


async def _waiting(services: Services, now: datetime) -> list[int]:
    """The open steps of mode automatic that are due now and were not tried before."""
    query = (
        select(Step.id, Step.key, Step.run_id)
        .join(Touchpoint, col(Touchpoint.step_id) == Step.id)
        .join(Run, col(Run.id) == Step.run_id)
        .where(
            col(Touchpoint.status) == constant(TouchpointStatus.PLANNED),
            Touchpoint.fire_at <= now,
            Touchpoint.kind == TouchpointKind.DUE,
            Step.kind == StepKind.EMAIL,
            Step.status == StepStatus.OPEN,
            col(Step.reason).is_(None),
            Run.status == RunStatus.ACTIVE,
        )
        .order_by(col(Touchpoint.fire_at), col(Step.id))
    )
    async with services.database.reading() as connection:
        session = reading_session(connection)
        due = (await session.exec(query)).all()
        if not due:
            return []
        playbooks = await load_playbooks_of(session, services.library, {run_id for _, _, run_id in due})
    return [step_id for step_id, key, run_id in due if playbooks[run_id].step(key).mode is Mode.AUTOMATIC]


async def _send(
    services: Services, templates: EmailTemplates, session: AsyncSession, step_id: int, now: datetime
) -> bool:
    library = services.library
    state = await load_run_of_step(session, library, step_id)
    step, sender = state.step(step_id), state.assignee(state.step(step_id))
    if step.status is not StepStatus.OPEN or state.run.status is not RunStatus.ACTIVE or step.reason:
        return False  # somebody was faster
    if next_working_time(sender, now):  # firing puts it off to the morning
        return False
    draft = await load_email_draft(session, library, templates, step_id, Actor.of(sender), now)
    why = decide_hold(
        touch=state.account.touch,
        is_escalated=await _is_escalated(session, state.account.id),
        can_send=services.settings.can_send_email,
        draft=draft,
    )
    if why:
        await _hold(session, state, step, why, now)
        return False
    to = [recipient.contact_id for recipient in draft.recipients]
    pace = await load_pace(session, library, state, step, to, now)
    if pace.until:
        await _put_off(session, library, state, step, pace, now)
        return False
    mails = await _mails(session, library, step_id, draft, now)
    now_due = [mail for mail in mails if mail.contact_id not in pace.left_out]
    await send_step_email(session, library, step_id, None, now, now_due)
    return True


async def _put_off(
    session: AsyncSession, library: Library, state: RunState, step: Step, pace: Pace, now: datetime
) -> None:
    """Until the day that is free; a step that was put off for long already is left to a person."""
    until, limit = pace.until or now.date(), timedelta(days=library.contacting_policy.put_off_days)
    if step.due_on and until > step.due_on + limit:
        await _hold(session, state, step, f"{pace.why}, and it was due on {step.due_on.day} {step.due_on:%b}.", now)
        return
    await put_off(session, state, step, until, pace.why, now, again=f"until {until:%a} {until.day} {until:%b}")


def decide_hold(*, touch: Touch, is_escalated: bool, can_send: bool, draft: EmailDraft) -> str | None:
    """Why a person must look at the mail first; None when it can go by itself."""
    if touch is Touch.HIGH:
        return "this account is served with high touch, so a person writes."
    if is_escalated:
        return "an escalation is open on this account."
    if not can_send:
        return "no way to send email is set up."
    if not draft.recipients:
        return "there is nobody to write to who may be mailed."
    if draft.missing:
        return f"a merge tag has no value: {', '.join(draft.missing)}."
    return None


async def _mails(
    session: AsyncSession, library: Library, step_id: int, draft: EmailDraft, now: datetime
) -> Sequence[Mail]:
    to = None if draft.everyone else draft.recipients[0].contact_id
    return await write_mails(session, library, step_id, now, to=to, subject=draft.subject, body=draft.body)


async def _is_escalated(session: AsyncSession, account_id: int) -> bool:
    query = select(Escalation.id).where(
        Escalation.account_id == account_id, col(Escalation.status) != constant(EscalationStatus.RESOLVED)
    )
    return (await session.exec(query)).first() is not None


async def _hold(session: AsyncSession, state: RunState, step: Step, why: str, now: datetime) -> None:
    """From here on it is a step like any other."""
    step.reason = f"{HELD}{why}"
    record(
        session,
        TimelineKind.EMAIL_HELD,
        f"left “{step.title}” to {state.name_of(step.assignee_id)}: {why}",
        now,
        account_id=step.account_id,
        run_id=step.run_id,
        step_id=step.id,
    )
    await redraw_steps(session, [step.id], now)
