"""Requests a second: `/account health` and completing a step, against a bare Bolt listener that only acknowledges.

Run by `make bench`. Each server is a process of its own under uvicorn, as `playcall serve` runs it, on a SQLite file
with 1,000 accounts; this process is the load: correctly signed requests over kept connections, made and signed before
the time is taken. All servers are there from the beginning, and take turns: what else the machine has to do befalls
all of them, so the ratios of a round can be trusted where its figures cannot. They look worse than they are while
others want more than their share of the processor: the floor sleeps in between, and who sleeps is served first. Then
the milliseconds of the processor tell more.

At the end a process fires 10,000 touchpoints, as a worker would, while a crowd clicks.
"""

import asyncio
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from urllib.parse import urlencode

import uvicorn
from fastapi import FastAPI, Request, Response
from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy import func, select, update
from sqlmodel import col

from bot.app import build_services, build_slack_app, open_slack_client
from bot.clock import SystemClock
from bot.db import Database
from bot.engine.calendars import at_hour, working_day_on_or_after
from bot.logs import configure_logging
from bot.migrating import migrate
from bot.models import Step, StepStatus, Touchpoint, TouchpointStatus
from bot.processes import spare_from_collection
from bot.schedule.firing import fire_due
from bot.settings import Settings
from bot.slack.ids import ActionId
from bot.web import build_web_app
from tests.benchmarks.book import ACCOUNTS, STEPS, write_book
from tests.support.clicks import NOWHERE, SECRET, complete_click, signed
from tests.support.slack_double import TOKEN, SlackDouble
from tests.support.slack_state import TEAM

REQUESTS, ROUNDS, CONCURRENCY, CROWD = 400, 5, 16, 64
FIRINGS = 5


# --- the servers, each in a process of its own ------------------------------------------------------------------------


async def serve_playcall(port: int, slack_url: str, path: str) -> None:
    configure_logging("INFO")  # as it is run in earnest
    services = build_services(_settings(slack_url, path))
    async with open_slack_client(services.settings) as client:
        spare_from_collection()  # as the web process does
        await _serve(build_web_app(services, build_slack_app(services, client), SECRET), port)


async def serve_bare(port: int, slack_url: str, kind: str) -> None:
    """A Bolt app with one listener that only acknowledges, of a command or of a click."""
    client = AsyncWebClient(TOKEN, base_url=slack_url)
    app = AsyncApp(client=client, signing_secret=SECRET, process_before_response=kind == "bare-inline")

    async def acknowledge(ack: Any) -> None:
        await ack()

    listens = app.action(ActionId.STEP_COMPLETE) if kind == "bare-click" else app.command("/account")
    listens(acknowledge)
    handler = AsyncSlackRequestHandler(app)
    web = FastAPI()

    async def slack_events(request: Request) -> Response:
        return await handler.handle(request)

    web.add_api_route("/slack/events", slack_events, methods=["POST"])
    await _serve(web, port)


async def fire_on_demand(slack_url: str, path: str) -> None:
    """A worker that fires all touchpoints for each line it is given, says how many, and plans them again."""
    configure_logging("WARNING")  # what is written to the standard output is for whoever asks
    services = build_services(_settings(slack_url, path))
    later = at_hour(working_day_on_or_after(datetime.now(UTC).date() + timedelta(days=30), "US"), 11, "UTC")
    loop = asyncio.get_running_loop()
    while await loop.run_in_executor(None, sys.stdin.readline):
        report = await fire_due(services, later)
        print(report.fired, flush=True)
        async with services.database.long_transaction() as session:
            fired = col(Touchpoint.status) == TouchpointStatus.FIRED
            await session.exec(update(Touchpoint).where(fired).values(status=TouchpointStatus.PLANNED))
        print("planned", flush=True)


