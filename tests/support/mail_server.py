"""A real SMTP server on the loopback, which does what a test tells it to."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

OK = "250 OK"


@dataclass
class Mailroom:
    """What the server took, and what it answers. An answer is used up; after the last one it says OK."""

    taken: list[EmailMessage] = field(default_factory=list)
    taken_at: list[float] = field(default_factory=list)  # in seconds since 1970
    envelopes: list[tuple[str, str]] = field(default_factory=list)  # sender and recipient
    to_rcpt: dict[str, list[str]] = field(default_factory=dict)  # by recipient
    to_data: list[str | Callable[[SMTP], None]] = field(default_factory=list)
    connections: int = 0
    port: int = 0

    async def handle_EHLO(  # noqa: N802  # aiosmtpd names these, and what they are given
        self, _: SMTP, session: Session, __: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(  # noqa: N802
        self, _: SMTP, __: Session, envelope: Envelope, address: str, ___: list[str]
    ) -> str:
        if answers := self.to_rcpt.get(address):
            return answers.pop(0)
        envelope.rcpt_tos.append(address)
        return OK

    async def handle_DATA(self, server: SMTP, _: Session, envelope: Envelope) -> str:  # noqa: N802
        answer = self.to_data.pop(0) if self.to_data else OK
        if isinstance(answer, str) and not answer.startswith("2"):
            return answer
        content = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content).encode()
        message: Any = message_from_bytes(content, policy=default)
        self.taken.append(message)
        self.taken_at.append(time.time())
        self.envelopes.append((str(envelope.mail_from), envelope.rcpt_tos[0]))
        if callable(answer):
            answer(server)
            await asyncio.sleep(3600)  # the connection is gone: there is nobody to answer
        return str(answer)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def subjects(self) -> list[str]:
        return [str(message["Subject"]) for message in self.taken]


def hang_up(server: SMTP) -> None:
    """Break the connection, as a network does between the mail and the answer to it."""
    assert isinstance(server.transport, asyncio.WriteTransport)
    server.transport.abort()


@asynccontextmanager
async def open_mail_server(*, password: str | None = None) -> AsyncIterator[Mailroom]:
    """With a password, the user `playcall` has to sign in with it."""
    room = Mailroom()

    def sign_in(*call: Any) -> AuthResult:
        given = call[-1]
        right = isinstance(given, LoginPassword) and given.password == (password or "").encode()
        return AuthResult(success=right, handled=right)

    options: dict[str, Any] = {"enable_SMTPUTF8": True, "hostname": "mail.acme.example"}
    if password:
        options |= {"authenticator": sign_in, "auth_required": True, "auth_require_tls": False}
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(room, loop=loop, **options), "127.0.0.1", 0)
    room.port = server.sockets[0].getsockname()[1]
    try:
        yield room
    finally:
        server.close()
