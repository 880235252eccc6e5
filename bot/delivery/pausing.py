"""Waiting that ends at once when the process is asked to stop."""

import asyncio
from collections.abc import Awaitable, Callable

Sleep = Callable[[float], Awaitable[None]]


class Stopping(Exception):
    """The outbox is stopping: what has not been sent is handed back."""


class Pause:
    def __init__(self, sleep: Sleep, stopping: asyncio.Event) -> None:
        self._sleep = sleep
        self._stopping = stopping

    async def __call__(self, seconds: float) -> None:
        """Raises Stopping when asked to stop before or during the wait."""
        await wait_first(self._sleep(seconds), self._stopping.wait())
        if self._stopping.is_set():
            raise Stopping


async def wait_first(*waits: Awaitable[object]) -> None:
    """Wait until one of them is over; the others are given up."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
