"""APScheduler as a heartbeat. Its jobs live in memory and hold no state: what is due stands in our own tables."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import UTC, datetime

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.errors import PlaycallError
from bot.schedule.bulk import start_bulk
from bot.schedule.daily import run_daily
from bot.schedule.firing import fire_due
from bot.schedule.hygiene import send_data_checks
from bot.schedule.library_watch import LibraryWatch
from bot.schedule.quarantine import empty_quarantine
from bot.schedule.ruling import evaluate_due, weigh_held
from bot.services import Services

log = structlog.get_logger(__name__)

HOUR = 3600
MINUTE = 60
SECONDS_TO_STOP = 8.0  # for beats under way; process managers kill after 10
SECONDS_TO_ROLL_BACK = 1.0
LOOK_SECONDS = 3  # how soon a changed file, or what another process decided, is noticed

Job = Callable[[Services, datetime], Awaitable[object]]
Jobs = Sequence[tuple[Job, float]]


def worker_jobs(services: Services) -> Jobs:
    often = services.settings.heartbeat_seconds
    ours = ((fire_due, often), (start_bulk, often), (evaluate_due, often), (weigh_held, often))
    return (*ours, (run_daily, HOUR), (send_data_checks, HOUR), (empty_quarantine, MINUTE), *watching_jobs())


def watching_jobs() -> Jobs:
    """What every process does that answers from the library."""
    return ((LibraryWatch().look, LOOK_SECONDS),)


class Heartbeat:
    """Fires due touchpoints, starts what many accounts wait for and asks the rules of what has changed, every few
    seconds; once an hour, what a day owes.

    A process with `jobs` of its own (functions and seconds) does those instead.
    """

    def __init__(self, services: Services, jobs: Jobs | None = None) -> None:
        self._services = services
        self._jobs = jobs or worker_jobs(services)
        self._scheduler: AsyncIOScheduler | None = None
        self._beats: set[asyncio.Task[object]] = set()

    def start(self) -> None:
        """Begin to beat; needs a running event loop."""
        scheduler = AsyncIOScheduler(timezone=UTC, job_defaults={"coalesce": True, "misfire_grace_time": None})
        for job, seconds in self._jobs:
            scheduler.add_job(
                self._beat, "interval", (job,), seconds=seconds, id=job.__name__, next_run_time=datetime.now(UTC)
            )
        scheduler.start()
        self._scheduler = scheduler

    async def _beat(self, job: Job) -> None:
        """One beat. A failed one is logged, and the next tries again: nothing was committed."""
        if task := asyncio.current_task():
            self._beats.add(task)
            task.add_done_callback(self._beats.discard)
        try:
            await job(self._services, self._services.clock.now())
        except asyncio.CancelledError:
            log.info("beat_cut_short", job=job.__name__)
        except PlaycallError as error:
            log.warning("beat_failed", job=job.__name__, why=error.message)
        except Exception:
            log.exception("beat_failed", job=job.__name__)

    async def stop(self, patience: float = SECONDS_TO_STOP) -> None:
        """Stop beating. A beat under way has so many seconds to come to its end; one that takes longer, as thousands of
        accounts do, is cut short: its open transaction is rolled back, and the next process goes on after the last one.
        """
        if self._scheduler:
            self._scheduler.pause()
            await asyncio.sleep(0)  # what was just submitted begins, and is known as a beat
            await _end(self._beats, patience)
            self._scheduler.shutdown(wait=False)
            self._scheduler = None


async def _end(beats: Collection[asyncio.Task[object]], patience: float) -> None:
    if not beats:
        return
    _, late = await asyncio.wait(list(beats), timeout=patience)
    for beat in late:
        beat.cancel()
    if late:
        await asyncio.wait(late, timeout=SECONDS_TO_ROLL_BACK)
