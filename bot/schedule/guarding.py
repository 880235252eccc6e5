"""Guardrails, once a day's health is known: what holds is found first, then acted on a few accounts at a time."""

import asyncio
from collections.abc import Iterator
from datetime import datetime
from itertools import groupby

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.guardrails import Done, act_on_guardrail, done_lately, rests, why_idle
from bot.errors import PlaycallError
from bot.library.guardrails import Guardrail, Guardrails
from bot.library.library import Library
from bot.services import Services
from bot.signals.guardrails import Crossing, find_crossings
from bot.signals.health_facts import Healths

log = structlog.get_logger(__name__)

AT_A_TIME = 5  # crossings acted on in one transaction: a click waits for no more than these
PAUSE = 0.1  # seconds between two transactions, so that a click gets its turn


class Watch:
    """What was found in the pages of accounts of one day."""

    def __init__(self, library: Library) -> None:
        self.file: Guardrails = library.guardrails
        self.config = library.health_config
        self.guardrails = ready_guardrails(library)
        self.crossings: list[Crossing] = []
        self.done: Done = {}

    async def look_at(self, services: Services, healths: Healths, now: datetime) -> None:
        """Find what a page's accounts have crossed, and what was done for them lately; changes nothing."""
        if not self.guardrails:
            return
        async with services.database.reading() as connection:
            self.crossings += await find_crossings(connection, self.guardrails, healths, self.config, now)
            self.done |= await done_lately(connection, healths, self.guardrails, now)

    def to_act_on(self, now: datetime) -> list[Crossing]:
        """The new crossings, guardrail by guardrail and there by account; no more escalations than a day may have."""
        place = {guardrail.key: number for number, guardrail in enumerate(self.guardrails)}
        new = [found for found in self.crossings if not rests(found.guardrail, found.account_id, self.done, now)]
        new.sort(key=lambda found: place[found.guardrail.key])
        calls = [found for found in new if found.guardrail.then.escalate]
        waits = set(map(id, calls[max(0, self.file.escalations_a_day - self._escalated_today(now)) :]))
        if waits:
            log.info("guardrail_escalations_wait", number=len(waits))
        return [found for found in new if id(found) not in waits]

    def _escalated_today(self, now: datetime) -> int:
        escalating = {guardrail.key for guardrail in self.guardrails if guardrail.then.escalate}
        return sum(key in escalating and at.date() == now.date() for (_, key), at in self.done.items())


def ready_guardrails(library: Library) -> list[Guardrail]:
    """Those that can do what they say. One that cannot is logged, and stops no other."""
    ready = []
    for guardrail in library.guardrails.guardrails:
        if why := why_idle(library, guardrail):
            log.warning("guardrail_idle", guardrail=guardrail.key, why=why)
        else:
            ready.append(guardrail)
    return ready


async def act_on_crossings(services: Services, watch: Watch, now: datetime) -> int:
    """Do what the guardrails say, in short transactions. Returns for how many crossings something was done."""
    acted = 0
    for few in _batches(watch.to_act_on(now)):
        async with services.database.long_transaction() as session:
            for crossing in few:
                acted += await _act(session, services.library, crossing, now)
        await asyncio.sleep(PAUSE)
    return acted


def _batches(crossings: list[Crossing]) -> Iterator[list[Crossing]]:
    """Each is of one guardrail and in the order of the accounts' ids, in which everybody locks them."""
    for _, same in groupby(crossings, key=lambda found: found.guardrail.key):
        found = list(same)
        yield from (found[at : at + AT_A_TIME] for at in range(0, len(found), AT_A_TIME))


async def _act(session: AsyncSession, library: Library, crossing: Crossing, now: datetime) -> bool:
    """One that cannot be acted on, as when there is nobody to escalate to, is logged and tried again another time."""
    try:
        return await act_on_guardrail(session, library, crossing.guardrail, crossing.account_id, crossing.why, now)
    except PlaycallError as error:
        log.warning(
            "guardrail_failed", guardrail=crossing.guardrail.key, account_id=crossing.account_id, why=error.message
        )
        return False
