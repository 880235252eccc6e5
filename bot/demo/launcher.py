"""`playcall demo`: a local Slack, the bot and a sample book of business, in one command."""

import asyncio
import contextlib
import logging
import signal
import webbrowser
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import typer
from pydantic import SecretStr
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy import URL

from bot.app import build_services, build_slack_app, open_slack_client
from bot.delivery.builders import BUILDERS
from bot.demo.executable import DemoUnavailable, find_executable
from bot.demo.http_api import TOKEN, open_http_api
from bot.demo.people import (
    APP_TOKEN,
    BOT_TOKEN,
    EMAIL_CHANNEL,
    ESCALATION_CHANNEL,
    LEADERS_CHANNEL,
    SIGNING_SECRET,
)
from bot.demo.quirks import fill_untouched_inputs
from bot.demo.reposting import release_leases, repost_open
from bot.demo.seeding import is_seeded, seed
from bot.demo.time_machine import TimeMachine
from bot.demo.timekeeping import KeptClock, local_timezone, opening_time
from bot.demo.welcome import post_welcome
from bot.demo.winding import Worker
from bot.demo.workspace import Workspace, open_workspace, require_place
from bot.logs import configure_logging
from bot.migrating import migrate
from bot.schedule.library_watch import LibraryWatch
from bot.services import Services
from bot.settings import Settings
from bot.socket_mode import socket_mode
from handlers.boundary import bounded
from handlers.call import CommandCall
from handlers.commands.clock import clock_command

DIRECTORY = Path("demo-data")
STOPPING = [getattr(signal, name) for name in ("SIGTERM", "SIGINT", "SIGHUP") if hasattr(signal, name)]


def run_demo(settings: Settings, *, port: int, browser: bool, data: Path | None) -> None:
    """Run the demo until it is stopped. Its database, its clock and its logs are kept in `data`."""
    if "log_level" not in settings.model_fields_set:
        configure_logging("WARNING")  # the page's address should not scroll away
        logging.getLogger("apscheduler").setLevel(logging.ERROR)  # it would report every beat a slow machine leaves out
    directory = (data or DIRECTORY).resolve()
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DemoUnavailable(f"{directory} cannot be used: {error.strerror}. Name another with --data.") from error
    executable = find_executable(typer.echo)
    asyncio.run(_until_stopped(_run(demo_settings(settings, port, directory), executable, directory, port, browser)))


async def _until_stopped(work: Coroutine[Any, Any, None]) -> None:
    running = asyncio.create_task(work)
    for number in STOPPING:
        with contextlib.suppress(NotImplementedError):  # Windows: Ctrl+C cancels by itself
            asyncio.get_running_loop().add_signal_handler(number, running.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await running


async def _run(settings: Settings, executable: Path, directory: Path, port: int, browser: bool) -> None:
    await require_place(port, directory)  # before anything is written
    clock, timezone, woken = KeptClock(directory / "clock.json"), local_timezone(), asyncio.Event()
    services = build_services(settings, clock, woken.set)
    try:
        await migrate(services.database)
        if not await is_seeded(services.database):
            typer.echo("Writing the sample book of business …")
            clock.set(opening_time(clock.now(), timezone))
            await LibraryWatch().look(services, clock.now())  # what the box holds is approved on the first day
            await seed(services.database, services.library, clock.now(), timezone)
        async with (
            open_workspace(executable, port, directory) as workspace,
            open_slack_client(settings) as client,
        ):
            await release_leases(services.database, clock.now())
            if not workspace.taken_over:
                await repost_open(services.database, clock.now())
                await post_welcome(client)
            worker = Worker(services, clock, client, BUILDERS, woken)
            await worker.wind_to(opening_time(clock.now(), timezone))
            await _serve(services, client, worker, TimeMachine(worker, clock, timezone), workspace, browser)
    finally:
        await services.database.close()


async def _serve(
    services: Services,
    client: AsyncWebClient,
    worker: Worker,
    time_machine: TimeMachine,
    workspace: Workspace,
    browser: bool,
) -> None:
    """Until the workspace ends or this is cancelled."""
    slack = _slack_app(services, client, time_machine)
    worker.start()
    try:
        async with open_http_api(services, workspace.port) as api, socket_mode(slack, APP_TOKEN):
            await _announce(workspace, api, browser)
            await workspace.ended()
            raise DemoUnavailable("The demo workspace has stopped. Start it again: `playcall demo`.")
    finally:
        await time_machine.close()
        await worker.stop()


def _slack_app(services: Services, client: AsyncWebClient, time_machine: TimeMachine) -> AsyncApp:
    """The real app, plus what only the demo has."""
    app = build_slack_app(services, client)
    app.middleware(fill_untouched_inputs)
    app.command("/clock")(bounded(CommandCall, {"/clock": clock_command(time_machine)}, services))
    return app


async def _announce(workspace: Workspace, api: str, browser: bool) -> None:
    typer.echo(f"\nPlaycall's demo is open at {workspace.address}\n")
    typer.echo("Act as Maya there (top right) and open Playcall under Apps. Ctrl+C stops the demo; its state is kept.")
    typer.echo(f"The HTTP API is at {api} ({api}/docs lists it), with the token {TOKEN}.")
    if browser:
        await asyncio.to_thread(webbrowser.open, workspace.address)


def demo_settings(settings: Settings, port: int, directory: Path) -> Settings:
    """The usual settings, but for what would reach a real Slack or a real database."""
    return settings.model_copy(
        update={
            "slack_bot_token": SecretStr(BOT_TOKEN),
            "slack_app_token": SecretStr(APP_TOKEN),
            "slack_signing_secret": SecretStr(SIGNING_SECRET),
            "slack_api_url": f"http://localhost:{port}/api/",
            "database_url": URL.create("sqlite+aiosqlite", database=str(directory / "playcall.db")).render_as_string(),
            "escalation_channel": ESCALATION_CHANNEL,
            "leaders_channel": LEADERS_CHANNEL,
            "ops_channel": None,
            "email_channel": EMAIL_CHANNEL,
            "coalesce_seconds": 2.0,
            "heartbeat_seconds": 1.0,
        }
    )
