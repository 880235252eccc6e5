"""The whole application over a test database, as a workspace."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import httpx

from bot.app import build_services, build_slack_app, open_slack_client
from bot.clock import FixedClock
from bot.db import Database
from bot.web import build_web_app
from tests.support.slack_double import SlackDouble
from tests.support.workspace import SECRET, Workspace, slack_settings


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
