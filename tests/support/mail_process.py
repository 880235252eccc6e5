"""An SMTP server as a process of its own that takes every mail and tells, by Message-ID, when it did.

    python -m tests.support.mail_process

prints its address as a line of JSON, and serves until its standard input ends; then it prints the times.
"""

import asyncio
import json
import sys
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.support.mail_server import open_mail_server


@dataclass
class MailProcess:
    """`taken`, known when the block has ended: when a mail was taken, in seconds since 1970, by Message-ID."""

    url: str
    taken: dict[str, list[float]] = field(default_factory=dict)


@asynccontextmanager
async def mail_process() -> AsyncIterator[MailProcess]:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.support.mail_process", stdin=pipe, stdout=pipe, limit=2**24
    )
    assert process.stdin
    assert process.stdout
    server = MailProcess(json.loads(await process.stdout.readline())["url"])
    try:
        yield server
    finally:
        process.stdin.close()
        server.taken.update(json.loads(await process.stdout.readline()))
        await process.wait()


async def serve() -> None:
    async with open_mail_server() as room:
        print(json.dumps({"url": room.url}), flush=True)
        await asyncio.to_thread(sys.stdin.read)  # whoever started it closes this by ending
        taken = defaultdict(list)
        for mail, moment in zip(room.taken, room.taken_at, strict=True):
            taken[str(mail["Message-ID"])].append(moment)
        print(json.dumps(taken), flush=True)


if __name__ == "__main__":
    asyncio.run(serve())
