"""The weekly check of the data: a message to whoever answers for them, in the morning of the first working day.

It may be looked at any number of times, by any number of processes: the message of a week is there once. After a
downtime it comes late, but in the same week.
"""

from datetime import date, datetime

import structlog
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.db import reading_session
from bot.engine.calendars import local_date, next_working_time
from bot.engine.governance.owners import owners_of
from bot.engine.outbox import enqueue_once
from bot.library.library import Library
from bot.models import Delivery, DeliveryKind, Member
from bot.reports.data_check import load_data_check
from bot.services import Services

log = structlog.get_logger(__name__)


async def send_data_checks(services: Services, now: datetime) -> int:
    """Send this week's check to those who have not got it yet and are at work now. Returns to how many."""
    async with services.database.reading() as connection:
        due = await _due(reading_session(connection), services.library, now)
        if not due:
            return 0
        number = (await load_data_check(connection, services.library.metrics, now)).number
    sent = 0
    async with services.database.long_transaction() as session:
        for key, member_id in due.items():
            payload = {"check": key, "number": number}
            sent += await enqueue_once(session, DeliveryKind.DATA_GAPS, key, now, member_id=member_id, payload=payload)
    if sent:
        log.info("data_check_sent", people=sent, found=number)
        services.wake()
    return sent


async def _due(session: AsyncSession, library: Library, now: datetime) -> dict[str, int]:
    """The data owners who are at work and have not got the check of this week, by the key of theirs."""
    owners = await owners_of(session, library.metrics.owner)
    at_work = [member for member in owners if next_working_time(member, now) is None]
    keys = {check_key(member, local_date(now, member.timezone)): member.id for member in at_work}
    known = await session.exec(select(Delivery.key).where(col(Delivery.key).in_(list(keys))))
    for key in known:
        del keys[key]
    return keys


def check_key(member: Member, day: date) -> str:
    """One for each person and calendar week: `data-check-2026-W10-3`."""
    year, week, _ = day.isocalendar()
    return f"data-check-{year}-W{week:02}-{member.id}"