def _settings(slack_url: str, path: str) -> Settings:
    return Settings(
        _env_file=None,
        slack_bot_token=TOKEN,
        slack_signing_secret=SECRET,
        slack_api_url=slack_url,
        database_url=f"sqlite:///{path}",
    )


async def _serve(web: FastAPI, port: int) -> None:
    @web.get("/cpu")
    async def cpu() -> float:
        return time.process_time()

    await uvicorn.Server(uvicorn.Config(web, port=port, log_level="warning", access_log=False)).serve()


@asynccontextmanager
async def server(kind: str, slack_url: str, path: Path) -> AsyncIterator[int]:
    """The port of a server of this kind."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    arguments = ["-m", "tests.benchmarks.bench_requests", kind, str(port), slack_url, str(path)]
    with path.with_name(f"{kind}.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(sys.executable, *arguments, stderr=log)
    try:
        await _until_listening(port)
        yield port
    finally:
        process.terminate()
        await process.wait()


async def _until_listening(port: int) -> None:
    for _ in range(1_000):
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


async def drive(port: int, requests: Iterator[bytes], concurrency: int) -> tuple[float, list[float]]:
    """Requests a second, and the seconds that each took."""
    waiting = iter(list(requests))  # what it takes to make them is not part of it
    connections = [await asyncio.open_connection("127.0.0.1", port) for _ in range(concurrency)]
    times: list[float] = []

    async def one_after_the_other(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for request in waiting:
            before = time.perf_counter()
            await answer(reader, writer, request)
            times.append(time.perf_counter() - before)
        writer.close()

    before = time.perf_counter()
    await asyncio.gather(*(one_after_the_other(*connection) for connection in connections))
    return len(times) / (time.perf_counter() - before), times


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> bytes:
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(head.decode())
    length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    return await reader.readexactly(length)


async def processor_seconds(port: int) -> float:
    """What the server has used of the processor since it began."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    seconds = float(await answer(reader, writer, b"GET /cpu HTTP/1.1\r\nHost: localhost\r\n\r\n"))
    writer.close()
    return seconds


@dataclass
class Subject:
    """What is measured: a server, what it is asked, and what came of each round."""

    port: int
    requests: Iterator[bytes]

    def __post_init__(self) -> None:
        self.rates: list[float] = []
        self.costs: list[float] = []  # milliseconds of the processor a request

    async def warm_up(self) -> None:
        await drive(self.port, islice(self.requests, 200), CONCURRENCY)

    async def measure(self) -> None:
        before = await processor_seconds(self.port)
        self.rates.append((await drive(self.port, islice(self.requests, REQUESTS), CONCURRENCY))[0])
        self.costs.append((await processor_seconds(self.port) - before) / REQUESTS * 1000)

    def of(self, floor: "Subject") -> float:
        """How its rate compares with that of another: the median of the rounds."""
        return median(ours / theirs for ours, theirs in zip(self.rates, floor.rates, strict=True))

    async def slowest_of_a_hundred(self) -> float:
        """The 99th percentile, in milliseconds, with a crowd of connections."""
        times = [(await drive(self.port, islice(self.requests, REQUESTS), CROWD))[1] for _ in range(ROUNDS)]
        return median(map(percentile_99, times))


def percentile_99(times: list[float]) -> float:
    return quantiles(times, n=100)[98] * 1000


async def slowest_while_firing(busy: Subject, slack_url: str, path: Path) -> tuple[int, float]:
    """How many touchpoints a worker fired (each round a few less), and how a crowd's clicks fared meanwhile."""
    arguments = ["-m", "tests.benchmarks.bench_requests", "firing", "0", slack_url, str(path)]
    pipe = asyncio.subprocess.PIPE
    worker = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdin=pipe, stdout=pipe)
    assert worker.stdin
    assert worker.stdout
    counts, percentiles = [], []
    for _ in range(FIRINGS):
        crowd = asyncio.create_task(drive(busy.port, islice(busy.requests, REQUESTS), CROWD))
        await asyncio.sleep(0.1)  # until the crowd is there
        worker.stdin.write(b"\n")
        counts.append(int(await worker.stdout.readline()))
        percentiles.append(percentile_99((await crowd)[1]))
        await worker.stdout.readline()
    worker.stdin.close()
    await worker.wait()
    return max(counts), median(percentiles)


