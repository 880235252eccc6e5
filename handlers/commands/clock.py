"""/clock: the demo's time machine. The demo registers it; a real workspace has no such command."""

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta

from bot.errors import InvalidInput
from handlers.call import CommandCall

UNITS = {"h": "hours", "d": "days", "w": "weeks"}
FURTHEST = timedelta(days=730)
USAGE = "`/clock` shows the demo's time, `/clock advance 3d` winds it forward (h, d or w: `5h`, `3d`, `2w`, `120d`)."

_ADVANCE = re.compile(r"advance\s+(?P<amount>\d{1,5})\s*(?P<unit>[hdw])", re.IGNORECASE)

Wind = Callable[[CommandCall, timedelta | None], Awaitable[str]]
"""Winds the clock forward, or only reads it (None), and says what time it is and what happened."""


def clock_command(wind: Wind) -> Callable[[CommandCall], Awaitable[None]]:
    async def handle_clock(call: CommandCall) -> None:
        await call.say(await wind(call, parse_distance(call.text)))

    return handle_clock


def parse_distance(text: str) -> timedelta | None:
    """How far to wind; None for a look at the clock. Raises InvalidInput with the usage."""
    if text.lower() in {"", "show"}:
        return None
    match = _ADVANCE.fullmatch(text)
    if match is None:
        raise InvalidInput(f"I did not understand that. {USAGE}")
    distance = timedelta(**{UNITS[match["unit"].lower()]: int(match["amount"])})
    if not timedelta() < distance <= FURTHEST:
        raise InvalidInput("Wind it forward by at least one hour and at most two years at a time.")
    return distance
