"""One message per second and lane, and a cap over all lanes, for all processes that share the database.

A lane's row says when it is free. Taking the lane is one statement that moves the row on only when it is free, so two
processes cannot both take the same second, and a wait that Slack asks for is a row moved further on, for everyone.
"""

import asyncio
from datetime import UTC, datetime, timedelta

from sqlmodel import col, select

from bot.clock import Clock
from bot.db import Database, insert_or
from bot.delivery.pausing import Pause
from bot.models import Lane

LANE_INTERVAL = timedelta(seconds=1)
WORKSPACE = "*"
SHARES_PER_SECOND = 5


class Pacing:
    def __init__(self, database: Database, clock: Clock, pause: Pause, messages_per_second: float) -> None:
        self._database = database
        self._clock = clock
        self._pause = pause
        self._free_at: dict[str, datetime] = {}  # what this process knows; spares it asking in vain
        self._share = max(1, int(messages_per_second / SHARES_PER_SECOND))
        self._share_interval = timedelta(seconds=self._share / messages_per_second)
        self._left = 0
        self._left_until = datetime.min.replace(tzinfo=UTC)
        self._queue = asyncio.Lock()

    async def take(self, lane: str) -> datetime:
        """Wait until a message may be posted in the lane, and take that moment. Returns it."""
        await self.wait_until(self._free_at.get(lane))
        await self._take_from_workspace()
        return await self._take_row(lane, LANE_INTERVAL)

    async def hold(self, name: str, until: datetime) -> None:
        """Nobody uses the lane (or whatever `name` stands for) before `until`."""
        async with self._database.transaction() as session:
            statement = insert_or(session, Lane).values(name=name, free_at=until)
            await session.exec(
                statement.on_conflict_do_update(
                    index_elements=["name"],
                    set_={"free_at": statement.excluded.free_at},
                    where=col(Lane.free_at) < statement.excluded.free_at,
                )
            )

    async def held_until(self, name: str) -> datetime | None:
        """When `name` is free again; None when it is free now."""
        async with self._database.reading() as connection:
            query = select(Lane.free_at).where(Lane.name == name, col(Lane.free_at) > self._clock.now())
            return (await connection.execute(query)).scalar_one_or_none()

    async def wait_until(self, instant: datetime | None) -> None:
        if instant and (seconds := (instant - self._clock.now()).total_seconds()) > 0:
            await self._pause(seconds)

    async def _take_from_workspace(self) -> None:
        """The cap is taken in shares, a fifth of a second each: one statement for a share, not for a message."""
        async with self._queue:
            if not self._left or self._clock.now() >= self._left_until:
                taken = await self._take_row(WORKSPACE, self._share_interval)
                self._left, self._left_until = self._share, taken + self._share_interval
            self._left -= 1

    async def _take_row(self, name: str, interval: timedelta) -> datetime:
        while True:
            now = self._clock.now()
            free_at = await self._try_row(name, now, now + interval)
            if free_at is None:
                self._free_at[name] = now + interval
                return now
            await self.wait_until(free_at)

    async def _try_row(self, name: str, now: datetime, until: datetime) -> datetime | None:
        """None when `name` was free and is now taken until then; otherwise when to come back."""
        async with self._database.transaction() as session:
            statement = insert_or(session, Lane).values(name=name, free_at=until)
            taken = await session.exec(
                statement.on_conflict_do_update(
                    index_elements=["name"],
                    set_={"free_at": statement.excluded.free_at},
                    where=col(Lane.free_at) <= now,
                ).returning(col(Lane.free_at))
            )
            if taken.first():
                return None
            return (await session.exec(select(Lane.free_at).where(Lane.name == name))).one()
