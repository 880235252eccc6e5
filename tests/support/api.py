"""The HTTP API over a test's database."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from bot.clock import Clock
from bot.db import Database
from bot.engine.tokens import Scope, create_token
from bot.library.inbound import load_inbound
from bot.library.library import Library
from bot.services import Services
from bot.settings import ROOT, Settings
from bot.web import build_web_app
from tests.support.signals import use_shipped_metrics
from tests.support.world import World

TOKEN = "playcall_a-token-for-tests"


@dataclass
class Api:
    """`http` carries a token that may do everything."""

    world: World
    http: httpx.AsyncClient
    services: Services

    async def post_signals(self, body: Any, **headers: str) -> httpx.Response:
        content = body if isinstance(body, bytes | str) else json.dumps(body)
        return await self.http.post("/api/v1/signals", content=content, headers=headers)

    async def token(self, name: str, *scopes: Scope) -> dict[str, str]:
        """The header of a new token with these scopes."""
        async with self.world.database.transaction() as session:
            return bearer(await create_token(session, name, scopes, self.services.clock.now()))


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def bare_services(database: Database, clock: Clock, library: Library | None = None, **settings: Any) -> Services:
    """Services of a web process, without Slack."""
    given = Settings(_env_file=None, **settings)
    return Services(given, database, library or Library(Path("nowhere")), clock, lambda: None)


@asynccontextmanager
async def open_api(world: World, clock: Clock, **settings: Any) -> AsyncIterator[Api]:
    use_shipped_metrics(world)
    world.library.inbound = load_inbound(ROOT / "playbooks", world.library.metrics).mappings
    services = bare_services(world.database, clock, world.library, **settings)
    async with world.database.transaction() as session:
        await create_token(session, "tests", [], clock.now(), token=TOKEN)
    transport = httpx.ASGITransport(app=build_web_app(services))
    async with httpx.AsyncClient(transport=transport, base_url="http://playcall.test", headers=bearer(TOKEN)) as http:
        yield Api(world, http, services)
