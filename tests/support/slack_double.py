"""A Slack to test against: a Web API server on the loopback that is as strict as the real one, and fails on demand.

In a test, ask for the fixture `slack` (and `slack_client`). As a process of its own, for benchmarks and by hand:

    python -m tests.support.slack_double --people 50

prints its address as a line of JSON, and serves until its standard input ends. GET /stats tells what it has accepted.
"""

import argparse
import asyncio
import json
import random
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from bot.clock import Clock, SystemClock
from tests.support.slack_methods import METHODS
from tests.support.slack_state import Json, SlackError, SlackState, check

TOKEN = "xoxb-test"
JSON_ARGUMENTS = ("attachments", "blocks", "files", "metadata", "view")


@dataclass(kw_only=True)
class Fault:
    """What goes wrong with one call. A call is carried out only when `carried_out` says so."""

    error: str | None = None  # an error code in the answer
    retry_after: int | None = None  # with status 429
    status: int = 200  # 500 and more: Slack itself fails
    reset: bool = False  # the connection breaks instead of an answer
    hold: asyncio.Event | None = None  # the answer comes when this is set
    carried_out: bool = False


def rate_limited(seconds: int = 1) -> Fault:
    return Fault(status=429, error="ratelimited", retry_after=seconds)


def refused(code: str) -> Fault:
    return Fault(error=code)


def server_error(*, carried_out: bool = False) -> Fault:
    return Fault(status=500, carried_out=carried_out)


def answer_lost() -> Fault:
    """Slack does it, and the connection breaks before the answer."""
    return Fault(reset=True, carried_out=True)


def connection_reset() -> Fault:
    return Fault(reset=True)


def slow_answer(until: asyncio.Event) -> Fault:
    """Slack does it at once, and answers only when the event is set."""
    return Fault(hold=until, carried_out=True)


@dataclass
class Expected:
    method: str
    channel: str | None
    fault: Fault
    times: int

    def concerns(self, method: str, call: Json) -> bool:
        return self.times > 0 and self.method == method and self.channel in {None, call.get("channel")}


