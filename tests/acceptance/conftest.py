"""What acceptance tests stand on: the whole application over a test database, and a Slack to talk to."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from pytest_mock import MockerFixture

from bot.app import build_services, build_slack_app, open_slack_client
from bot.clock import FixedClock
from bot.db import Database
from bot.library.documents import Documents
from bot.library.loading import Catalog, load_catalog
from bot.library.rendering import EmailTemplates
from bot.web import build_web_app
from tests.support.play import Play
from tests.support.slack_double import SlackDouble
from tests.support.workspace import SECRET, Workspace, slack_settings

_catalogs: dict[Path, Catalog] = {}


@pytest.fixture(autouse=True)
def files_read_once(mocker: MockerFixture) -> None:
    """Reading the shipped files takes longer than most of these tests, and a Catalog does not change."""

    def read(directory: Path, templates: EmailTemplates, documents: Documents) -> Catalog:
        if directory not in _catalogs:
            _catalogs[directory] = load_catalog(directory, templates, documents)
        return _catalogs[directory]

    mocker.patch("bot.library.files.load_catalog", read)


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
    async with open_slack_client(settings) as client:
        web = build_web_app(services.database, build_slack_app(services, client), SECRET)
        transport = httpx.ASGITransport(app=web)
        async with httpx.AsyncClient(transport=transport, base_url="http://playcall.test") as http:
            yield Workspace(http, slack, client, services, clock)
    await services.database.close()
