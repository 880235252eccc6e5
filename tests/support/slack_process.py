"""The strict Slack double as a process of its own, which nothing that happens to the others can slow or stop."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any


@asynccontextmanager
async def slack_process(people: int, messages_per_minute: int, moody: float = 0.0) -> AsyncIterator[dict[str, Any]]:
    """Its address (`url`) and `token`; it serves until the block ends. GET /stats tells what it has accepted."""
    options = ["--people", str(people), "--messages-per-minute", str(messages_per_minute), "--moody", str(moody)]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.support.slack_double",
        *options,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin
    assert process.stdout
    try:
        yield json.loads(await process.stdout.readline())
    finally:
        process.stdin.close()
        await process.wait()
