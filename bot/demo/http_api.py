"""The demo's HTTP API, beside the page of its workspace, for this computer alone. Its token is no secret."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlmodel import select

from bot.engine.tokens import create_token
from bot.models import ApiToken
from bot.processes import serve_on
from bot.services import Services
from bot.web import build_web_app

NAME = "demo"
TOKEN = "playcall_demo"  # noqa: S105  # it opens what is made up, on one's own computer
HOST = "127.0.0.1"


@asynccontextmanager
async def open_http_api(services: Services, page_port: int) -> AsyncIterator[str]:
    """Serve the API for as long as the block runs. Yields its address: the port after the page's, if that is free."""
    await _make_token(services)
    listening, stop = _listen(page_port + 1), asyncio.Event()
    serving = asyncio.create_task(serve_on(build_web_app(services), listening, stop))
    try:
        yield f"http://localhost:{listening.getsockname()[1]}"
    finally:
        stop.set()
        await serving


async def _make_token(services: Services) -> None:
    async with services.database.transaction() as session:
        if (await session.exec(select(ApiToken.id).where(ApiToken.name == NAME))).first() is None:
            await create_token(session, NAME, [], services.clock.now(), token=TOKEN)


def _listen(port: int) -> socket.socket:
    try:
        return socket.create_server((HOST, port))
    except (OSError, OverflowError):  # taken, or beyond the last port
        return socket.create_server((HOST, 0))
