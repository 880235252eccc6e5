"""Mails over SMTP, to a real server that is down, slow, refuses or breaks off: nothing is lost, nothing sent twice."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from pydantic import SecretStr
from pytest_mock import MockerFixture
from slack_sdk.web.async_client import AsyncWebClient
from sqlmodel import col, select

from bot.clock import FixedClock
from bot.db import Database
from bot.delivery import courier
from bot.delivery.builders import BUILDERS
from bot.delivery.courier import Outcome
from bot.delivery.mail_refusals import MailTrouble
from bot.delivery.mailer import Mailer
from bot.delivery.outbox import Outbox
from bot.delivery.recording import record_mailed
from bot.delivery.smtp_server import parse_smtp_url
from bot.engine.emails import Mail, send_step_email
from bot.engine.runs import cancel_run
from bot.engine.unsubscribing import unsubscribe
from bot.errors import DatabaseUnavailable
from bot.models import Contact, Delivery, DeliveryKind, DeliveryStatus, EmailMessage, EmailStatus
from bot.services import Services
from bot.settings import Settings
from tests.support.mail_server import Mailroom, hang_up, open_mail_server
from tests.support.sleeping import AdvancingSleep
from tests.support.world import World, make_world

LETTER = ("a@ours.example", "b@acme.example", b"Subject: x\r\n\r\nx\r\n")
EMAIL = {"kind": "email", "email": {"template": "test/welcome"}}


@dataclass
class Post:
    """acme's mails: queue them, send them, look at what became of them."""

    world: World
    services: Services
    clock: FixedClock
    room: Mailroom
    client: AsyncWebClient
    run_id: int = 0

    async def write(self, *contacts: str, subject: str = "Hello", step: str = "first", automatic: bool = False) -> None:
        """maya sends a step's mail to these contacts, or it goes by itself."""
        steps = await self.world.steps(self.run_id)
        mails = [Mail(await self.contact_id(name), subject, f"Hello {name}.") for name in contacts or ("Jane Doe",)]
        actor = None if automatic else self.world.maya
        async with self.world.database.transaction() as session:
            await send_step_email(session, self.world.library, steps[step].id, actor, self.clock.now(), mails)

    async def contact_id(self, name: str) -> int:
        async with self.world.database.transaction() as session:
            contact = (await session.exec(select(Contact).where(Contact.name == name))).one_or_none()
            if contact is None:
                email = f"{name.split()[0].lower()}@acme.example"
                contact = Contact(account_id=self.world.account_id, name=name, email=email, created_at=self.clock.now())
                session.add(contact)
                await session.flush()
            return contact.id

    def outbox(self) -> Outbox:
        return Outbox(self.services, self.client, MAILS_ONLY, sleep=AdvancingSleep(self.clock))

    async def drain(self) -> dict[Outcome, int]:
        async with self.world.database.transaction() as session:  # Slack is not what these tests are about
            for other in (await session.exec(select(Delivery).where(Delivery.kind != DeliveryKind.EMAIL))).all():
                if other.kind is not DeliveryKind.NOTICE:
                    await session.delete(other)
        return dict(await self.outbox().drain())

    async def emails(self) -> list[EmailMessage]:
        async with self.world.database.transaction() as session:
            return list((await session.exec(select(EmailMessage).order_by(col(EmailMessage.id)))).all())

    async def the_email(self) -> EmailMessage:
        [email] = await self.emails()
        return email

    async def notices(self) -> list[str]:
        return [d.payload["text"] for d in await self.world.deliveries(kind=DeliveryKind.NOTICE)]


MAILS_ONLY = dict(BUILDERS)


async def _nothing(*_: object) -> None:
    return None


MAILS_ONLY[DeliveryKind.NOTICE] = _nothing


@pytest.fixture
async def room() -> AsyncIterator[Mailroom]:
    async with open_mail_server() as room:
        yield room