@dataclass
class SlackDouble:
    """`calls` are all calls in their order, refused ones included; what was accepted is in `state`."""

    clock: Clock
    messages_per_minute: int = 1200
    has_tiers: bool = True  # off where the pace of messages is measured, and redraws would be all there is to wait for
    moody: float = 0.0  # the share of calls that are refused with 429 for no reason, as Slack may
    calls: list[tuple[str, Json]] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)  # "ok" and error codes
    waits: Counter[str] = field(default_factory=Counter)  # seconds that 429 asked for, by conversation or user
    url: str = ""

    def __post_init__(self) -> None:
        self.state = SlackState(self.clock, messages_per_minute=self.messages_per_minute, has_tiers=self.has_tiers)
        self._faults: list[Expected] = []
        self._changed = asyncio.Condition()

    # --- for tests ----------------------------------------------------------------------------------------------------

    @property
    def users(self) -> dict[str, Json]:
        return self.state.users

    @property
    def response_url(self) -> str:
        """A fresh one: good for five uses in half an hour."""
        return self.url.replace("/api/", f"/response/{self.state.new_response()}")

    def calls_of(self, *methods: str) -> list[Json]:
        return [call for method, call in self.calls if method in methods]

    def messages(self, channel: str) -> list[Json]:
        """What stands in a conversation, given by id or name, oldest first."""
        return list(self.state.conversation(channel).messages)

    def texts(self, channel: str) -> list[str]:
        return [message.get("text", "") for message in self.messages(channel)]

    def fail(self, method: str, fault: Fault, *, times: int = 1, channel: str | None = None) -> None:
        """Let the next calls of a method go wrong: `times` of them, of one channel (as the call names it) or of any."""
        self._faults.append(Expected(method, channel, fault, times))

    def forget_faults(self) -> None:
        """From now on nothing goes wrong."""
        self._faults.clear()

    async def until_called(self, method: str, times: int = 1) -> None:
        """Wait until a method has been called so often, and the call carried out."""
        async with self._changed:
            await self._changed.wait_for(lambda: len(self.calls_of(method)) >= times)

    # --- the server ---------------------------------------------------------------------------------------------------

    async def start(self, port: int = 0) -> None:
        application = web.Application(client_max_size=2**22)
        application.router.add_route("*", "/api/{method}", self._api)
        application.router.add_post("/response/{name}", self._response)
        application.router.add_post("/upload/{file}", self._upload)
        application.router.add_get("/stats", self._stats)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.05)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        host, bound = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{bound}/api/"
        self.state.files_url = f"http://{host}:{bound}/upload/"

    async def stop(self) -> None:
        await self._runner.cleanup()

    async def _api(self, request: web.Request) -> web.Response:
        method, call = request.match_info["method"], await arguments(request)
        fault = self._fault_for(method, call)
        status, answer = self._decide(request, method, call, fault)
        self.answers[answer.get("error", "ok")] += 1
        self.calls.append((method, call | {name: answer[name] for name in ("ts", "channel") if name in answer}))
        async with self._changed:
            self._changed.notify_all()
        if fault and fault.hold:
            await fault.hold.wait()
        if fault and fault.reset and request.transport:
            request.transport.abort()
        headers = {}
        if status == 429:
            seconds = answer.pop("retry_after")
            self.waits[call.get("channel") or call.get("users") or method] += seconds
            headers = {"Retry-After": str(seconds)}
        if status >= 500:
            return web.Response(status=status, text="upstream failure", content_type="text/html")
        return web.json_response(answer, status=status, headers=headers)

    def _decide(self, request: web.Request, method: str, call: Json, fault: Fault | None) -> tuple[int, Json]:
        if fault and fault.error:
            extra = {"retry_after": fault.retry_after or 1} if fault.status == 429 else {}
            return fault.status, {"ok": False, "error": fault.error} | extra
        if fault and not fault.carried_out:
            return fault.status, {"ok": False, "error": "internal_error"}
        try:
            check_token(request)
            if method not in METHODS:
                raise SlackError("unknown_method")
            self.state.count_call(method)
            return fault.status if fault else 200, {"ok": True} | METHODS[method](self.state, call)
        except SlackError as error:
            if error.code == "ratelimited":
                return 429, {"ok": False, "error": error.code, "retry_after": error.retry_after}
            details = {"response_metadata": {"messages": error.messages}} if error.messages else {}
            return 200, {"ok": False, "error": error.code} | details

    def _fault_for(self, method: str, call: Json) -> Fault | None:
        for expected in self._faults:
            if expected.concerns(method, call):
                expected.times -= 1
                return expected.fault
        return rate_limited() if random.random() < self.moody else None  # noqa: S311  # no secret

    async def _response(self, request: web.Request) -> web.Response:
        body: Json = await request.json()
        self.calls.append(("response_url", body))
        try:
            self.state.spend_response(request.match_info["name"])
            check(body, "invalid_blocks")
        except SlackError as error:
            return web.json_response({"ok": False, "error": error.code}, status=404)
        return web.json_response({"ok": True})

    async def _upload(self, request: web.Request) -> web.Response:
        file_id = request.match_info["file"]
        if file_id not in self.state.files:
            return web.Response(status=404)
        self.state.files[file_id] = await request.read()
        return web.Response(text="OK")

    async def _stats(self, _: web.Request) -> web.Response:
        times = sorted(at.timestamp() for at in self.state.accepted_at)
        told = {"accepted": self.state.accepted, "answers": self.answers, "times": times, "waits": self.waits}
        return web.json_response(told | {"seconds": time.process_time()})


def check_token(request: web.Request) -> None:
    given = request.headers.get("Authorization")
    if not given:
        raise SlackError("not_authed")
    if given != f"Bearer {TOKEN}":
        raise SlackError("invalid_auth")


async def arguments(request: web.Request) -> Json:
    """A call's arguments, however they came: JSON, a form, or in the address."""
    if request.content_type == "application/json":
        body: Json = await request.json()
        return body
    given: dict[str, Any] = dict(request.query) | dict(await request.post())
    given.pop("token", None)
    for name in JSON_ARGUMENTS:
        if isinstance(given.get(name), str):
            given[name] = json.loads(given[name])
    return given


async def serve(people: int, messages_per_minute: int, moody: float, port: int) -> None:
    double = SlackDouble(SystemClock(), messages_per_minute, has_tiers=False, moody=moody)
    for number in range(people):
        double.state.add_person(f"person{number}", user_id=f"U{number:06d}")
    await double.start(port)
    print(json.dumps({"url": double.url, "token": TOKEN}), flush=True)
    await asyncio.to_thread(sys.stdin.read)  # whoever started it closes this by ending
    await double.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description="A strict Slack Web API double on the loopback")
    parser.add_argument("--people", type=int, default=0, help="make users U000000, U000001 ...")
    parser.add_argument("--messages-per-minute", type=int, default=1200, help="the cap over all channels")
    parser.add_argument("--moody", type=float, default=0.0, help="the share of calls refused with 429")
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args()
    asyncio.run(serve(options.people, options.messages_per_minute, options.moody, options.port))


if __name__ == "__main__":
    main()
