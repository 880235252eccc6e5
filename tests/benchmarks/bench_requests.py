"""Requests a second: `/account health` and completing a step, against a bare Bolt listener that only acknowledges.

Run by `make bench`. Each server is a process of its own under uvicorn, as `playcall serve` runs it, on a SQLite file
with 1,000 accounts; this process is the load: correctly signed requests over kept connections.
"""

import asyncio
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from urllib.parse import urlencode

import uvicorn
from fastapi import FastAPI, Request, Response
from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy import func, select
from sqlmodel import col

from bot.app import build_services, build_slack_app, open_slack_client
from bot.clock import SystemClock
from bot.db import Database
from bot.migrating import migrate
from bot.models import Step, StepStatus
from bot.processes import spare_from_collection
from bot.settings import Settings
from bot.web import build_web_app
from tests.benchmarks.book import ACCOUNTS, STEPS, write_book
from tests.support.clicks import NOWHERE, SECRET, complete_click, signed
from tests.support.slack_double import TOKEN, SlackDouble
from tests.support.slack_state import TEAM

REQUESTS, ROUNDS, CONCURRENCY, CROWD = 400, 3, 16, 64


# --- the servers, each in a process of its own ------------------------------------------------------------------------


async def serve_playcall(port: int, slack_url: str, path: str) -> None:
    settings = Settings(
        _env_file=None,
        slack_bot_token=TOKEN,
        slack_signing_secret=SECRET,
        slack_api_url=slack_url,
        database_url=f"sqlite:///{path}",
        log_level="WARNING",
    )
    services = build_services(settings)
    async with open_slack_client(settings) as client:
        spare_from_collection()  # as the web process does
        await _serve(build_web_app(services.database, services.clock, build_slack_app(services, client), SECRET), port)


async def serve_bare(port: int, slack_url: str, *, inline: bool) -> None:
    client = AsyncWebClient(TOKEN, base_url=slack_url)
    app = AsyncApp(client=client, signing_secret=SECRET, process_before_response=inline)

    async def acknowledge(ack: Any) -> None:
        await ack()

    app.command("/account")(acknowledge)
    handler = AsyncSlackRequestHandler(app)
    web = FastAPI()

    async def slack_events(request: Request) -> Response:
        return await handler.handle(request)

    web.add_api_route("/slack/events", slack_events, methods=["POST"])
    await _serve(web, port)


async def _serve(web: FastAPI, port: int) -> None:
    await uvicorn.Server(uvicorn.Config(web, port=port, log_level="warning", access_log=False)).serve()


@asynccontextmanager
async def server(kind: str, slack_url: str, path: Path):  # type: ignore[no-untyped-def]
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    arguments = ["-m", "tests.benchmarks.bench_requests", kind, str(port), slack_url, str(path)]
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments)
    try:
        await _until_listening(port)
        yield port
    finally:
        process.terminate()
        await process.wait()


async def _until_listening(port: int) -> None:
    for _ in range(200):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return
    raise RuntimeError("the server did not start")


# --- the load ---------------------------------------------------------------------------------------------------------


def health_requests() -> Iterator[bytes]:
    while True:
        form = {"command": "/account", "text": "health acme", "user_id": "U1", "team_id": TEAM, "channel_id": "C1"}
        yield signed(urlencode({**form, "trigger_id": "t", "response_url": NOWHERE}))


def completion_requests() -> Iterator[bytes]:
    """A click on Complete for one step after the other."""
    for step in range(1, STEPS + 1):
        yield complete_click(step, "U1")


async def drive(port: int, requests: Iterator[bytes], number: int, concurrency: int) -> tuple[float, list[float]]:
    """Requests a second, and the seconds that each took."""
    left = iter(range(number))
    times: list[float] = []

    async def one_connection() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in left:
            request = next(requests)
            before = time.perf_counter()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(head.decode())
            length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            await reader.readexactly(length)
            times.append(time.perf_counter() - before)
        writer.close()

    before = time.perf_counter()
    await asyncio.gather(*(one_connection() for _ in range(concurrency)))
    return number / (time.perf_counter() - before), times


async def rate(port: int, requests: Iterator[bytes]) -> float:
    await drive(port, requests, 200, CONCURRENCY)  # warm up
    return median([(await drive(port, requests, REQUESTS, CONCURRENCY))[0] for _ in range(ROUNDS)])


async def slowest_of_a_hundred(port: int, requests: Iterator[bytes]) -> float:
    """The 99th percentile, in milliseconds, with a crowd of connections."""
    _, times = await drive(port, requests, REQUESTS, CROWD)
    return quantiles(times, n=100)[98] * 1000


async def measure() -> None:
    slack = SlackDouble(SystemClock())
    await slack.start()
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "playcall.db"
        database = Database(f"sqlite+aiosqlite:///{path}")
        await migrate(database)
        await write_book(database)
        await database.close()
        floors = {}
        for kind in ("bare", "bare-inline"):
            async with server(kind, slack.url, path) as port:
                floors[kind] = await rate(port, health_requests())
        async with server("playcall", slack.url, path) as port:
            health, clicks = await rate(port, health_requests()), completion_requests()
            completions = await rate(port, clicks)
            await require_completed(path)
            health_p99 = await slowest_of_a_hundred(port, health_requests())
            click_p99 = await slowest_of_a_hundred(port, clicks)
    await slack.stop()
    report(floors, health, completions, health_p99, click_p99)


async def require_completed(path: Path) -> None:
    """A click that is refused is quick: it must not count as a completion."""
    database = Database(f"sqlite+aiosqlite:///{path}")
    async with database.reading() as connection:
        done = await connection.execute(select(func.count()).where(col(Step.status) == StepStatus.DONE))
    await database.close()
    if done.scalar_one() < REQUESTS * ROUNDS:
        raise RuntimeError("the steps were not completed")


def report(floors: dict[str, float], health: float, completions: float, health_p99: float, click_p99: float) -> None:
    print(f"bare Bolt listener that only acks           {floors['bare']:>8,.0f} /s")
    print(f"  the same, answering inline                {floors['bare-inline']:>8,.0f} /s")
    for name, figure, target in (("/account health", health, 0.30), ("completing a step", completions, 0.25)):
        print(f"{name:<20}{ACCOUNTS:>7,} accounts       {figure:>8,.0f} /s")
        print(f"  of bare Bolt (at least {target:.2f})              {figure / floors['bare']:>8.2f}")
        print(f"  of bare Bolt inline                       {figure / floors['bare-inline']:>8.2f}")
    print(f"99th percentile at {CROWD} connections (under 250): health {health_p99:.0f} ms, click {click_p99:.0f} ms")


def main() -> None:
    if len(sys.argv) == 1:
        asyncio.run(measure())
        return
    kind, port, slack_url, path = sys.argv[1:]
    if kind == "playcall":
        serving = serve_playcall(int(port), slack_url, path)
    else:
        serving = serve_bare(int(port), slack_url, inline=kind == "bare-inline")
    asyncio.run(serving)


if __name__ == "__main__":
    main()
