"""The whole application over a test database, as a workspace."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import httpx
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.app import build_services, build_slack_app, open_slack_client
from bot.clock import FixedClock
from bot.db import Database
from bot.web import build_web_app
from tests.support.slack_double import SlackDouble
from tests.support.workspace import SECRET, Workspace, slack_settings


@asynccontextmanager
async def open_workspace(
    database: Database, slack: SlackDouble, clock: FixedClock, **changes: Any
) -> AsyncIterator[Workspace]:
    """`changes` are settings other than those of a test's usual deployment."""
    settings = slack_settings(database, slack.url, **changes)
    services = build_services(settings, clock)
    await services.database.close()
    services = replace(services, database=database)
    async with open_slack_client(settings) as client:
        web = build_web_app(services, build_slack_app(services, client), SECRET)
        transport = httpx.ASGITransport(app=web)
        async with httpx.AsyncClient(transport=transport, base_url="http://playcall.test") as http:
            with no_transaction_across_the_network(database):
                yield Workspace(http, slack, client, services, clock)


@contextmanager
def no_transaction_across_the_network(database: Database) -> Iterator[None]:
    """Fails at its end when whoever called Slack had a transaction open, which only SQLite's turns can tell."""
    found: list[str] = []

    def watched(call: Any) -> Any:
        async def watch(client: Any, *given: Any, **options: Any) -> Any:
            if database._turns and database._turns._holder is asyncio.current_task():
                found.append(str(given or options))
            return await call(client, *given, **options)

        return watch

    with (
        patch.object(AsyncWebClient, "api_call", watched(AsyncWebClient.api_call)),
        patch.object(AsyncWebhookClient, "send_dict", watched(AsyncWebhookClient.send_dict)),
    ):
        yield
    assert not found, f"Slack was called with a transaction open: {found}"
