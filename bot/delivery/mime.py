"""A mail as it goes over the wire: headers, the text, and the same as HTML."""

import re
import unicodedata
from collections.abc import Sequence
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from pathlib import Path

from bot.delivery.mail_html import page_of
from bot.delivery.outgoing import CannotSend, Mailbox, SendMail

_ADDRESS = re.compile(r"[^@\s<>\",;:\\]+@[^@\s<>\",;:\\]+")


def one_line(text: str) -> str:
    """What may stand in a header. A line break in it, or another control character, would begin one of its own."""
    clean = "".join(" " if unicodedata.category(character) in {"Cc", "Zl", "Zp"} else character for character in text)
    return " ".join(clean.split())


def wire_address(address: str) -> str:
    """The address with its domain as mail servers know it (`müller.de` is `xn--mller-kva.de`).

    Raises CannotSend for what is no address.
    """
    if not _ADDRESS.fullmatch(address.strip()):
        raise CannotSend(f"“{one_line(address)[:100]}” is not an email address. Correct it with `/account contact`.")
    local, _, domain = address.strip().rpartition("@")
    try:
        return f"{local}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        raise CannotSend(f"“{one_line(domain)[:100]}” is not a domain. Correct the address.") from None


def is_international(*addresses: str) -> bool:
    """Whether an address has letters beyond ASCII before its @, which needs a server that speaks SMTPUTF8."""
    return not all(address.isascii() for address in addresses)


def render_message(mail: SendMail, templates: Path) -> bytes:
    """The whole message in bytes, with CRLF. Raises CannotSend."""
    addresses = [wire_address(mailbox.address) for mailbox in (mail.sender, mail.to, mail.reply_to) if mailbox]
    message = EmailMessage(policy=SMTPUTF8 if is_international(*addresses) else SMTP)
    message["From"] = _header(mail.sender)
    message["To"] = _header(mail.to)
    if mail.reply_to:
        message["Reply-To"] = _header(mail.reply_to)
    message["Subject"] = one_line(mail.subject)
    message["Date"] = mail.at
    if mail.automatic:
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's holiday note answers it
    url = mail.unsubscribe.url if mail.unsubscribe else None
    message.set_content(_text(mail.text, url), cte="quoted-printable")
    html = page_of(mail.text, templates, unsubscribe_url=url)
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    return _identifying(mail) + message.as_bytes()


def _identifying(mail: SendMail) -> bytes:
    """The headers that hold ids and addresses, by hand: Python would encode one that is too long for a line."""
    headers: dict[str, Sequence[str | None]] = {
        "Message-ID": [mail.message_id],
        "In-Reply-To": [mail.in_reply_to],
        "References": mail.references,
    }
    if mail.unsubscribe:
        ways = [f"<{way}>" for way in (mail.unsubscribe.url, mail.unsubscribe.mailto) if way]
        headers["List-Unsubscribe"] = [*(f"{way}," for way in ways[:-1]), ways[-1]]
        if mail.unsubscribe.url:
            headers["List-Unsubscribe-Post"] = ["List-Unsubscribe=One-Click"]  # RFC 8058
    lines = {name: "\r\n ".join(one_line(value) for value in values if value) for name, values in headers.items()}
    return "".join(f"{name}: {line}\r\n" for name, line in lines.items() if line).encode("ascii")


def _header(mailbox: Mailbox) -> Address:
    local, _, domain = wire_address(mailbox.address).rpartition("@")
    return Address(one_line(mailbox.name), local, domain)


def _text(text: str, unsubscribe_url: str | None) -> str:
    end = f"\n\n-- \nDo not want these emails any more? {unsubscribe_url}" if unsubscribe_url else ""
    return f"{text.strip()}{end}\n"
