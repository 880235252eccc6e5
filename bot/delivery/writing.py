"""Many small writes in few transactions.

Fifty messages a second mean over a hundred small writes. Each in a transaction of its own costs three times as much,
and on SQLite the connections of one process would stand in each other's way. Writes that come while a transaction is
under way are carried out together in the next one.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from sqlmodel.ext.asyncio.session import AsyncSession

from bot.db import Database

T = TypeVar("T")
Work = Callable[[AsyncSession], Awaitable[T]]
MOST_AT_ONCE = 50


class Writer:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: list[tuple[Work[Any], asyncio.Future[Any]]] = []
        self._turn = asyncio.Lock()

    async def run(self, work: Work[T]) -> T:
        """Carry out `work` in a transaction, and return its result when that is committed.

        When a transaction fails, each of its works is carried out again in one of its own, so that a work only ever
        sees its own errors. It must therefore do nothing but use the session.
        """
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append((work, done))
        # shielded: when the one whose turn it is gets cancelled, the others still get their answers
        await asyncio.shield(asyncio.ensure_future(self._take_turn(done)))
        return await done

    async def _take_turn(self, done: asyncio.Future[Any]) -> None:
        async with self._turn:
            if not done.done():
                batch, self._waiting = self._waiting[:MOST_AT_ONCE], self._waiting[MOST_AT_ONCE:]
                await self._carry_out(batch)

    async def _carry_out(self, batch: list[tuple[Work[Any], asyncio.Future[Any]]]) -> None:
        try:
            async with self._database.transaction() as session:
                results = [await _in_passing(work, session) for work, _ in batch]
        except Exception as error:
            await self._one_by_one(batch, error)
        else:
            for (_, done), result in zip(batch, results, strict=True):
                if not done.cancelled():
                    done.set_result(result)

    async def _one_by_one(self, batch: list[tuple[Work[Any], asyncio.Future[Any]]], error: Exception) -> None:
        if len(batch) > 1:
            for one in batch:
                await self._carry_out([one])
        elif not (done := batch[0][1]).cancelled():
            done.set_exception(error)


async def _in_passing(work: Work[T], session: AsyncSession) -> T:
    """Carry out one work of several, and let others have the loop: on SQLite a transaction never does by itself."""
    result = await work(session)
    await asyncio.sleep(0)
    return result
