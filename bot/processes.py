"""The two processes: web answers Slack, worker fires and sends. Each stops gracefully on SIGTERM and SIGINT."""

import asyncio
import gc
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, nullcontext

import structlog
import uvicorn
from fastapi import FastAPI
from filelock import AsyncFileLock, Timeout
from prometheus_client import start_http_server
from slack_bolt.async_app import AsyncApp
from sqlalchemy import URL

from bot.app import build_services, build_slack_app, nobody_to_wake, open_slack_client, required
from bot.delivery.builders import BUILDERS
from bot.delivery.outbox import Outbox
from bot.errors import ConfigurationError
from bot.schedule.heartbeat import Heartbeat, watching_jobs
from bot.services import Services
from bot.settings import Settings
from bot.socket_mode import Socket, socket_mode
from bot.web import NOT_MIGRATED, build_web_app, why_not_ready

log = structlog.get_logger(__name__)

GRACE_SECONDS = 8  # platforms kill ten seconds after SIGTERM
SECONDS_FOR_THE_LAST_WORKER = 10  # to stop, when a new release starts before the old one has ended


async def run_web(settings: Settings) -> None:
    async with open_services(settings) as services:
        spare_from_collection()
        with stop_on_signals() as stop:
            await serve(services, stop)


async def serve(services: Services, stop: asyncio.Event) -> None:
    """Answer Slack until `stop` is set."""
    settings = services.settings
    async with open_slack_client(settings) as client:
        secret = None if settings.slack_app_token else _signing_secret(settings)
        slack = build_slack_app(services, client)
        watching = Heartbeat(services, watching_jobs())
        watching.start()
        try:
            async with _socket_mode_if_wanted(slack, settings) as line:
                web = build_web_app(services, slack, secret, line.why_deaf if line else None)
                await serve_http(web, settings.port, stop)
        finally:
            await watching.stop(patience=1)  # most of what a platform grants is over by now


async def run_worker(settings: Settings) -> None:
    woken = asyncio.Event()
    async with open_services(settings, woken.set) as services, only_worker(services.database.url):
        if settings.worker_metrics_port:
            start_http_server(settings.worker_metrics_port)
        spare_from_collection()
        with stop_on_signals() as stop:
            await work(services, woken, stop)


@asynccontextmanager
async def only_worker(url: URL) -> AsyncIterator[None]:
    """On SQLite, stay the one worker of this database while the block runs; on PostgreSQL there may be many.

    Waits as long as the one before may take to stop. Raises ConfigurationError when it does not. The lock is the
    operating system's: it is free as soon as its holder is gone, however that ended.
    """
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        yield
        return
    lock = AsyncFileLock(f"{url.database}.worker.lock", timeout=SECONDS_FOR_THE_LAST_WORKER)
    try:
        await lock.acquire()
    except Timeout:
        raise ConfigurationError(
            f"A worker is already running on {url.database}: SQLite is for one. Stop that one, or use PostgreSQL."
        ) from None
    try:
        yield
    finally:
        await lock.release()


async def work(services: Services, woken: asyncio.Event, stop: asyncio.Event) -> None:
    """Fire and send until `stop` is set. `woken` is the event behind Services.wake."""
    async with open_slack_client(services.settings) as client:
        heartbeat = Heartbeat(services)
        outbox = Outbox(services, client, BUILDERS, woken=woken)
        heartbeat.start()
        log.info("worker_started")
        resting = asyncio.create_task(_rest_when_stopped(heartbeat, stop))
        try:
            await outbox.run(stop)
        finally:
            stop.set()
            await resting


async def _rest_when_stopped(heartbeat: Heartbeat, stop: asyncio.Event) -> None:
    """Beside the outbox and not after it: each of the two may need most of the seconds that a platform grants."""
    await stop.wait()
    await heartbeat.stop()


def spare_from_collection() -> None:
    """Let the garbage collector leave alone what is loaded by now.

    It stays until the process ends, and looking through all of it again and again would hold up the event loop for
    80 ms at a time.
    """
    gc.collect()
    gc.freeze()


@asynccontextmanager
async def open_services(settings: Settings, wake: Callable[[], None] = nobody_to_wake) -> AsyncIterator[Services]:
    """Services over a migrated database. An unreachable one is waited for by those who use it, not here."""
    services = build_services(settings, wake=wake)
    try:
        reason = await why_not_ready(services.database)
        if reason == NOT_MIGRATED:
            raise ConfigurationError(reason)
        if reason:
            log.warning("database_not_ready", reason=reason)
        yield services
    finally:
        await services.database.close()


async def serve_http(web: FastAPI, port: int, stop: asyncio.Event) -> None:
    listening = _listen(port)
    log.info("web_started", port=port)
    await serve_on(web, listening, stop)


async def serve_on(web: FastAPI, listening: socket.socket, stop: asyncio.Event) -> None:
    """Serve until `stop` is set, and finish what is under way."""
    config = uvicorn.Config(
        web, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=GRACE_SECONDS
    )
    server = _Server(config)
    serving = asyncio.ensure_future(server.serve(sockets=[listening]))
    await until_stopped(serving, stop)
    server.should_exit = True
    await serving


class _Server(uvicorn.Server):
    """Leaves the signals to stop_on_signals, so that what is open is closed before the process ends."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _listen(port: int) -> socket.socket:
    try:
        return socket.create_server(("", port))
    except OSError as error:
        raise ConfigurationError(f"Port {port} cannot be used ({error.strerror}). Set PORT to another.") from error


def _signing_secret(settings: Settings) -> str:
    where = "Basic Information > App Credentials, or set SLACK_APP_TOKEN to use Socket Mode"
    return required(settings.slack_signing_secret, "SLACK_SIGNING_SECRET", where)


def _socket_mode_if_wanted(slack: AsyncApp, settings: Settings) -> AbstractAsyncContextManager[Socket | None]:
    if not settings.slack_app_token:
        return nullcontext()
    return socket_mode(slack, settings.slack_app_token.get_secret_value())


@contextmanager
def stop_on_signals() -> Iterator[asyncio.Event]:
    """An event that SIGTERM and SIGINT set."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    signals = (signal.SIGTERM, signal.SIGINT)
    try:
        for number in signals:
            loop.add_signal_handler(number, stop.set)
    except NotImplementedError:  # Windows: Ctrl+C ends the loop with KeyboardInterrupt
        pass
    try:
        yield stop
    finally:
        for number in signals:
            loop.remove_signal_handler(number)


async def until_stopped(work: Awaitable[object], stop: asyncio.Event) -> None:
    """Return when `work` ends or `stop` is set, whichever comes first."""
    stopping = asyncio.ensure_future(stop.wait())
    await asyncio.wait([asyncio.ensure_future(work), stopping], return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
