"""One message per second and lane, and a cap over all lanes, for all processes that share the database.

A lane's row says when it is free. Taking the lane is one statement that moves the row on only when it is free, so two
processes cannot both take the same second, and a wait that Slack asks for is a row moved further on, for everyone.
The cap has a row of its own, from which moments are taken in shares.
"""

import asyncio
from collections import defaultdict, deque
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import cast

from sqlalchemy import bindparam
from sqlalchemy.dialects.postgresql import Insert as PostgresInsert
from sqlalchemy.dialects.sqlite import Insert as SqliteInsert
from sqlalchemy.sql.dml import ReturningInsert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.clock import Clock
from bot.db import Database
from bot.delivery.pausing import Pause
from bot.delivery.writing import Writer
from bot.models import Lane
from bot.prepared import Prepared, PreparedUpsert
from bot.telemetry import PACING_SECONDS

LANE_INTERVAL = timedelta(seconds=1)
HURRY = timedelta(milliseconds=50)  # by which a message may be nearer to one that left late
USUAL_ANSWER = timedelta(milliseconds=100)
FRESH = timedelta(seconds=1)
NOTHING = timedelta()
WORKSPACE = "*"
NEVER = datetime.min.replace(tzinfo=UTC)
SHARES_PER_SECOND = 10

# A message has a moment of the cap, and leaves later than that by at most the sum of these: what processes missed
# because they were late they make up for, but no further back; then it waits for its lane; then it is on its way.
CATCH_UP = timedelta(seconds=1)
AHEAD = timedelta(milliseconds=250)
CALLING = timedelta(milliseconds=250)
# Slack counts by the minute. What leaves in one had its moment in it, or before it by as much as that. The moments are
# so far apart that this is what the cap allows.
MINUTE = timedelta(minutes=1)
STRETCH = (MINUTE + CATCH_UP + AHEAD + CALLING) / MINUTE


class Pacing:
    def __init__(
        self, database: Database, writer: Writer, clock: Clock, pause: Pause, messages_per_second: float
    ) -> None:
        self._database = database
        self._writer = writer
        self._clock = clock
        self._pause = pause
        self._free_at: dict[str, datetime] = {}  # what this process knows; spares it asking in vain
        self._under_way: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._looked_at: dict[str, tuple[datetime, datetime]] = {}  # for holds: when, and what was found
        self._share = max(1, int(messages_per_second / SHARES_PER_SECOND))
        self._spacing = STRETCH * timedelta(seconds=1 / messages_per_second)
        self._permits: deque[datetime] = deque()  # the moments of the present share that are left, the next one first
        self._queue = asyncio.Lock()

    def one_at_a_time(self, lane: str) -> asyncio.Lock:
        """Held from taking the lane to the answer: when that is slow, the next message keeps its distance from it."""
        return self._under_way[lane]

    async def take(self, lane: str) -> datetime:
        """Wait until a message may be posted in the lane. That moment, which is returned, is then nobody else's."""
        with PACING_SECONDS.time():
            if lane in self._free_at:
                await self.wait_until(self._free_at[lane] - AHEAD)
            await self._take_from_workspace()
            return await self._take_row(lane, LANE_INTERVAL)

    async def take_turn(self, name: str, interval: timedelta) -> datetime:
        """The same for what is no Slack message: one turn an interval under this name, over all processes."""
        return await self._take_row(name, interval)

    def leaves(self, lane: str) -> None:
        """The message leaves now, perhaps a little after its moment. The next one keeps to its own, unless that would
        bring the two too near to each other."""
        self._free_at[lane] = max(self._free_at[lane], self._clock.now() + LANE_INTERVAL - HURRY)

    def answered(self, lane: str) -> datetime:
        """Slack has taken the message at some time before now: when that took long, the next one waits for it.

        Returns when the lane is free again. Other processes know of it what stands in its row: a second after the
        moment that was taken.
        """
        self._free_at[lane] = max(self._free_at[lane], self._clock.now() + LANE_INTERVAL - USUAL_ANSWER)
        return self._free_at[lane]

    async def hold(self, name: str, until: datetime) -> None:
        """Nobody uses the lane (or whatever `name` stands for) before `until`."""
        self._free_at[name] = max(until, self._free_at.get(name, NEVER))
        await self._writer.run(lambda session: hold(session, name, until))
        self._looked_at.pop(name, None)

    async def held_until(self, name: str) -> datetime | None:
        """When `name` is free again; None when it is free now, as far as was known within the last second."""
        now = self._clock.now()
        looked_at, free_at = self._looked_at.get(name, (NEVER, NEVER))
        if now - looked_at > FRESH:
            free_at = await self._read(name)
            self._looked_at[name] = now, free_at
        return free_at if free_at > now else None

    async def _read(self, name: str) -> datetime:
        async with self._database.glance() as reader:
            return next((row.free_at for row in await _FREE_AT.rows(reader, {"lane": name})), NEVER)

    async def wait_until(self, instant: datetime | None) -> None:
        if instant and (seconds := (instant - self._clock.now()).total_seconds()) > 0:
            await self._pause(seconds)

    async def _take_from_workspace(self) -> None:
        """The cap is taken in shares, one statement each. The messages of a share are spread over its time."""
        async with self._queue:
            while self._permits and self._permits[0] < self._clock.now() - CATCH_UP:
                self._permits.popleft()
            if not self._permits:
                start = await self._take_row(WORKSPACE, self._share * self._spacing, CATCH_UP)
                self._permits.extend(start + self._spacing * n for n in range(self._share))
            permit = self._permits.popleft()
        await self.wait_until(permit)

    async def _take_row(self, name: str, interval: timedelta, catch_up: timedelta = NOTHING) -> datetime:
        """The moment is taken up to an interval ahead, so that nothing but a wait lies between it and the message.

        It may lie `catch_up` back, when nobody has taken it.
        """
        moment = max(self._clock.now() - catch_up, self._free_at.get(name, NEVER))
        while free_at := await self._writer.run(
            partial(try_to_take, name=name, moment=moment, until=moment + interval)
        ):
            await self.wait_until(free_at - interval)
            moment = max(self._clock.now() - catch_up, free_at)
        self._free_at[name] = moment + interval
        await self.wait_until(moment)
        return moment


async def try_to_take(session: AsyncSession, name: str, moment: datetime, until: datetime) -> datetime | None:
    """None when `name` is free at that moment, and now taken until then; otherwise when it is free."""
    if await _TAKING.each(session, [{"lane": name, "moment": moment, "until": until}]):
        return None
    [(free_at,)] = await _FREE_AT.rows(await session.connection(), {"lane": name})
    return cast("datetime", free_at)


async def hold(session: AsyncSession, name: str, until: datetime) -> None:
    """A shorter hold does not cut a longer one."""
    await _TAKING.each(session, [{"lane": name, "moment": until, "until": until}])


def _take(insert: PostgresInsert | SqliteInsert) -> ReturningInsert[datetime]:
    taking = insert.values(name=bindparam("lane"), free_at=bindparam("until")).on_conflict_do_update(
        index_elements=["name"],
        set_={"free_at": insert.excluded.free_at},
        where=col(Lane.free_at) <= bindparam("moment"),
    )
    return taking.returning(col(Lane.free_at))


_TAKING = PreparedUpsert(Lane, _take)
_FREE_AT = Prepared(lambda: select(col(Lane.free_at)).where(col(Lane.name) == bindparam("lane")))
