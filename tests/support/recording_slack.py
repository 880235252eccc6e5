"""Slack's side of a test: a small server that says yes to every Web API call and writes it down."""

import json
from typing import Any
from urllib.parse import parse_qs

from aiohttp import web

TEAM = "T0OURS"


class RecordingSlack:
    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.users: dict[str, dict[str, Any]] = {}  # what users.info knows, by id
        self.refusals: dict[str, str] = {}  # methods that answer with an error: `views.open: expired_trigger_id`
        self.replies: list[dict[str, Any]] = []  # what conversations.replies finds
        self.url = ""

    @property
    def response_url(self) -> str:
        return self.url.replace("/api/", "/response")

    def calls_of(self, *methods: str) -> list[dict[str, Any]]:
        return [call for method, call in self.calls if method in methods]

    async def start(self) -> None:
        application = web.Application()
        application.router.add_route("*", "/api/{method}", self._api)
        application.router.add_post("/response", self._response)
        self._runner = web.AppRunner(application)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}/api/"

    async def stop(self) -> None:
        await self._runner.cleanup()

    async def _response(self, request: web.Request) -> web.Response:
        self.calls.append(("response_url", await request.json()))
        return web.Response(text="ok")

    async def _api(self, request: web.Request) -> web.Response:
        method, call = request.match_info["method"], await _arguments(request)
        self.calls.append((method, call))
        return web.json_response(self._answer(method, call))

    def _answer(self, method: str, call: dict[str, Any]) -> dict[str, Any]:
        if method in self.refusals:
            return {"ok": False, "error": self.refusals[method]}
        if method == "auth.test":
            return {"ok": True, "team_id": TEAM, "user_id": "U0BOT", "bot_id": "B0BOT", "team": "Ours", "user": "bot"}
        if method == "users.info":
            user = self.users.get(call["user"])
            return {"ok": True, "user": user} if user else {"ok": False, "error": "user_not_found"}
        if method == "chat.postMessage":
            call["ts"] = f"{len(self.calls)}.000100"
            return {"ok": True, "channel": call["channel"], "ts": call["ts"], "message": call}
        if method == "conversations.replies":
            return {"ok": True, "messages": self.replies}
        if method == "conversations.open":
            return {"ok": True, "channel": {"id": f"D{call['users']}"}}
        return {"ok": True}


async def _arguments(request: web.Request) -> dict[str, Any]:
    if request.content_type == "application/json":
        body: dict[str, Any] = await request.json()
        return body
    form: dict[str, Any] = dict(request.query)  # the SDK puts the arguments of some methods into the address
    form |= {name: values[0] for name, values in parse_qs(await request.text()).items()}
    for name in ("blocks", "view", "metadata"):
        if isinstance(form.get(name), str):
            form[name] = json.loads(form[name])
    return form