@pytest.fixture
async def post(sqlite: Database, now: datetime, clock: FixedClock, room: Mailroom) -> Post:
    world = await make_world(sqlite, now)
    settings = Settings(
        _env_file=None,
        smtp_url=room.url,
        email_from="success@ours.example",
        smtp_timeout_seconds=5,
        emails_per_second=50,
    )
    services = Services(settings, sqlite, world.library, clock, lambda: None)
    post = Post(world, services, clock, room, AsyncWebClient(token="xoxb-none"))
    post.run_id = await world.start({"key": "first", **EMAIL}, {"key": "second", **EMAIL}, {"key": "last"})
    return post


async def test_a_mail_goes_to_its_contact_in_the_name_of_the_member(post: Post) -> None:
    """Row 2.11: the key contact gets the mail that the CSM read, from the CSM."""
    await post.write(subject="Grüße aus Köln")
    assert await post.drain() == {Outcome.SENT: 1}
    [message] = post.room.taken
    assert str(message["From"]) == "Maya Lindt <maya@ours.example>"
    assert str(message["To"]) == "Jane Doe <jane@acme.example>"
    assert (message["Subject"], message["Reply-To"], message["List-Unsubscribe"]) == ("Grüße aus Köln", None, None)
    assert message.get_body(("plain",)).get_content().strip() == "Hello Jane Doe."  # type: ignore[union-attr]
    assert "<p>Hello Jane Doe.</p>" in message.get_body(("html",)).get_content()  # type: ignore[union-attr]
    email = await post.the_email()
    assert (email.status, email.sent_at) == (EmailStatus.SENT, post.clock.now())
    assert str(message["Message-ID"]) == email.message_id
    assert post.room.envelopes == [("maya@ours.example", "jane@acme.example")]


async def test_mail_from_a_domain_that_is_not_ours_goes_from_the_fixed_address(post: Post) -> None:
    post.services.settings.email_domains = "mail.ours.example"
    await post.write()
    await post.drain()
    [message] = post.room.taken
    assert str(message["From"]) == "Maya Lindt <success@ours.example>"
    assert str(message["Reply-To"]) == "Maya Lindt <maya@ours.example>"


async def test_the_mails_of_a_run_to_one_contact_are_a_thread(post: Post) -> None:
    """Row 2.33: a sequence of mails to one contact hangs together in their mail program."""
    await post.write()
    await post.write(step="second", subject="And now")
    await post.drain()
    first, second = post.room.taken
    assert first["In-Reply-To"] is None
    assert second["In-Reply-To"] == second["References"] == first["Message-ID"]


async def test_mails_share_a_connection(post: Post) -> None:
    await post.write("Jane Doe", "Bob Ray", "Ann Sun")
    await post.drain()
    assert len(post.room.taken) == 3
    mailer = Mailer(parse_smtp_url(post.room.url), 5)
    before = post.room.connections
    for _ in range(3):
        await mailer.send(*LETTER)
    await mailer.close()
    assert post.room.connections == before + 1


@pytest.mark.parametrize(
    "answer", ["421 4.3.2 Closing down", "451 4.7.1 Greylisted, come again", "452 4.2.2 Mailbox full"]
)
async def test_what_the_server_cannot_take_now_is_sent_later(answer: str, post: Post) -> None:
    post.room.to_data = [answer]
    await post.write()
    assert await post.drain() == {Outcome.RETRY: 1}
    assert (await post.the_email()).status is EmailStatus.QUEUED
    post.clock.set(post.clock.now() + timedelta(seconds=2))
    assert await post.drain() == {Outcome.SENT: 1}
    assert len(post.room.taken) == 1
    assert await post.notices() == []


async def test_one_address_that_nobody_has_does_not_stop_the_others(post: Post) -> None:
    """Row 2.15: a campaign to many; the one that bounces is told, marked, and not written to again."""
    post.room.to_rcpt = {"bob@acme.example": ["550 5.1.1 User unknown"]}
    await post.write("Jane Doe", "Bob Ray", "Ann Sun")
    await post.drain()
    assert {str(m["To"]) for m in post.room.taken} == {"Jane Doe <jane@acme.example>", "Ann Sun <ann@acme.example>"}
    assert [e.status for e in await post.emails()] == [EmailStatus.SENT, EmailStatus.BOUNCED, EmailStatus.SENT]
    [told] = await post.notices()
    assert told.startswith("Your mail “Hello” to Bob Ray (Acme) did not arrive: their mail server says that nobody has")
    assert "/account contact acme" in told
    async with post.world.database.transaction() as session:
        bounced = (await session.exec(select(Contact.name).where(col(Contact.bounced_at).is_not(None)))).all()
    assert bounced == ["Bob Ray"]
    assert any("did not arrive" in line for line in await post.world.timeline())


