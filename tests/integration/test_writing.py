import asyncio

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.clock import FixedClock
from bot.db import Database
from bot.delivery.writing import Work, Writer
from bot.models import Lane


def adds(clock: FixedClock, name: str) -> Work[str]:
    async def work(session: AsyncSession) -> str:
        session.add(Lane(name=name, free_at=clock.now()))
        await session.flush()
        return name

    return work


async def names(database: Database) -> list[str]:
    async with database.reading() as connection:
        return list((await connection.execute(select(Lane.name).order_by(col(Lane.name)))).scalars())


async def test_writes_that_come_together_are_all_committed_and_answered(database: Database, clock: FixedClock) -> None:
    writer = Writer(database)
    wanted = [f"lane {number:03d}" for number in range(120)]
    assert await asyncio.gather(*(writer.run(adds(clock, name)) for name in wanted)) == wanted
    assert await names(database) == wanted


async def test_a_write_that_fails_takes_no_other_down_with_it(database: Database, clock: FixedClock) -> None:
    writer = Writer(database)
    await writer.run(adds(clock, "b"))
    answers = await asyncio.gather(*(writer.run(adds(clock, name)) for name in "abc"), return_exceptions=True)
    assert (answers[0], answers[2]) == ("a", "c")
    assert isinstance(answers[1], IntegrityError)
    assert await names(database) == ["a", "b", "c"]


async def test_a_waiter_who_is_cancelled_does_not_keep_the_others_waiting(
    database: Database, clock: FixedClock
) -> None:
    writer = Writer(database)
    waiting = [asyncio.create_task(writer.run(adds(clock, name))) for name in "abc"]
    await asyncio.sleep(0)
    waiting[0].cancel()
    assert await asyncio.gather(*waiting[1:]) == ["b", "c"]
    with pytest.raises(asyncio.CancelledError):
        await waiting[0]


async def test_a_write_is_committed_when_it_is_answered(database: Database, clock: FixedClock) -> None:
    await Writer(database).run(adds(clock, "a"))
    async with database.reading() as connection:
        assert (await connection.execute(select(func.count()).select_from(Lane))).scalar_one() == 1
