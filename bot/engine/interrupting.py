"""When an alert may interrupt a person. Pure."""

from datetime import datetime

from bot.engine.calendars import WorkingHours, at_hour, local_date, next_morning, next_working_time
from bot.library.interruptions import Interruptions
from bot.models import Severity


def decide_wait(
    budget: Interruptions, severity: Severity, told_today: int, person: WorkingHours, now: datetime
) -> datetime | None:
    """None: they hear of it at once. Else when it goes out, together with what else waits until then.

    `told_today` is how many alerts of this severity have come to them at once today.
    """
    if severity is Severity.CRITICAL:
        return None
    if severity not in budget.at_any_hour and next_working_time(person, now):
        return next_morning(person, now)
    return None if told_today < budget.room_for(severity) else next_morning(person, now)


def day_began(person: WorkingHours, now: datetime) -> datetime:
    """Midnight where they are."""
    return at_hour(local_date(now, person.timezone), 0, person.timezone)
