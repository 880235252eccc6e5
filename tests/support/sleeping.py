"""Waiting without waiting: time passes because somebody sleeps."""

import asyncio
from datetime import timedelta

from bot.clock import FixedClock


class AdvancingSleep:
    """A sleep that winds the clock forward to its end and returns. Several at once take as long as the longest."""

    def __init__(self, clock: FixedClock) -> None:
        self._clock = clock

    async def __call__(self, seconds: float) -> None:
        end = self._clock.now() + timedelta(seconds=seconds)
        await asyncio.sleep(0)
        self._clock.set(max(end, self._clock.now()))


class Slumber:
    """A sleep that only giving it up ends. `begun` is set when somebody sleeps."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()

    async def __call__(self, _: float) -> None:
        self.begun.set()
        await asyncio.Event().wait()
