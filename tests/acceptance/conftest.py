"""What acceptance tests stand on: the whole application over a test database, and a Slack to talk to."""

from collections.abc import AsyncIterator

import pytest

from bot.clock import FixedClock
from bot.db import Database
from tests.support.open_workspace import open_workspace
from tests.support.play import Play
from tests.support.slack_double import SlackDouble
from tests.support.workspace import Workspace


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