@pytest.mark.parametrize("answer", ["550 5.7.1 Relaying denied", "550 5.2.2 Mailbox full"])
async def test_a_refusal_that_is_not_about_the_address_marks_nobody(answer: str, post: Post) -> None:
    post.room.to_rcpt = {"jane@acme.example": [answer]}
    await post.write()
    assert await post.drain() == {Outcome.FAILED: 1, Outcome.NOTHING: 1}
    assert (await post.the_email()).status is EmailStatus.FAILED
    async with post.world.database.transaction() as session:
        assert (await session.exec(select(Contact.bounced_at))).all() == [None]


async def test_a_server_that_refuses_the_content_is_not_asked_again(post: Post) -> None:
    post.room.to_data = ["554 5.6.0 Looks like spam"]
    await post.write()
    await post.drain()
    assert (await post.the_email()).status is EmailStatus.FAILED
    assert "554 5.6.0 Looks like spam" in (await post.notices())[0]


async def test_a_server_that_is_down_loses_no_mail(post: Post) -> None:
    up = post.services.settings.smtp_url
    post.services.settings.smtp_url = SecretStr("smtp://127.0.0.1:9")  # nobody listens on the discard port
    await post.write()
    assert await post.drain() == {Outcome.RETRY: 1}
    post.services.settings.smtp_url = up
    post.clock.set(post.clock.now() + timedelta(seconds=2))
    assert await post.drain() == {Outcome.SENT: 1}


