"""SMTP_URL: where the mail server is, and how it is spoken to."""

from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import parse_qsl, unquote, urlsplit

from bot.errors import ConfigurationError

EXAMPLE = "smtp://user:password@mail.example.com:587"


class StartTls(StrEnum):
    AUTO = "auto"  # when the server offers it
    REQUIRED = "required"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class SmtpServer:
    host: str
    port: int
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    implicit_tls: bool = False
    starttls: StartTls = StartTls.AUTO

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def parse_smtp_url(url: str) -> SmtpServer:
    """What SMTP_URL says. A password goes over an encrypted connection only, unless `?starttls=never` is said.

    Raises ConfigurationError, in words that do not repeat the address: it holds a password.
    """
    parts = urlsplit(url.strip())
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        raise ConfigurationError(f"SMTP_URL is not an address of a mail server. It looks like {EXAMPLE}.")
    try:
        port = parts.port
    except ValueError:
        raise ConfigurationError(f"SMTP_URL has a port that is no number. It looks like {EXAMPLE}.") from None
    options = dict(parse_qsl(parts.query))
    unknown = set(options) - {"starttls"}
    wanted = options.get("starttls", StartTls.REQUIRED if parts.password else StartTls.AUTO)
    if unknown or wanted not in set(StartTls):
        raise ConfigurationError("SMTP_URL takes one option: ?starttls=auto, required or never.")
    implicit = parts.scheme == "smtps"
    return SmtpServer(
        host=parts.hostname,
        port=port or (465 if implicit else 587),
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        implicit_tls=implicit,
        starttls=StartTls(wanted),
    )
