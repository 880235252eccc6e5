"""What acceptance tests stand on: the whole application over a test database, and a Slack to talk to."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import httpx
import pytest

from bot.app import build_services, build_slack_app, open_slack_client
from bot.clock import FixedClock
from bot.db import Database
from bot.web import build_web_app
from tests.support.play import Play
from tests.support.slack_double import SlackDouble
from tests.support.workspace import SECRET, Workspace, slack_settings


@pytest.fixture
async def ws(sqlite: Database, slack: SlackDouble, clock: FixedClock) -> AsyncIterator[Workspace]:
    """The workspace over SQLite: for most tests, in which the kind of database does not matter."""
    async with open_workspace(sqlite, slack, clock) as workspace:
        yield workspace


@pytest.fixture
async def play(ws: Workspace) -> Play:
    """The workspace with its people and a worker that runs when the test says so."""
    return Play(ws, await ws.people())


@pytest.fixture
async def ws_on_both(database: Database, slack: SlackDouble, clock: FixedClock) -> AsyncIterator[Workspace]:
    """The workspace over SQLite and over PostgreSQL in turn."""
    async with open_workspace(database, slack, clock) as workspace:
        yield workspace


@asynccontextmanager
async def open_workspace(database: Database, slack: SlackDouble, clock: FixedClock) -> AsyncIterator[Workspace]:
    settings = slack_settings(database, slack.url)
    services = build_services(settings, clock)
    await services.database.close()
    services = replace(services, database=database)
    async with open_slack_client(settings) as client:
        web = build_web_app(services, build_slack_app(services, client), SECRET)
        transport = httpx.ASGITransport(app=web)
        async with httpx.AsyncClient(transport=transport, base_url="http://playcall.test") as http:
            yield Workspace(http, slack, client, services, clock)
