"""The months, quarters and years in which recurring playbooks have their rounds. Pure: dates in, dates out."""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from bot.engine.calendars import shift
from bot.library.offsets import Offset, Unit
from bot.library.schema import Every, RecurringTrigger

MONTHS = {Every.MONTH: 1, Every.QUARTER: 3, Every.YEAR: 12}
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Period:
    """`key` names it in trigger keys: `month:2026-11`, `quarter:2026-Q4`, `contract-quarter:2026-08-14`."""

    key: str
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Round:
    """What a recurring trigger asks for in one period, and the day on which it is to start."""

    period: Period
    day: date

    @property
    def name(self) -> str:
        """For people: `the round of November 2026`, `the round from 14 Aug 2026`."""
        kind, _, which = self.period.key.partition(":")
        if kind == "month":
            return f"the round of {self.period.first:%B %Y}"
        if kind == "quarter":
            year, _, quarter = which.partition("-")
            return f"the round of {quarter} {year}"
        return f"the round of {which}" if kind == "year" else f"the round from {_day(self.period.first)}"


def period_of(trigger: RecurringTrigger, day: date, contract_start: date | None) -> Period | None:
    """The trigger's period that `day` is in; None when the contract's periods are meant and it has not begun."""
    months = MONTHS[trigger.every]
    if trigger.of == "calendar":
        first = date(day.year, (day.month - 1) // months * months + 1, 1)
        return Period(_calendar_key(trigger.every, first), first, add_months(first, months) - ONE_DAY)
    if contract_start is None or day < contract_start:
        return None
    passed = (day.year - contract_start.year) * 12 + day.month - contract_start.month
    number = passed // months
    if add_months(contract_start, number * months) > day:  # the day of the month has not come yet
        number -= 1
    first = add_months(contract_start, number * months)
    last = add_months(contract_start, (number + 1) * months) - ONE_DAY
    return Period(f"contract-{trigger.every}:{first}", first, last)


def round_of(trigger: RecurringTrigger, day: date, contract_start: date | None, country: str) -> Round | None:
    """The round of the period that `day` is in."""
    period = period_of(trigger, day, contract_start)
    return Round(period, start_day(period, trigger.day, country)) if period else None


def rounds_from(trigger: RecurringTrigger, day: date, contract_start: date | None, country: str) -> Iterator[Round]:
    """The round of the period that `day` is in and those that follow, without end. A contract that begins later than
    `day` has its first round then; without a contract date there are none."""
    if trigger.of == "contract":
        if contract_start is None:
            return
        day = max(day, contract_start)
    while found := round_of(trigger, day, contract_start, country):
        yield found
        day = found.period.last + ONE_DAY


def start_day(period: Period, day: Offset, country: str) -> date:
    """The day of the period that an offset such as `1bd`, `15d` or `-21d` means, never outside the period.

    Business days are those of `country`. `31d` is the last day of a shorter month.
    """
    if day.unit is Unit.BUSINESS_DAYS:
        found = shift(period.first - ONE_DAY if day.amount > 0 else period.last + ONE_DAY, day, country)
    else:
        days = timedelta(days=abs(day.amount) * (7 if day.unit is Unit.WEEKS else 1) - 1)
        found = period.first + days if day.amount > 0 else period.last - days
    return min(max(found, period.first), period.last)


def add_months(day: date, months: int) -> date:
    """The same day so many months later; in a month without such a day, the last it has."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _calendar_key(every: Every, first: date) -> str:
    match every:
        case Every.MONTH:
            return f"month:{first:%Y-%m}"
        case Every.QUARTER:
            return f"quarter:{first.year}-Q{(first.month + 2) // 3}"
        case Every.YEAR:
            return f"year:{first.year}"


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"
