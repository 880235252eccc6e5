"""The outbox of a process: claims what is due, sends the lanes side by side, and stops without losing anything."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta

import structlog
from slack_sdk.web.async_client import AsyncWebClient
from structlog.contextvars import bind_contextvars

from bot.delivery.addresses import Addresses
from bot.delivery.claiming import claim
from bot.delivery.courier import Courier, Outcome
from bot.delivery.mailer import Mailer
from bot.delivery.outgoing import Builder
from bot.delivery.pacing import Pacing
from bot.delivery.pausing import Pause, Sleep, wait_first
from bot.delivery.smtp_server import parse_smtp_url
from bot.delivery.web_api import WebApi
from bot.delivery.writing import Writer
from bot.errors import DatabaseUnavailable
from bot.models import Delivery, DeliveryKind
from bot.services import Services
from bot.settings import Settings
from bot.telemetry import DELIVERIES

log = structlog.get_logger(__name__)

LANES_AT_ONCE = 200
LONGEST_REQUEST = 15.0  # seconds; less than a lease, so that a request is over when the lease ends
SECONDS_TO_STOP = 8.0  # for requests under way; process managers kill after 10
NEXT_LOOK_WHEN_BUSY = 0.2  # a lane is free again after a second: its next message is claimed well before


class Outbox:
    """Sends deliveries until it is stopped. Several processes may run one on the same database.

    `woken` is the event behind Services.wake: what a click leads to is sent at once. Tests bring their own `sleep`.
    """

    def __init__(
        self,
        services: Services,
        client: AsyncWebClient,
        builders: Mapping[DeliveryKind, Builder],
        *,
        woken: asyncio.Event | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        settings = services.settings
        self._services = services
        self._woken = woken or asyncio.Event()
        self._sleep = sleep
        self._stopping = asyncio.Event()
        self._flights: set[asyncio.Task[Outcome]] = set()
        self._tally: Counter[Outcome] = Counter()  # of the flights that landed
        self._lease = timedelta(seconds=settings.lease_seconds)
        timeout = min(LONGEST_REQUEST, settings.lease_seconds / 3)
        pause = Pause(sleep, self._stopping)
        self._writer = writer = Writer(services.database)
        pacing = Pacing(services.database, writer, services.clock, pause, settings.workspace_messages_per_second)
        api = WebApi(client, pacing, services.clock, timeout)
        addresses = Addresses(api, services.database, writer)
        self._mailer = make_mailer(settings)
        self._courier = Courier(services, writer, api, addresses, pacing, builders, timeout, self._mailer)

    async def run(self, stop: asyncio.Event) -> None:
        """Send until `stop` is set; then finish what is on the wire and hand back the rest."""
        try:
            while not stop.is_set():
                self._woken.clear()
                await self._depart()
                await self._rest(stop)
            await self._land()
        finally:
            await self._abandon()
            self._stopping.clear()

    async def drain(self) -> Counter[Outcome]:
        """Send everything that is due, and what comes due meanwhile. Returns how many came to which outcome."""
        before = self._tally.copy()
        try:
            while await self._depart() or self._flights:
                await asyncio.wait(self._flights, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await self._abandon()
        return self._tally - before

    async def _depart(self) -> int:
        """Claim what is due and set it on its way, each on its own. Returns how many those are."""
        now = self._services.clock.now()
        room = LANES_AT_ONCE - len(self._flights)
        if room <= 0:
            return 0
        try:
            claimed = await claim(self._services.database, self._writer, now, now + self._lease, room)
        except DatabaseUnavailable:
            log.warning("outbox_cannot_reach_the_database", exc_info=True)
            return 0
        for delivery in claimed.deliveries:
            flight = asyncio.create_task(self._carry(delivery, claimed.mark))
            self._flights.add(flight)
            flight.add_done_callback(self._landed)
        return len(claimed.deliveries)

    def _landed(self, flight: asyncio.Task[Outcome]) -> None:
        self._flights.discard(flight)
        if not flight.cancelled():
            self._tally[flight.result()] += 1

    async def _carry(self, delivery: Delivery, mark: int) -> Outcome:
        bind_contextvars(request=delivery.request)  # of this flight alone: a task has a context of its own
        try:
            outcome = await self._courier.deliver(delivery, mark)
        except Exception:
            # its lease will run out; then it is looked up in Slack and sent if it is not there
            log.exception("delivery_interrupted", delivery_id=delivery.id)
            return Outcome.LOST
        DELIVERIES.labels(delivery.kind, outcome).inc()
        log.info("delivery_ended", delivery_id=delivery.id, kind=delivery.kind, outcome=outcome)
        return outcome

    async def _rest(self, stop: asyncio.Event) -> None:
        poll = self._services.settings.outbox_poll_seconds
        seconds = min(poll, NEXT_LOOK_WHEN_BUSY) if self._flights else poll
        await wait_first(self._woken.wait(), stop.wait(), self._sleep(seconds))

    async def _land(self) -> None:
        self._stopping.set()
        if self._flights:
            await asyncio.wait(self._flights, timeout=SECONDS_TO_STOP)

    async def _abandon(self) -> None:
        flights = list(self._flights)
        for flight in flights:
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)
        if self._mailer:
            await self._mailer.close()


def make_mailer(settings: Settings) -> Mailer | None:
    """None without a mail server, or when a channel stands in for it. Raises ConfigurationError."""
    if settings.smtp_url is None or settings.email_channel is not None:
        return None
    return Mailer(parse_smtp_url(settings.smtp_url.get_secret_value()), settings.smtp_timeout_seconds)
