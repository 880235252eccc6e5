"""One delivery on its way: build, look whether it is there already, wait for its turn, send, write it down."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.delivery.addresses import Addresses
from bot.delivery.failures import explain, report_failure
from bot.delivery.mail_refusals import MailTrouble
from bot.delivery.mailer import Mailer
from bot.delivery.mime import is_international, render_message, wire_address
from bot.delivery.outgoing import (
    Builder,
    CannotSend,
    HoldMail,
    Outgoing,
    PostMessage,
    PublishHome,
    SendMail,
    UpdateMessage,
)
from bot.delivery.pacing import LANE_INTERVAL, Pacing, hold
from bot.delivery.pausing import Stopping
from bot.delivery.reconciling import find_posted
from bot.delivery.recording import (
    forget_message,
    hand_back,
    record_failure,
    record_found,
    record_held,
    record_mailed,
    record_posted,
    record_retry,
    record_sent,
    renew_lease,
)
from bot.delivery.refusals import RateLimited, Refused, SlackTrouble
from bot.delivery.retrying import Fail, decide_retry, may_pass
from bot.delivery.web_api import POST, WebApi
from bot.delivery.writing import Work, Writer
from bot.engine.email_fates import email_failed
from bot.errors import DatabaseUnavailable
from bot.models import Delivery, DeliveryKind
from bot.services import Services

log = structlog.get_logger(__name__)

MAIL_TURNS = "mail:"  # no channel's name
SECONDS_BETWEEN_TRIES = 0.2
MARGIN = timedelta(seconds=15)  # by which a lease outlives the sending of a mail

# What is built from more than a few rows does not hold up the loop.
LOOKS_AT_MUCH = frozenset({DeliveryKind.HOME, DeliveryKind.REDRAW, DeliveryKind.DATA_GAPS})

# What Slack says of a message that was deleted, or whose channel was.
GONE = frozenset({"message_not_found", "channel_not_found", "thread_not_found"})


class Outcome(StrEnum):
    SENT = "sent"
    FOUND = "found"  # an earlier attempt had posted it
    NOTHING = "nothing"  # there was nothing to say any more
    HELD = "held"  # a mail that something speaks against
    RETRY = "retry"
    FAILED = "failed"
    HANDED_BACK = "handed_back"  # not sent, and not because of an error
    LOST = "lost"  # another process has it, or will have it when the lease runs out


class Courier:
    def __init__(
        self,
        services: Services,
        writer: Writer,
        api: WebApi,
        addresses: Addresses,
        pacing: Pacing,
        builders: Mapping[DeliveryKind, Builder],
        request_timeout: float,
        mailer: Mailer | None = None,
    ) -> None:
        self._services = services
        self._database = services.database
        self._write = writer.run
        self._api = api
        self._addresses = addresses
        self._pacing = pacing
        self._builders = builders
        self._lease = timedelta(seconds=services.settings.lease_seconds)
        self._request_timeout = timedelta(seconds=request_timeout)
        self._mailer = mailer
        self._mail_interval = timedelta(seconds=1 / services.settings.emails_per_second)

    async def deliver(self, delivery: Delivery, mark: int) -> Outcome:
        """Bring one leased delivery to an outcome, which is written down when this returns.

        `mark` is how far the timeline had come when it was claimed.

        Raises DatabaseUnavailable: then the lease runs out, and the delivery is looked up and sent later.
        """
        journey = Journey(delivery, mark)
        while True:
            try:
                return await self._attempt(journey)
            except Stopping:
                return await self._hand_back(delivery, delivery.available_at)
            except RateLimited as limit:
                free_at = await self._hold(journey, limit)
                if not isinstance(journey.outgoing, PostMessage):
                    return await self._hand_back(delivery, free_at)
            except DatabaseUnavailable:
                raise
            except Exception as error:
                return await self._give_up_or_retry(journey, error)

    async def _attempt(self, journey: "Journey") -> Outcome:
        delivery = journey.delivery
        await self._pacing.wait_until(journey.not_before)
        if self._mailer and delivery.kind is DeliveryKind.EMAIL:
            # before it is built, because building asks what speaks against it now
            await self._pacing.take_turn(MAIL_TURNS, self._mail_interval)
        look = self._database.reading if delivery.kind in LOOKS_AT_MUCH else self._database.glance
        async with look() as connection:
            build = self._builders[DeliveryKind(delivery.kind)]
            journey.outgoing = await build(connection, delivery, self._services, self._now())
        match journey.outgoing:
            case None:
                return await self._say_nothing(delivery)
            case PostMessage() as message:
                return await self._post(journey, message)
            case UpdateMessage() as message:
                return await self._update(delivery, message)
            case PublishHome() as home:
                await self._api.publish(home)
                return await self._record_done(delivery, Outcome.SENT)
            case SendMail() as mail:
                return await self._send_mail(delivery, mail)
            case HoldMail() as held:
                await self._write(lambda session: record_held(session, delivery, held.email_id, held.why, self._now()))
                return Outcome.HELD

    async def _post(self, journey: "Journey", message: PostMessage) -> Outcome:
        delivery = journey.delivery
        channel = await self._addresses.channel_of(message)
        if delivery.attempts > 1 and await self._find(delivery, message, channel):
            return Outcome.FOUND
        journey.lane = lane = await self._addresses.lane_of(channel)
        async with self._pacing.one_at_a_time(lane):
            moment = await self._pacing.take(lane)
            if not await self._still_ours(delivery):
                return Outcome.LOST
            self._pacing.leaves(lane)
            posted = await self._api.post(channel, message, delivery.key)
            free_at = self._pacing.answered(lane)
        self._addresses.remember(channel, posted.channel)

        async def record(session: AsyncSession) -> None:
            if free_at > moment + LANE_INTERVAL:  # before another process can claim what comes next
                await hold(session, lane, free_at)
            await record_posted(session, delivery, message, posted, journey.mark, self._now())

        await self._write(record)
        return Outcome.SENT

    async def _send_mail(self, delivery: Delivery, mail: SendMail) -> Outcome:
        """Nothing lies between the server's answer and writing it down: only in that moment can a crash repeat it."""
        if self._mailer is None:
            raise CannotSend("No way to send email is set up. Set SMTP_URL, and send this one from your own mail.")
        message = render_message(mail, self._services.settings.templates_dir)
        sender, recipient = wire_address(mail.sender.address), wire_address(mail.to.address)
        until = self._now() + timedelta(seconds=self._mailer.timeout) + MARGIN
        if not await self._write(lambda session: renew_lease(session, delivery, until)):
            return Outcome.LOST
        await self._mailer.send(sender, recipient, message, international=is_international(sender, recipient))
        await self._write_until(until, lambda session: record_mailed(session, delivery, mail.email_id, self._now()))
        return Outcome.SENT

    async def _write_until(self, end: datetime, work: Work[object]) -> None:
        """Write down what cannot be found out later: when the database is away, as soon as it is back."""
        while True:
            try:
                await self._write(work)
            except DatabaseUnavailable:
                if self._now() >= end:
                    raise
            else:
                return
            await asyncio.sleep(SECONDS_BETWEEN_TRIES)

    async def _say_nothing(self, delivery: Delivery) -> Outcome:
        """There is nothing to say any more. Had an earlier attempt said it, its buttons must not stay as they are."""
        if delivery.kind is DeliveryKind.STEPS and delivery.attempts > 1 and delivery.member_id is not None:
            message = PostMessage(member_id=delivery.member_id, text="", blocks=[])
            try:
                if await self._find(delivery, message, await self._addresses.channel_of(message)):
                    return Outcome.FOUND
            except Refused as refusal:
                if may_pass(refusal):
                    raise
                log.warning("delivery_cannot_be_looked_up", delivery_id=delivery.id, reason=refusal.reason)
        return await self._record_done(delivery, Outcome.NOTHING)

    async def _find(self, delivery: Delivery, message: PostMessage, channel: str) -> bool:
        """Whether an earlier attempt had posted the message, which is then written down."""
        posted = await find_posted(self._api, self._addresses, channel, message, delivery.key)
        if posted is None:
            return False
        await self._write(lambda session: record_found(session, delivery, message, posted, self._now()))
        return True

    async def _update(self, delivery: Delivery, message: UpdateMessage) -> Outcome:
        try:
            await self._api.update(message)
        except Refused as refusal:
            if refusal.reason not in GONE:
                raise
            await self._write(lambda session: forget_message(session, message))
            return await self._record_done(delivery, Outcome.NOTHING)
        return await self._record_done(delivery, Outcome.SENT)

    async def _still_ours(self, delivery: Delivery) -> bool:
        """Whether the lease outlives the request: a message may be sent only while nobody else would send it."""
        lease_until = delivery.lease_until
        now = self._now()
        if lease_until and lease_until - now > self._request_timeout:
            return True
        return await self._write(lambda session: renew_lease(session, delivery, now + self._lease))

    async def _hold(self, journey: "Journey", limit: RateLimited) -> datetime:
        """Tell every process to leave alone what Slack wants left alone: a channel, or a method."""
        name = journey.lane if limit.method == POST else limit.method
        journey.not_before = free_at = self._now() + timedelta(seconds=limit.seconds)
        await self._pacing.hold(name, free_at)
        log.warning("slack_rate_limited", method=limit.method, held=name, seconds=limit.seconds)
        return free_at

    async def _record_done(self, delivery: Delivery, outcome: Outcome) -> Outcome:
        await self._write(lambda session: record_sent(session, delivery, self._now()))
        return outcome

    async def _hand_back(self, delivery: Delivery, when: datetime) -> Outcome:
        await self._write(lambda session: hand_back(session, delivery, when, self._now()))
        return Outcome.HANDED_BACK

    async def _give_up_or_retry(self, journey: "Journey", error: Exception) -> Outcome:
        delivery, now = journey.delivery, self._now()
        decision = decide_retry(error, delivery.attempts, now)
        if isinstance(decision, Fail):
            return await self._fail(journey, decision)
        reason = str(error) or type(error).__name__
        foreseen = isinstance(error, SlackTrouble | MailTrouble)
        log.warning(
            "delivery_will_be_retried",
            delivery_id=delivery.id,
            kind=delivery.kind,
            reason=reason,
            exc_info=None if foreseen else error,
        )
        await self._write(lambda session: record_retry(session, delivery, decision.when, reason, now))
        return Outcome.RETRY

    async def _fail(self, journey: "Journey", failure: Fail) -> Outcome:
        delivery, now = journey.delivery, self._now()
        log.error("delivery_failed", delivery_id=delivery.id, kind=delivery.kind, reason=failure.reason)
        message = journey.outgoing
        channel = message.channel if isinstance(message, PostMessage) else None

        async def record(session: AsyncSession) -> None:
            if await record_failure(session, delivery, failure.reason, now):
                if email_id := delivery.payload.get("email_id"):
                    await email_failed(session, email_id, explain(failure), now, bounced=failure.bounced)
                await report_failure(session, self._services.settings, delivery, channel, failure, now)

        await self._write(record)
        return Outcome.FAILED

    def _now(self) -> datetime:
        return self._services.clock.now()


class Journey:
    """What is known of a delivery under way, beside its row."""

    def __init__(self, delivery: Delivery, mark: int) -> None:
        self.delivery = delivery
        self.mark = mark
        self.outgoing: Outgoing | None = None
        self.lane = ""
        self.not_before: datetime | None = None
