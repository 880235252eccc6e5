"""Slack's side of Socket Mode on the loopback. Its addresses are good for one connection each, and it misbehaves."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from tests.support.slack_state import BOT_ID, BOT_USER, TEAM


@dataclass
class Connection:
    address: str
    socket: web.WebSocketResponse
    heard: asyncio.Queue[dict[str, Any]] = field(default_factory=asyncio.Queue)
    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def ask(self, envelope_id: str, body: dict[str, Any], kind: str = "slash_commands") -> dict[str, Any]:
        """Send a request, and return what comes back for it."""
        await self.socket.send_json({"envelope_id": envelope_id, "type": kind, "payload": body})
        return await self.heard.get()


@dataclass
class SocketDouble:
    """`refusing` so many connections break at their beginning; while `silent`, nothing is answered, pings neither."""

    url: str = ""
    refusing: int = 0
    silent: bool = False
    issued: list[str] = field(default_factory=list)
    used: list[str] = field(default_factory=list)
    connections: asyncio.Queue[Connection] = field(default_factory=asyncio.Queue)

    async def open(self, _: web.Request) -> web.Response:
        self.issued.append(f"ws{self.url.removeprefix('http').removesuffix('api/')}link/{len(self.issued)}")
        return web.json_response({"ok": True, "url": self.issued[-1]})

    async def auth(self, _: web.Request) -> web.Response:
        return web.json_response({"ok": True, "team_id": TEAM, "user_id": BOT_USER, "bot_id": BOT_ID})

    async def link(self, request: web.Request) -> web.StreamResponse:
        address = request.path
        if address in self.used or self.refusing:
            self.refusing = max(0, self.refusing - 1)
            self.used.append(address)
            return web.Response(status=408)
        self.used.append(address)
        socket = web.WebSocketResponse(autoping=not self.silent)
        await socket.prepare(request)
        connection = Connection(address, socket)
        await self.connections.put(connection)
        if self.silent:
            await connection.over.wait()
            return socket
        await socket.send_json({"type": "hello", "num_connections": 1})
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                await connection.heard.put(json.loads(message.data))
        connection.over.set()
        return socket


@asynccontextmanager
async def open_sockets() -> AsyncIterator[SocketDouble]:
    double = SocketDouble()
    application = web.Application()
    application.router.add_post("/api/apps.connections.open", double.open)
    application.router.add_post("/api/auth.test", double.auth)
    application.router.add_get("/link/{number}", double.link)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.05)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    double.url = f"http://{host}:{port}/api/"
    try:
        yield double
    finally:
        await runner.cleanup()