async def test_a_server_that_is_too_slow_is_left_and_asked_later() -> None:
    async def never_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(never_answer, "127.0.0.1", 0)
    mailer = Mailer(parse_smtp_url(f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"), 0.05)
    with pytest.raises(MailTrouble):
        await mailer.send(*LETTER)
    server.close()


async def test_a_connection_lost_before_the_answer_repeats_the_mail_with_the_same_id(post: Post) -> None:
    """What SMTP leaves open: the server has the mail and we do not know. Its id tells the reader's program."""
    post.room.to_data = [hang_up]
    await post.write()
    assert await post.drain() == {Outcome.RETRY: 1}
    post.clock.set(post.clock.now() + timedelta(seconds=2))
    assert await post.drain() == {Outcome.SENT: 1}
    first, second = post.room.taken
    assert first["Message-ID"] == second["Message-ID"] == (await post.the_email()).message_id


async def test_a_worker_that_died_before_the_mail_was_taken_loses_nothing(post: Post) -> None:
    await post.write()
    await lease(post, since=timedelta(seconds=61))
    assert await post.drain() == {Outcome.SENT: 1}
    assert len(post.room.taken) == 1


async def test_a_mail_that_another_worker_is_sending_is_left_to_it(post: Post) -> None:
    await post.write()
    await lease(post, since=timedelta())
    assert await post.drain() == {}
    assert post.room.taken == []


async def lease(post: Post, since: timedelta) -> None:
    """As a worker leaves a delivery that it has claimed some time ago."""
    async with post.world.database.transaction() as session:
        [row] = (await session.exec(select(Delivery).where(Delivery.kind == DeliveryKind.EMAIL))).all()
        row.status, row.attempts = DeliveryStatus.LEASED, 1
        row.lease_until = post.clock.now() + timedelta(seconds=60) - since


async def test_a_sent_mail_is_never_sent_again(post: Post) -> None:
    """A lease that ran out on a mail which was recorded as sent meanwhile changes nothing."""
    await post.write()
    await post.drain()
    await lease(post, since=timedelta(seconds=61))
    assert await post.drain() == {Outcome.NOTHING: 1}
    assert len(post.room.taken) == 1


async def test_a_mail_that_was_taken_while_the_database_was_away_is_not_sent_again(
    post: Post, mocker: MockerFixture
) -> None:
    await post.write()
    away = [DatabaseUnavailable(), DatabaseUnavailable()]
    mocker.patch.object(courier, "record_mailed", side_effect=[*away, mocker.DEFAULT], wraps=record_mailed)
    assert (await post.drain())[Outcome.SENT] == 1
    post.clock.set(post.clock.now() + timedelta(hours=1))
    await post.drain()
    assert len(post.room.taken) == 1
    assert (await post.the_email()).status is EmailStatus.SENT


async def test_who_unsubscribed_meanwhile_gets_nothing(post: Post) -> None:
    await post.write()
    key = (await post.the_email()).unsubscribe_key
    async with post.world.database.transaction() as session:
        await unsubscribe(session, key, post.clock.now())
    assert (await post.drain())[Outcome.HELD] == 1
    assert post.room.taken == []
    email = await post.the_email()
    assert (email.status, email.why) == (EmailStatus.HELD, "Jane Doe has unsubscribed.")
    assert any("unsubscribed from mail" in told for told in await post.notices())


async def test_a_mail_whose_reason_is_gone_does_not_go(post: Post) -> None:
    """Row 2.18: when usage recovers the run is cancelled, and what it had queued stays here."""
    await post.write()
    post.clock.set(post.clock.now() + timedelta(seconds=1))
    async with post.world.database.transaction() as session:
        await cancel_run(
            session, post.world.library, post.run_id, post.world.maya, post.clock.now(), reason="Usage is back"
        )
    assert (await post.drain())[Outcome.HELD] == 1
    assert post.room.taken == []


async def test_an_escalation_stops_automatic_mails_that_wait_and_not_personal_ones(post: Post) -> None:
    """Row 4.57: automatic sends stop while an escalation is open, a person's own mail goes."""
    await post.write(automatic=True, subject="By itself")
    await post.write(step="second", subject="From Maya")
    await post.world.escalate()
    await post.drain()
    assert post.room.subjects == ["From Maya"]
    assert [email.status for email in await post.emails()] == [EmailStatus.HELD, EmailStatus.SENT]


async def test_automatic_mails_and_campaigns_can_be_ended_with_a_click(post: Post) -> None:
    post.services.settings.public_url = "https://playcall.ours.example/"
    await post.write(automatic=True)
    await post.write("Jane Doe", "Bob Ray", step="second")
    await post.drain()
    by_id = {str(message["Message-ID"]): message for message in post.room.taken}
    for email in await post.emails():
        message = by_id[email.message_id]
        assert message["List-Unsubscribe"].split(", ") == [
            f"<https://playcall.ours.example/unsubscribe/{email.unsubscribe_key}>",
            "<mailto:maya@ours.example?subject=unsubscribe>",
        ]
        assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert email.unsubscribe_key in message.get_body(("plain",)).get_content()  # type: ignore[union-attr]
        assert email.unsubscribe_key in message.get_body(("html",)).get_content()  # type: ignore[union-attr]


async def test_signing_in_with_a_wrong_password_waits_for_whoever_can_mend_it() -> None:
    async with open_mail_server(password="right") as room:
        address = f"@127.0.0.1:{room.port}?starttls=never"
        with pytest.raises(MailTrouble, match=r"^535"):
            await Mailer(parse_smtp_url(f"smtp://playcall:wrong{address}"), 5).send(*LETTER)
        mailer = Mailer(parse_smtp_url(f"smtp://playcall:right{address}"), 5)
        await mailer.send(*LETTER)
        await mailer.close()
        assert len(room.taken) == 1


async def test_a_password_is_not_told_to_a_server_without_encryption() -> None:
    async with open_mail_server(password="right") as room:
        with pytest.raises(MailTrouble):
            await Mailer(parse_smtp_url(f"smtp://playcall:right@127.0.0.1:{room.port}"), 5).knock()
        assert room.taken == []
