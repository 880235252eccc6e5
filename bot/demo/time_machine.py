"""What /clock does: say the time, or wind it forward and say what happened on the way."""

import asyncio
from datetime import datetime, timedelta

import structlog

from bot.clock import Clock
from bot.demo.timekeeping import spell
from bot.demo.winding import Journey, Worker
from handlers.call import CommandCall

log = structlog.get_logger(__name__)

PATIENCE = 2.0  # seconds a command may take; what takes longer is reported when it is done


class TimeMachine:
    def __init__(self, worker: Worker, clock: Clock, timezone: str) -> None:
        self._worker = worker
        self._clock = clock
        self._timezone = timezone
        self._journey: asyncio.Task[str] | None = None
        self._reports: set[asyncio.Task[None]] = set()

    async def __call__(self, call: CommandCall, distance: timedelta | None) -> str:
        now = self._clock.now()
        if distance is None:
            return f"It is {self._spell(now)} in the demo. `/clock advance 3d` winds it forward."
        if self._journey and not self._journey.done():
            return "The clock is being wound already. I will say when it is done."
        self._journey = asyncio.create_task(self._travel(now + distance))
        await asyncio.wait([self._journey], timeout=PATIENCE)
        if self._journey.done():
            return self._journey.result()
        report = asyncio.create_task(self._report(self._journey, call))
        self._reports.add(report)
        report.add_done_callback(self._reports.discard)
        return f"Winding the clock to {self._spell(now + distance)}. I will say when it is done."

    async def close(self) -> None:
        """Give up a journey that is under way; what has happened on it stays."""
        for task in (self._journey, *self._reports):
            if task:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    async def _travel(self, target: datetime) -> str:
        await self._worker.stop()
        try:
            journey = await self._worker.wind_to(target)
        finally:
            self._worker.start()
        return self._tell(journey)

    async def _report(self, journey: asyncio.Task[str], call: CommandCall) -> None:
        try:
            text = await journey
        except Exception:
            log.exception("winding_failed")
            text = f"Something went wrong on the way. It is {self._spell(self._clock.now())} in the demo now."
        await call.respond(text=text, response_type="ephemeral", replace_original=False)

    def _tell(self, journey: Journey) -> str:
        happened = f"{_count(journey.fired, 'touchpoint')} fired, {_count(journey.started, 'playbook')} started"
        ahead = f" Next: {self._spell(journey.next_due)}." if journey.next_due else ""
        return f"Now {self._spell(self._clock.now())}: {happened}.{ahead}"

    def _spell(self, instant: datetime) -> str:
        return spell(instant, self._timezone)


def _count(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"
