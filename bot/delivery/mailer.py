"""The connection to the mail server: opened when it is needed, used again while it is warm."""

import asyncio
import contextlib
import time
from dataclasses import dataclass

import aiosmtplib

from bot.delivery.mail_refusals import trouble_from_smtp
from bot.delivery.smtp_server import SmtpServer, StartTls

WARM_SECONDS = 20.0  # servers hang up on who says nothing for a minute or so
MAILS_A_CONNECTION = 50  # many servers take a hundred and then say 421

START_TLS = {StartTls.AUTO: None, StartTls.REQUIRED: True, StartTls.NEVER: False}


@dataclass(slots=True)
class Line:
    """An open connection; `free_since` by the process's own clock."""

    client: aiosmtplib.SMTP
    free_since: float = 0.0
    mails: int = 0


class Mailer:
    """Sends mails one at a time over each of its connections. `timeout` is for one mail, from beginning to end."""

    def __init__(self, server: SmtpServer, timeout: float) -> None:
        self.server = server
        self.timeout = timeout
        self._free: list[Line] = []

    async def send(self, sender: str, recipient: str, message: bytes, *, international: bool = False) -> None:
        """Return when the server has taken the mail: it answered 250 to all of it.

        `international` is for an address beyond ASCII. Raises MailTrouble, and MailRefused. After a MailTrouble the
        server may have taken the mail all the same, when the connection broke before its last answer came.
        """
        line = None
        try:
            async with asyncio.timeout(self.timeout):
                line = await self._take()
                options = ["smtputf8", "body=8bitmime"] if international else []
                await line.client.sendmail(sender, recipient, message, mail_options=options)
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            raise trouble_from_smtp(error) from error
        else:
            line.mails += 1
            self._give_back(line)
            line = None
        finally:
            if line:
                line.client.close()

    async def knock(self) -> None:
        """Connect, encrypt and sign in as for a mail, and say goodbye. Raises MailTrouble, and MailRefused."""
        try:
            async with asyncio.timeout(self.timeout):
                client = await self._connect()
                await client.quit()
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            raise trouble_from_smtp(error) from error

    async def close(self) -> None:
        lines, self._free = self._free, []
        for line in lines:
            with contextlib.suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
                await line.client.quit(timeout=1)
            line.client.close()

    async def _take(self) -> Line:
        """A connection that answers. One that was left for long is not asked: it may hang until the timeout."""
        while self._free:
            line = self._free.pop()
            if time.monotonic() - line.free_since < WARM_SECONDS:
                with contextlib.suppress(aiosmtplib.SMTPException, OSError):
                    await line.client.rset()
                    return line
            line.client.close()
        return Line(await self._connect())

    async def _connect(self) -> aiosmtplib.SMTP:
        server = self.server
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.username,
            password=server.password,
            use_tls=server.implicit_tls,
            start_tls=False if server.implicit_tls else START_TLS[server.starttls],
            timeout=self.timeout,
        )
        try:
            await client.connect()
        except BaseException:
            client.close()
            raise
        return client

    def _give_back(self, line: Line) -> None:
        if line.mails < MAILS_A_CONNECTION and line.client.is_connected:
            line.free_since = time.monotonic()
            self._free.append(line)
        else:
            line.client.close()
