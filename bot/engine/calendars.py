"""Working days and local times. Weekends and public holidays are those of a member's country."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Protocol
from zoneinfo import ZoneInfo

import holidays
import holidays.countries  # at the start: at its first question the library would hold up the event loop for 0.15 s

from bot.library.offsets import Offset, Unit


@lru_cache(maxsize=256)
def _calendar(country: str) -> holidays.HolidayBase:
    """The country's holidays, worked out a year at a time as dates are asked for. Unknown country: weekends only."""
    try:
        return holidays.country_holidays(country)
    except NotImplementedError:
        return holidays.HolidayBase()


DAYS = 10_000  # some years of days in some countries: planning asks for the same ones again and again


def is_working_day(day: date, country: str) -> bool:
    return bool(_calendar(country).is_working_day(day))


@lru_cache(maxsize=DAYS)
def working_day_on_or_after(day: date, country: str) -> date:
    found: date = _calendar(country).get_nth_working_day(day, 0)
    return found


def shift(day: date, offset: Offset, country: str) -> date:
    """`day` moved by an offset. Business days land on working days; days and weeks land where they land."""
    if offset.unit is Unit.BUSINESS_DAYS:
        moved: date = _calendar(country).get_nth_working_day(day, offset.amount)
        return moved
    return day + timedelta(days=offset.amount * (7 if offset.unit is Unit.WEEKS else 1))


def local_date(instant: datetime, timezone: str) -> date:
    return instant.astimezone(ZoneInfo(timezone)).date()


def at_hour(day: date, hour: int, timezone: str) -> datetime:
    """That hour of that day on the clocks of the zone, in UTC. An hour the clocks skip is the one after it."""
    return datetime.combine(day, time(hour), ZoneInfo(timezone)).astimezone(UTC)


class WorkingHours(Protocol):
    """Whoever keeps hours: a member, or what is known of one."""

    @property
    def timezone(self) -> str: ...
    @property
    def country(self) -> str: ...
    @property
    def workday_start(self) -> int: ...
    @property
    def workday_end(self) -> int: ...


def next_working_time(person: WorkingHours, now: datetime) -> datetime | None:
    """When they work next; None when they do now."""
    local = now.astimezone(ZoneInfo(person.timezone))
    today = local.date()
    if is_working_day(today, person.country):
        if person.workday_start <= local.hour < person.workday_end:
            return None
        if local.hour < person.workday_start:
            return at_hour(today, person.workday_start, person.timezone)
    morning = working_day_on_or_after(today + timedelta(days=1), person.country)
    return at_hour(morning, person.workday_start, person.timezone)


def next_morning(person: WorkingHours, now: datetime) -> datetime:
    """When their next working day begins: what is found until then is one message, and there is one a day."""
    if begins := next_working_time(person, now):
        return begins
    tomorrow = at_hour(local_date(now, person.timezone) + timedelta(days=1), 0, person.timezone)
    return next_working_time(person, tomorrow) or tomorrow
