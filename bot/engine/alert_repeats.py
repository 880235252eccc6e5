"""Alerts whose rest is over while what they were about still holds: somebody is asked once more."""

from datetime import datetime

from sqlalchemy import and_, exists
from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.alerts import RESTING, NewAlert, raise_alert
from bot.library.library import Library
from bot.models import Account, Alert, Contact, Member, RuleFiring, Severity

AGAIN = "Still so after a pause. "


async def find_rested(session: AsyncSession, now: datetime) -> list[tuple[int, int]]:
    """Of every cause whose rest is over: its newest alert, and the firing by which its rule still holds."""
    newer = aliased(Alert)
    overtaken = exists().where(
        col(newer.account_id) == Alert.account_id,
        col(newer.contact_id).is_not_distinct_from(col(Alert.contact_id)),
        col(newer.cause) == Alert.cause,
        col(newer.id) > Alert.id,
    )
    holds = and_(
        col(RuleFiring.rule_key) == Alert.rule_key,
        col(RuleFiring.account_id) == Alert.account_id,
        col(RuleFiring.contact_id).is_not_distinct_from(col(Alert.contact_id)),
        col(RuleFiring.cleared_at).is_(None),
    )
    query = (
        select(Alert.id, RuleFiring.id)
        .join(RuleFiring, holds)
        .join(Account, col(Account.id) == Alert.account_id)
        .where(
            col(Alert.status).in_(RESTING),
            col(Alert.quiet_until) <= now.date(),
            col(Account.archived).is_(False),
            ~overtaken,
        )
        .order_by(col(Alert.account_id), col(Alert.id))
    )
    return list((await session.exec(query)).all())


async def raise_again(session: AsyncSession, library: Library, alert_id: int, firing_id: int, now: datetime) -> str:
    """Ask again, with what the rule measured last. Returns in words what was done, see `raise_alert`."""
    alert, firing = await session.get_one(Alert, alert_id), await session.get_one(RuleFiring, firing_id)
    account = await session.get_one(Account, alert.account_id)
    contact = await session.get(Contact, alert.contact_id) if alert.contact_id else None
    new = NewAlert(
        rule_key=alert.rule_key,
        cause=alert.cause,
        title=alert.title,
        why=f"{AGAIN}{firing.why}",
        playbook_key=alert.playbook_key,
        severity=Severity(alert.severity),
        to=await _to(session, alert),
    )
    return await raise_alert(session, library, account, contact, new, now)


async def _to(session: AsyncSession, alert: Alert) -> str:
    """The role it went to then, so that a successor is asked; else the same person."""
    if alert.to_role is not None:
        return alert.to_role.value
    return (await session.get_one(Member, alert.member_id)).email
