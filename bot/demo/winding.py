"""Winding the demo's clock forward: everything on the way happens at its own time, only sooner."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Protocol

from slack_sdk.web.async_client import AsyncWebClient

from bot.clock import Clock
from bot.delivery.outbox import Outbox
from bot.delivery.outgoing import Builder
from bot.demo.measuring import keep_numbers_coming
from bot.models import DeliveryKind
from bot.schedule.daily import run_daily
from bot.schedule.firing import fire_due, next_due_at
from bot.schedule.heartbeat import HOUR, Heartbeat, worker_jobs
from bot.schedule.hygiene import send_data_checks
from bot.schedule.ruling import evaluate_due
from bot.services import Services

DAILY_AT = time(0, 5, tzinfo=UTC)  # the worker does the daily jobs with the first beat of the day


class SettableClock(Clock, Protocol):
    def set(self, instant: datetime) -> None: ...


@dataclass
class Journey:
    """What happened while the clock was wound."""

    fired: int = 0
    started: int = 0
    next_due: datetime | None = None


class Worker:
    """The heartbeat and the outbox of the demo, which can be stopped while the clock is wound and started again."""

    def __init__(
        self,
        services: Services,
        clock: SettableClock,
        client: AsyncWebClient,
        builders: Mapping[DeliveryKind, Builder],
        woken: asyncio.Event,
    ) -> None:
        self._services = services
        self._clock = clock
        self._heartbeat = Heartbeat(services, (*worker_jobs(services), (keep_numbers_coming, HOUR)))
        self._outbox = Outbox(services, client, builders, woken=woken)
        self._hurried = Outbox(services, client, builders, sleep=self._leap)
        self._halt = asyncio.Event()
        self._sending: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._halt = asyncio.Event()
        self._sending = asyncio.create_task(self._outbox.run(self._halt))
        self._heartbeat.start()

    async def stop(self) -> None:
        """Finish what is under way. Doing it twice changes nothing."""
        await self._heartbeat.stop()
        self._halt.set()
        if self._sending:
            await self._sending
            self._sending = None

    async def wind_to(self, target: datetime) -> Journey:
        """Step from one due moment to the next up to `target`. Call it while the worker is stopped."""
        journey = Journey()
        while moment := await self._next_moment(target):
            self._clock.set(moment)
            await keep_numbers_coming(self._services, moment)
            journey.started += await run_daily(self._services, moment)
            await send_data_checks(self._services, moment)
            await evaluate_due(self._services, moment)
            journey.fired += (await fire_due(self._services, moment)).fired
            self._clock.set(moment + timedelta(seconds=self._services.settings.coalesce_seconds))
            await self._hurried.drain()
        if self._clock.now() < target:
            self._clock.set(target)
        async with self._services.database.reading() as connection:
            journey.next_due = await next_due_at(connection)
        return journey

    async def _next_moment(self, target: datetime) -> datetime | None:
        """The next time something is due, no later than `target`: a touchpoint, or the jobs of a new day."""
        now = self._clock.now()
        async with self._services.database.reading() as connection:
            due = await next_due_at(connection)
        new_day = datetime.combine(now.date(), DAILY_AT)
        if new_day <= now:
            new_day += timedelta(days=1)
        moment = min(max(due, now), new_day) if due else new_day
        return moment if moment <= target else None

    async def _leap(self, seconds: float) -> None:
        """Waiting, in the demo's time: the pace of a message a second is kept, and costs nothing."""
        self._clock.set(self._clock.now() + timedelta(seconds=seconds))
        await asyncio.sleep(0)
