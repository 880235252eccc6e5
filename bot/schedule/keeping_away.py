"""Expansion playbooks keep away from customers whose account is at risk or escalated, and come back by themselves."""

from datetime import datetime

import structlog
from sqlalchemy import exists
from sqlalchemy.orm import aliased
from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.db import reading_session
from bot.engine.contact_history import MAY_REACH, keys_of, load_weather
from bot.engine.outreach import Weather, decide_calm, reaches_customer
from bot.engine.putting_off import put_off
from bot.engine.state import load_run_of_step
from bot.library.schema import Category
from bot.models import (
    OPEN_RUNS,
    Escalation,
    EscalationStatus,
    Run,
    RunStatus,
    Step,
    StepStatus,
    Touchpoint,
    TouchpointStatus,
)
from bot.models.columns import constant
from bot.services import Services

log = structlog.get_logger(__name__)


async def keep_away(services: Services, now: datetime) -> int:
    """Put off what is due of expansion playbooks and would reach a customer who is better left alone.

    It is looked at again on the next working day. Returns how many steps that were.
    """
    number = 0
    for step_id in await _due(services, now):
        async with services.database.transaction() as session:
            number += await _keep_away(services, session, step_id, now)
    if number:
        log.info("expansion_steps_put_off", steps=number)
    return number


async def _due(services: Services, now: datetime) -> list[int]:
    library = services.library
    expansion = keys_of(library, Category.EXPANSION)
    if not expansion or not library.contacting_policy.expansion_waits:
        return []
    risky = aliased(Run)
    at_risk = exists().where(
        col(risky.account_id) == Run.account_id,
        col(risky.status).in_(OPEN_RUNS),
        col(risky.playbook_key).in_(keys_of(library, Category.AT_RISK)),
    )
    escalated = exists().where(
        col(Escalation.account_id) == Run.account_id, col(Escalation.status) != constant(EscalationStatus.RESOLVED)
    )
    query = (  # several touchpoints of a step are told apart below: DISTINCT has SQLite go through all steps there are
        select(Touchpoint.step_id)
        .join(Step, col(Step.id) == Touchpoint.step_id)
        .join(Run, col(Run.id) == Step.run_id)
        .where(
            col(Touchpoint.status) == constant(TouchpointStatus.PLANNED),
            Touchpoint.fire_at <= now,
            Step.status == StepStatus.OPEN,
            col(Step.kind).in_(MAY_REACH),
            Run.status == RunStatus.ACTIVE,
            col(Run.playbook_key).in_(expansion),
            or_(at_risk, escalated),
        )
    )
    async with services.database.reading() as connection:
        found = (await reading_session(connection).exec(query)).all()
    return [step_id for step_id in dict.fromkeys(found) if step_id is not None]


async def _keep_away(services: Services, session: AsyncSession, step_id: int, now: datetime) -> bool:
    state = await load_run_of_step(session, services.library, step_id)
    step = state.step(step_id)
    if step.status is not StepStatus.OPEN or not reaches_customer(step.kind, state.spec(step)):
        return False
    weather = (await load_weather(session, services.library, [step.account_id])).get(step.account_id, Weather())
    why = decide_calm(services.library.contacting_policy, state.playbook.category, weather)
    if why is None:
        return False
    await put_off(session, state, step, now.date(), why, now, again="until that is over")
    return True
