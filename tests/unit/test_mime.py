"""A mail as it goes over the wire: what people typed can neither add a header nor become HTML."""

from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import aiosmtplib
import pytest

from bot.delivery.building.emails import choose_sender
from bot.delivery.mail_html import html_of
from bot.delivery.mail_refusals import MailRefused, trouble_from_smtp
from bot.delivery.mime import is_international, render_message, wire_address
from bot.delivery.outgoing import CannotSend, Mailbox, SendMail, Unsubscribe
from bot.delivery.smtp_server import StartTls, parse_smtp_url
from bot.errors import ConfigurationError
from bot.settings import Settings

HERE = Path("nowhere")  # Playcall's own layout is used then


def rendered(**changes: Any) -> EmailMessage:
    return message_from_bytes(render_message(mail(**changes), HERE), policy=default)


def mail(**changes: Any) -> SendMail:
    usual: dict[str, Any] = {
        "email_id": 1,
        "message_id": "<abc@ours.example>",
        "sender": Mailbox("Maya Lindt", "maya@ours.example"),
        "to": Mailbox("Jane Doe", "jane@acme.example"),
        "subject": "Hello",
        "text": "Hello.",
        "at": datetime(2026, 3, 2, 10, tzinfo=UTC),
    }
    return SendMail(**(usual | changes))


INJECTION = "Hello\r\nBcc: victim@example.com\n\x0bX-Evil: 1\u2028Y: 2"


def test_line_breaks_in_a_subject_or_a_name_add_no_header() -> None:
    message = rendered(subject=INJECTION, to=Mailbox(INJECTION, "jane@acme.example"))
    assert (message["Bcc"], message["X-Evil"], message["Y"]) == (None, None, None)
    assert message["Subject"] == "Hello Bcc: victim@example.com X-Evil: 1 Y: 2"
    assert [address.addr_spec for address in message["To"].addresses] == ["jane@acme.example"]


NO_ADDRESSES = ["jane", "jane@acme.example\r\nRCPT TO:<x@y>", "a@b, c@d", "@acme.example", "a@", "<a@b>"]


@pytest.mark.parametrize("address", NO_ADDRESSES)
def test_what_is_no_address_is_not_written_to(address: str) -> None:
    with pytest.raises(CannotSend):
        render_message(mail(to=Mailbox("Jane", address)), HERE)


def test_names_and_domains_in_any_language_arrive() -> None:
    message = rendered(to=Mailbox("Zoë Müller, 株式会社", "zoe@müller.example"), subject="Grüße 🎉" * 20)
    assert message["To"].addresses[0].display_name == "Zoë Müller, 株式会社"
    assert message["To"].addresses[0].domain == "xn--mller-kva.example"
    assert message["Subject"] == "Grüße 🎉" * 20
    assert not is_international(wire_address("zoe@müller.example"))
    assert is_international(wire_address("zoë@acme.example"))


def test_what_somebody_typed_stays_words_in_html() -> None:
    text = 'Hi <script>alert(1)</script> & {{ 7*7 }}\n\n- one\n- two <b>\nafter\n\nSee https://acme.example/?a=1&b="2.'
    html = str(html_of(text))
    assert "<script>" not in html
    assert "<p>Hi &lt;script&gt;alert(1)&lt;/script&gt; &amp; {{ 7*7 }}</p>" in html
    assert "<ul><li>one</li><li>two &lt;b&gt;</li></ul>" in html
    assert '<a href="https://acme.example/?a=1&amp;b=">https://acme.example/?a=1&amp;b=</a>&#34;2.' in html


def test_a_team_may_bring_its_own_layout(tmp_path: Path) -> None:
    (tmp_path / "email-layout.html").write_text("<main>{{ body }}</main>")
    message: Any = message_from_bytes(render_message(mail(text="a < b"), tmp_path), policy=default)
    assert message.get_body(("html",)).get_content().strip() == "<main><p>a &lt; b</p></main>"


def test_long_ids_and_addresses_are_not_encoded() -> None:
    url = f"https://playcall.{'a' * 60}.example/unsubscribe/{'k' * 43}"
    references = tuple(f"<{'r' * 60}{n}@ours.example>" for n in range(5))
    message = rendered(
        unsubscribe=Unsubscribe("mailto:maya@ours.example?subject=unsubscribe", url),
        in_reply_to=references[-1],
        references=references,
    )
    assert message["List-Unsubscribe"] == f"<{url}>, <mailto:maya@ours.example?subject=unsubscribe>"
    assert message["References"].split() == list(references)


@pytest.mark.parametrize(
    ("url", "host", "port", "implicit", "starttls"),
    [
        ("smtp://mail.example.com", "mail.example.com", 587, False, StartTls.AUTO),
        ("smtp://u:p%40ss@mail.example.com:2525", "mail.example.com", 2525, False, StartTls.REQUIRED),
        ("smtps://u:p@mail.example.com", "mail.example.com", 465, True, StartTls.REQUIRED),
        ("smtp://u:p@localhost:25?starttls=never", "localhost", 25, False, StartTls.NEVER),
    ],
)
def test_an_smtp_url_says_how_the_server_is_spoken_to(
    url: str, host: str, port: int, implicit: bool, starttls: StartTls
) -> None:
    server = parse_smtp_url(url)
    assert (server.host, server.port, server.implicit_tls, server.starttls) == (host, port, implicit, starttls)
    assert "p@" not in repr(server)


@pytest.mark.parametrize(
    "url",
    ["mail.example.com", "http://u:secret@x", "smtp://u:secret@x:port", "smtp://x?tls=1", "smtp://x?starttls=maybe"],
)
def test_a_wrong_smtp_url_is_refused_without_repeating_its_password(url: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        parse_smtp_url(url)
    assert "secret" not in refused.value.message


@pytest.mark.parametrize(
    ("code", "said", "bounced"),
    [
        (550, "5.1.1 no such user", True),
        (550, "User unknown", True),
        (550, "5.7.1 Relaying denied", False),
        (550, "relay not permitted", False),
        (552, "5.2.2 over quota", False),
    ],
)
def test_only_an_address_nobody_has_is_a_bounce(code: int, said: str, bounced: bool) -> None:
    error = aiosmtplib.SMTPRecipientsRefused([aiosmtplib.SMTPRecipientRefused(code, said, "x@y.example")])
    trouble = trouble_from_smtp(error)
    assert isinstance(trouble, MailRefused)
    assert trouble.bounced is bounced


@pytest.mark.parametrize(
    ("settings", "address"),
    [
        ({"email_from": "CS <cs@ours.example>"}, "maya@ours.example"),
        ({"email_domains": "ours.example, other.example"}, "maya@ours.example"),
        ({"email_domains": "other.example", "email_from": "cs@other.example"}, "cs@other.example"),
    ],
)
def test_a_mail_comes_from_the_member_where_that_is_allowed(settings: dict[str, Any], address: str) -> None:
    sender = choose_sender(Settings(_env_file=None, **settings), "Maya", "maya@ours.example")
    assert sender == Mailbox("Maya", address)


def test_without_any_allowed_address_nothing_is_sent() -> None:
    with pytest.raises(CannotSend, match="EMAIL_DOMAINS"):
        choose_sender(Settings(_env_file=None), "Maya", "maya@ours.example")
