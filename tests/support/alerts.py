"""Raising alerts for a test, in a line each."""

from datetime import datetime
from typing import Any

from sqlmodel import col, select

from bot.engine.alerts import NewAlert, end_alerts, raise_alert
from bot.models import Account, Alert, Contact, Severity
from tests.support.world import World

USAGE = {
    "rule_key": "usage-drop",
    "cause": "usage",
    "title": "Usage fell by half",
    "why": "Active users 64 → 31 in two weeks",
    "playbook_key": "test-play",
    "severity": Severity.HIGH,
    "to": "csm",
}


async def alert(
    world: World,
    *,
    at: datetime | None = None,
    account_id: int | None = None,
    contact: str | None = None,
    **changes: Any,
) -> str:
    """Raise an alert on acme; `contact` is an email."""
    async with world.database.transaction() as session:
        about = await session.get_one(Account, account_id or world.account_id)
        query = select(Contact).where(Contact.email == (contact or ""))
        person = (await session.exec(query)).one_or_none()
        return await raise_alert(session, world.library, about, person, NewAlert(**USAGE | changes), at or world.now)


async def reason_gone(world: World, cause: str = "usage", at: datetime | None = None) -> None:
    async with world.database.transaction() as session:
        await end_alerts(session, world.account_id, None, cause, at or world.now)


async def alerts(world: World) -> list[Alert]:
    async with world.database.transaction() as session:
        return list((await session.exec(select(Alert).order_by(col(Alert.id)))).all())
