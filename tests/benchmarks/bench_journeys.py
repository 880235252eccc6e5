"""Planning a year of a journey, its milestones and the steps of its playbooks, for a whole book: is it linear?

python -m tests.benchmarks.bench_journeys
"""

import gc
import time
from collections.abc import Iterator
from datetime import date, timedelta

from bot.engine.journeys.planning import join, plan_targets
from bot.engine.planning import plan_due_dates
from bot.library.library import Library
from bot.settings import ROOT

SIZES = (1_000, 10_000)
TODAY = date(2026, 11, 23)
COUNTRIES = ("DE", "US", "GB", "FR")

Anchors = dict[str, date | None]


def accounts(number: int) -> Iterator[tuple[Anchors, str]]:
    """Accounts whose year began on any day of the last one, each with its CSM's country."""
    for n in range(number):
        start = TODAY - timedelta(days=n % 365)
        anchors: Anchors = {
            "contract_start": start,
            "go_live_date": start + timedelta(days=45),
            "renewal_date": start + timedelta(days=365),
            "trial_end": None,
        }
        yield anchors, COUNTRIES[n % len(COUNTRIES)]


def plan_year(library: Library, anchors: Anchors, country: str) -> int:
    """Plan the milestones of year-1 and the steps of every playbook on it. Returns how many dates that were."""
    place = join(library.journeys, "year-1", anchors, TODAY)
    dates = len(plan_targets(place, anchors, {}, country))
    for stage in place.journey.stages:
        for key in stage.playbooks:
            playbook = library.catalog.playbooks.get(key)
            if playbook is None:
                continue
            countries = dict.fromkeys(playbook.by_key, country)
            planned = plan_due_dates(
                playbook, started_on=place.started_on, anchors=anchors, settled_on={}, countries=countries
            )
            dates += len(planned)
    return dates


def seconds_for(library: Library, number: int) -> tuple[float, int]:
    book = list(accounts(number))
    gc.collect()
    begin = time.perf_counter()
    dates = sum(plan_year(library, anchors, country) for anchors, country in book)
    return time.perf_counter() - begin, dates


def main() -> None:
    library = Library(ROOT / "playbooks")
    library.load()
    seconds_for(library, 400)  # the calendars of four countries are worked out once
    print("Planning a year of the journey year-1: milestones and playbook steps")
    each = []
    for number in SIZES:
        seconds, dates = seconds_for(library, number)
        each.append(seconds / number)
        print(f"  {number:>6,} accounts: {seconds:6.2f} s, {seconds / number * 1e3:.3f} ms an account, {dates:,} dates")
    print(f"  an account of 10,000 costs {each[1] / each[0]:.2f} times one of 1,000 (1: linear)")


if __name__ == "__main__":
    main()