async def measure() -> None:
    slack = SlackDouble(SystemClock())
    await slack.start()
    async with AsyncExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        path, other = directory / "playcall.db", directory / "other.db"
        for book in (path, other):
            await write(book)
        kinds = ("bare", "bare-inline", "bare-click", "playcall")
        ports = {kind: await stack.enter_async_context(server(kind, slack.url, path)) for kind in kinds}
        subjects = {
            "bare": Subject(ports["bare"], health_requests()),
            "bare-inline": Subject(ports["bare-inline"], health_requests()),
            "bare-click": Subject(ports["bare-click"], completion_requests()),
            "health": Subject(ports["playcall"], health_requests()),
            "click": Subject(ports["playcall"], completion_requests()),
        }
        for subject in subjects.values():
            await subject.warm_up()
        for _ in range(ROUNDS):
            for subject in subjects.values():
                await subject.measure()
        await require_completed(path)
        crowds = {name: await subjects[name].slowest_of_a_hundred() for name in ("health", "click")}
        busy = await stack.enter_async_context(server("playcall", slack.url, other))
        crowd = Subject(busy, completion_requests())
        await crowd.warm_up()
        fired, while_firing = await slowest_while_firing(crowd, slack.url, other)
    await slack.stop()
    report(subjects)
    print(
        f"99th percentile at {CROWD} connections (under 250): health {crowds['health']:.0f} ms, "
        f"click {crowds['click']:.0f} ms"
    )
    print(f"  a click while a worker fires {fired:,} touchpoints (under 500): {while_firing:.0f} ms")


async def write(path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{path}")
    await migrate(database)
    await write_book(database)
    await database.close()


async def require_completed(path: Path) -> None:
    """A click that is refused is quick: it must not count as a completion."""
    database = Database(f"sqlite+aiosqlite:///{path}")
    async with database.reading() as connection:
        done = await connection.execute(select(func.count()).where(col(Step.status) == StepStatus.DONE))
    await database.close()
    if done.scalar_one() < REQUESTS * ROUNDS:
        raise RuntimeError("the steps were not completed")


FLOORS = {
    "bare": "bare Bolt listener that only acks",
    "bare-inline": "the same, answering inline",
    "bare-click": "the same, of the same clicks",
}


def report(subjects: dict[str, Subject]) -> None:
    for kind, words in FLOORS.items():
        print(_line(words, subjects[kind]))
    for name, words, target in (("health", "/account health", 0.30), ("click", "completing a step", 0.25)):
        subject = subjects[name]
        print(_line(f"{words:<18} {ACCOUNTS:,} accounts", subject))
        print(f"  of bare Bolt (at least {target:.2f})         {subject.of(subjects['bare']):>8.2f}")
        print(f"  of bare Bolt inline                  {subject.of(subjects['bare-inline']):>8.2f}")
        if name == "click":
            print(f"  of bare Bolt with the same clicks    {subject.of(subjects['bare-click']):>8.2f}")


def _line(words: str, subject: Subject) -> str:
    return f"{words:<38} {median(subject.rates):>7,.0f} /s {median(subject.costs):>6.2f} ms of the processor each"


def main() -> None:
    if len(sys.argv) == 1:
        asyncio.run(measure())
        return
    kind, port, slack_url, path = sys.argv[1:]
    if kind == "playcall":
        asyncio.run(serve_playcall(int(port), slack_url, path))
    elif kind == "firing":
        asyncio.run(fire_on_demand(slack_url, path))
    else:
        asyncio.run(serve_bare(int(port), slack_url, kind))


if __name__ == "__main__":
    main()
