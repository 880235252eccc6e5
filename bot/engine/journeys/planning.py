"""When a journey begins, and the days its milestones are meant for. Pure: dates in, dates out."""

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from bot.engine.calendars import shift
from bot.library.journeys import Journey
from bot.library.offsets import START


@dataclass(frozen=True, slots=True)
class Place:
    """A journey, and the day on which the account's present time on it began."""

    journey: Journey
    started_on: date

    @property
    def ends_on(self) -> date:
        """The anniversary: the first day that belongs to what follows."""
        return add_months(self.started_on, self.journey.months)


def add_months(day: date, months: int) -> date:
    """The same day so many months on; the month's last one where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def join(journeys: Mapping[str, Journey], key: str, anchors: Mapping[str, date | None], today: date) -> Place:
    """Where an account stands that is put on a journey today.

    It counts from the journey's anchor, or from today where the account has no such date. An account whose time on
    it would be over already is on what follows: a customer of three years begins no first year.
    """
    journey = journeys[key]
    return go_on(journeys, Place(journey, anchors.get(journey.starts) or today), today)


def go_on(journeys: Mapping[str, Journey], place: Place, today: date) -> Place:
    """The place after every anniversary up to today. A journey that nothing follows does not end."""
    while place.ends_on <= today and (following := journeys.get(place.journey.next or "")):
        place = Place(following, place.ends_on)
    return place


def rebegin(journey: Journey, started_on: date | None, anchors: Mapping[str, date | None], today: date) -> Place:
    """The same journey, when a date of the account has moved: only a journey that repeats itself skips whole years."""
    place = Place(journey, anchors.get(journey.starts) or started_on or today)
    return go_on({journey.key: journey}, place, today)


def plan_targets(
    place: Place,
    anchors: Mapping[str, date | None],
    settled_on: Mapping[str, date],
    country: str,
    *,
    has_begun: bool = True,
) -> dict[str, date | None]:
    """The day each milestone is meant for, by its key in the journey; None where the date it hangs on is not known.

    `settled_on` holds the days on which milestones were really reached, or that somebody set by hand: what hangs on
    such a one counts from that day. `country` says which days are business days. Of a journey that has not begun, as
    in a trial, what counts from its start has no day yet.
    """
    known: dict[str, date | None] = {**anchors, START: place.started_on if has_begun else None}
    targets: dict[str, date | None] = {}
    for milestone in place.journey.planning_order:
        reference = known[milestone.target.reference]
        target = shift(reference, milestone.target.offset, country) if reference else None
        targets[milestone.key] = target
        known[milestone.key] = settled_on.get(milestone.key, target)
    return targets
