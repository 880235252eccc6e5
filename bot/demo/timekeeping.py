"""The demo's clock: the system's time plus an offset, which is kept in the demo's directory and survives a restart."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tzlocal import get_localzone_name

from bot.clock import ShiftedClock
from bot.demo.seeding import COUNTRY
from bot.engine.calendars import at_hour, is_working_day, working_day_on_or_after

OPENING_HOUR = 10
FROM_HOUR, TO_HOUR = 9, 17  # Playcall posts nothing in the evening: the demo begins when there is something to see


class KeptClock(ShiftedClock):
    """Every time it is set, it is written down."""

    def __init__(self, path: Path) -> None:
        super().__init__(_read(path))
        self._path = path

    def set(self, instant: datetime) -> None:
        super().set(instant)
        written = self._path.with_suffix(".part")
        written.write_text(json.dumps({"offset_seconds": self.offset.total_seconds()}))
        written.replace(self._path)


def _read(path: Path) -> timedelta:
    try:
        return timedelta(seconds=float(json.loads(path.read_text())["offset_seconds"]))
    except (OSError, ValueError, KeyError, TypeError):
        return timedelta()


def local_timezone() -> str:
    """The IANA name of this machine's time zone; UTC when it has none."""
    try:
        name: str | None = get_localzone_name()
        return ZoneInfo(name).key if name else "UTC"
    except (ZoneInfoNotFoundError, ValueError, LookupError):
        return "UTC"


def opening_time(now: datetime, timezone: str) -> datetime:
    """Now, when the demo's people are at work; else when they have arrived next."""
    local = now.astimezone(ZoneInfo(timezone))
    today = local.date()
    if is_working_day(today, COUNTRY):
        if FROM_HOUR <= local.hour < TO_HOUR:
            return now
        if local.hour < FROM_HOUR:
            return at_hour(today, OPENING_HOUR, timezone)
    return at_hour(working_day_on_or_after(today + timedelta(days=1), COUNTRY), OPENING_HOUR, timezone)


def spell(instant: datetime, timezone: str) -> str:
    """`Thu 26 Nov 2026, 09:00`."""
    local = instant.astimezone(ZoneInfo(timezone))
    return f"{local:%a} {local.day} {local:%b %Y, %H:%M}"
