"""A run as a plan: its steps with their dates and people, and who hears of it when."""

from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.actors import Actor
from bot.engine.calendars import local_date
from bot.models import Account, Contact, Member, Run, Step, Touchpoint, TouchpointStatus
from bot.slack.playbook_views import Plan, PlannedStep


async def load_plan(session: AsyncSession, run_id: int, reader: Actor, now: datetime) -> Plan:
    run = await session.get_one(Run, run_id)
    account = await session.get_one(Account, run.account_id)
    contact = await session.get(Contact, run.contact_id) if run.contact_id else None
    query = (
        select(Step, Member.name)
        .join(Member, col(Member.id) == Step.assignee_id)
        .where(Step.run_id == run_id)
        .order_by(col(Step.position))
    )
    steps = [PlannedStep(s.title, s.due_on, name, s.status) for s, name in (await session.exec(query)).all()]
    return Plan(
        playbook=run.title.removesuffix(f": {contact.name}") if contact else run.title,
        account=account.name,
        contact=contact.name if contact else None,
        today=local_date(now, reader.timezone),
        steps=tuple(steps),
        told=tuple(await _told(session, run_id, now)),
    )


async def _told(session: AsyncSession, run_id: int, now: datetime) -> list[str]:
    """Those whose steps speak up at once."""
    query = (
        select(Member.name)
        .join(Step, col(Step.assignee_id) == Member.id)
        .join(Touchpoint, col(Touchpoint.step_id) == Step.id)
        .where(
            Step.run_id == run_id,
            Touchpoint.fire_at <= now,
            col(Touchpoint.status).in_((TouchpointStatus.PLANNED, TouchpointStatus.FIRED)),
        )
        .distinct()
        .order_by(col(Member.name))
    )
    return list((await session.exec(query)).all())
