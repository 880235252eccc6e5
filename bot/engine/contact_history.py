"""What customers heard from us lately, and what is going on at their accounts: for decisions about outreach."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.calendars import local_date
from bot.engine.outreach import PastContact, Weather, reaches_customer
from bot.engine.state import load_playbooks_of, spec_of
from bot.library.library import Library
from bot.library.schema import Category
from bot.models import (
    OPEN_RUNS,
    EmailMessage,
    EmailStatus,
    Escalation,
    EscalationStatus,
    Run,
    Step,
    StepKind,
    StepStatus,
)
from bot.models.columns import constant

MAY_REACH = (StepKind.EMAIL, StepKind.MEETING, StepKind.TASK, StepKind.CHECK)  # a task may be a call


def keys_of(library: Library, category: Category) -> list[str]:
    """The playbooks of a category, as they are approved now."""
    known = (library.approved(key) for key in library.catalog.playbooks)
    return [playbook.key for playbook in known if playbook and playbook.category is category]


async def load_contacts_made(
    session: AsyncSession, library: Library, account_ids: Collection[int], since: datetime, timezone: str
) -> dict[int, list[PastContact]]:
    """The steps of these accounts that reached the customer since then, by account, latest first."""
    query = (
        select(Step, Run.title)
        .join(Run, col(Run.id) == Step.run_id)
        .where(
            col(Step.account_id).in_(account_ids),
            Step.status == StepStatus.DONE,
            col(Step.finished_at) >= since,
            col(Step.kind).in_(MAY_REACH),
        )
        .order_by(col(Step.finished_at).desc(), col(Step.id).desc())
    )
    rows = (await session.exec(query)).all()
    if not rows:
        return {}
    playbooks = await load_playbooks_of(session, library, {step.run_id for step, _ in rows})
    made: dict[int, list[PastContact]] = {}
    for step, title in rows:
        if step.finished_at and reaches_customer(step.kind, spec_of(playbooks[step.run_id], step)):
            contact = PastContact(local_date(step.finished_at, timezone), step.run_id, title, step.title)
            made.setdefault(step.account_id, []).append(contact)
    return made


async def load_weather(session: AsyncSession, library: Library, account_ids: Collection[int]) -> dict[int, Weather]:
    """What is going on at these accounts; nothing at one that is not named."""
    at_risk = (
        select(Run.account_id, Run.title)
        .where(
            col(Run.account_id).in_(account_ids),
            col(Run.status).in_(OPEN_RUNS),
            col(Run.playbook_key).in_(keys_of(library, Category.AT_RISK)),
        )
        .order_by(col(Run.id).desc())
    )
    escalated = select(Escalation.account_id).where(
        col(Escalation.account_id).in_(account_ids), col(Escalation.status) != constant(EscalationStatus.RESOLVED)
    )
    risks: Mapping[int, str] = dict((await session.exec(at_risk)).all())
    open_ = set((await session.exec(escalated)).all())
    return {account: Weather(risks.get(account), account in open_) for account in {*risks, *open_}}


async def load_mails(
    session: AsyncSession, contact_ids: Collection[int], days: int, now: datetime
) -> dict[int, Sequence[datetime]]:
    """When mails went to these contacts, or were queued for them, in the last days."""
    query = select(EmailMessage.contact_id, EmailMessage.queued_at).where(
        col(EmailMessage.contact_id).in_(contact_ids),
        EmailMessage.queued_at > now - timedelta(days=days),
        col(EmailMessage.status).in_([EmailStatus.QUEUED, EmailStatus.SENT]),
    )
    mails: dict[int, list[datetime]] = {}
    for contact_id, queued_at in (await session.exec(query)).all():
        mails.setdefault(contact_id, []).append(queued_at)
    return dict(mails)
