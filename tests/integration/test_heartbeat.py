"""A process that is asked to stop does so within what a platform grants, whatever its heartbeat is at."""

import asyncio
from datetime import datetime

import pytest
from sqlmodel import select
from structlog.testing import capture_logs

from bot.clock import FixedClock
from bot.db import Database
from bot.models import Member, MemberRole
from bot.schedule.heartbeat import Heartbeat, Job
from bot.services import Services
from tests.support.api import bare_services


class Beat:
    """A beat that adds a member, and lasts until the test lets it end."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.under_way, self.may_end = asyncio.Event(), asyncio.Event()

    def job(self) -> Job:
        async def add_maya(_: Services, now: datetime) -> None:
            async with self.database.long_transaction() as session:
                session.add(Member(email="maya@ours.example", name="Maya", role=MemberRole.CSM, created_at=now))
                await session.flush()
                self.under_way.set()
                await self.may_end.wait()

        return add_maya

    async def members(self) -> list[str]:
        async with self.database.transaction() as session:
            return list((await session.exec(select(Member.name))).all())


@pytest.fixture
def beat(database: Database) -> Beat:
    return Beat(database)


@pytest.fixture
async def heartbeat(beat: Beat, database: Database, clock: FixedClock) -> Heartbeat:
    heartbeat = Heartbeat(bare_services(database, clock), ((beat.job(), 3600),))
    heartbeat.start()
    await beat.under_way.wait()
    return heartbeat


async def test_a_beat_under_way_comes_to_its_end(heartbeat: Heartbeat, beat: Beat) -> None:
    stopping = asyncio.create_task(heartbeat.stop())
    await asyncio.sleep(0)
    beat.may_end.set()
    await stopping
    assert await beat.members() == ["Maya"]


async def test_a_beat_that_takes_too_long_is_cut_short_and_nothing_of_it_stays(
    heartbeat: Heartbeat, beat: Beat
) -> None:
    with capture_logs() as logged:
        await heartbeat.stop(patience=0)
    assert [event["event"] for event in logged] == ["beat_cut_short"]
    assert await beat.members() == []
