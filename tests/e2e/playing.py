"""Acting in the demo workspace the way people do, through the sockets its page uses: read, click, fill in, submit."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import aiohttp

from bot.demo.people import APP_ID, BOT_USER_ID, START_CHANNEL, channel_id

Json = dict[str, Any]
T = TypeVar("T")

PATIENCE = 20.0
PLACEHOLDERS = {"plain_text_input": "value", "datepicker": "selected_date"}


class Workspace:
    """What the page of the demo workspace knows, kept up to date by its socket."""

    def __init__(self, http: aiohttp.ClientSession, address: str, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._http = http
        self._address = address
        self._socket = socket
        self._changed = asyncio.Condition()
        self.messages: dict[str, list[Json]] = {}
        self.homes: dict[str, Json] = {}
        self.modals: list[Json] = []
        self.errors: Json = {}
        self.connected = False

    async def follow(self) -> None:
        async for frame in self._socket:
            async with self._changed:
                self._apply(frame.json())
                self._changed.notify_all()

    def _apply(self, news: Json) -> None:
        match news["t"]:
            case "init":
                state = news["state"]
                self.messages = state["messages"]
                self.homes = {user: views[APP_ID] for user, views in state["homeViews"].items() if APP_ID in views}
                self.connected = state["apps"][0]["connected"]
            case "message":
                self.messages.setdefault(news["message"]["channel"], []).append(news["message"])
            case "message_update":
                posted = self.messages[news["message"]["channel"]]
                posted[[m["ts"] for m in posted].index(news["message"]["ts"])] = news["message"]
            case "home":
                self.homes[news["user"]] = news["view"]
            case "view":
                self.modals, self.errors = news["stack"], {}
            case "view_errors":
                self.errors = news["errors"]
            case "socket_status":
                self.connected = news["connected"]

    async def until(self, look: Callable[[], T | None], what: str) -> T:
        """The first thing that `look` finds, now or after some news."""
        try:
            async with asyncio.timeout(PATIENCE), self._changed:
                while not (found := look()):
                    await self._changed.wait()
                return found
        except TimeoutError:
            raise AssertionError(f"waited in vain for {what}") from None

    async def message(self, channel: str, *words: str, after: str = "") -> Json:
        """The newest message of a channel that says all the words, once there is one."""

        def look() -> Json | None:
            posted = [m for m in self.messages.get(channel, []) if m["ts"] > after]
            return next((m for m in reversed(posted) if all(word in words_of(m) for word in words)), None)

        return await self.until(look, f"{words} in {channel}, which says:\n{self.said(channel)}")

    def said(self, channel: str) -> str:
        return "\n---\n".join(words_of(message) for message in self.messages.get(channel, []))

    async def send(self, kind: str, **fields: Any) -> None:
        await self._socket.send_json({"t": kind, "appId": APP_ID, **fields})

    async def control(self, what: str, **fields: Any) -> Json:
        async with self._http.post(f"{self._address}/_control/{what}", json=fields) as answer:
            result: Json = await answer.json()
            assert result["ok"], result
            return result


class Actor:
    """Somebody in the workspace. Their direct messages with the bot are `dm`."""

    def __init__(self, workspace: Workspace, handle: str) -> None:
        self._workspace = workspace
        self.user = f"U0{handle.upper()}"
        self.dm = f"D0{handle.upper()}"

    async def command(self, text: str) -> Json:
        """Type a slash command in #start-here; the bot's answer."""
        place = channel_id(START_CHANNEL)
        before = {message["ts"] for message in self._workspace.messages.get(place, [])}
        command, _, rest = text.partition(" ")
        await self._workspace.control("command", channel=place, user=self.user, command=command, text=rest)

        def answer() -> Json | None:
            posted = self._workspace.messages.get(place, [])
            return next((m for m in posted if m["ts"] not in before and m["user"] == BOT_USER_ID), None)

        return await self._workspace.until(answer, f"an answer to {text}")

    async def click(self, message: Json, label: str, *, near: str = "") -> None:
        """Click a button of a message by its label; where several have it, the first one after the words `near`."""
        action = find_button(message["blocks"], label, near)
        await self._workspace.control(
            "interact", channel=message["channel"], messageTs=message["ts"], user=self.user, action=action
        )

    async def click_home(self, label: str, *, near: str = "") -> None:
        action = find_button((await self.home())["blocks"], label, near)
        await self._workspace.send("block_action", channel="", messageTs="", user=self.user, action=action)

    async def home(self) -> Json:
        await self._workspace.control("open-home", user=self.user)
        return await self._workspace.until(lambda: self._workspace.homes.get(self.user), f"the Home of {self.user}")

    async def reply(self, message: Json, text: str) -> None:
        await self._workspace.control(
            "message", channel=message["channel"], user=self.user, text=text, thread_ts=message["ts"]
        )

    async def modal(self, title: str = "") -> Json:
        def look() -> Json | None:
            top = self._workspace.modals[-1] if self._workspace.modals else None
            return top if top and title in top["title"]["text"] else None

        return await self._workspace.until(look, f"a modal {title}")

    async def submit(self, **values: Any) -> None:
        """Fill in the open modal by block id (texts, dates, option values; `__` stands for `.`) and submit it."""
        view = await self.modal()
        filled = {
            block["block_id"]: {block["element"]["action_id"]: _value(block["element"], given)}
            for block in view["blocks"]
            if block["type"] == "input" and (given := values.get(block["block_id"].replace(".", "__"))) is not None
        }
        await self._workspace.send("view_submit", user=self.user, values=filled)

    async def closed(self) -> None:
        await self._workspace.until(
            lambda: not self._workspace.modals, f"the modal to close; it says {self._workspace.errors}"
        )


def _value(element: Json, given: str) -> Json:
    if target := PLACEHOLDERS.get(element["type"]):
        return {"type": element["type"], target: given}
    chosen = next(option for option in element["options"] if given in (option["value"], option["text"]["text"]))
    return {"type": element["type"], "selected_option": chosen}


def words_of(message: Json) -> str:
    """Everything that a message or a view shows, blocks first."""
    return "\n".join(_texts(message.get("blocks") or message.get("text", "")))


def _texts(part: Any) -> Iterator[str]:
    if isinstance(part, str):
        yield part
    elif isinstance(part, list):
        for item in part:
            yield from _texts(item)
    elif isinstance(part, dict):
        for key in ("text", "fields", "elements", "accessory", "label", "hint"):
            yield from _texts(part.get(key))


def find_button(blocks: list[Json], label: str, near: str = "") -> Json:
    """The action of the first button with this label after the first block that says `near`."""
    reached = not near
    for block in blocks:
        reached = reached or near in words_of({"blocks": [block]})
        elements = [*block.get("elements", []), *filter(None, [block.get("accessory")])]
        for element in elements:
            if reached and element["type"] == "button" and element["text"]["text"] == label:
                return {
                    "type": "button",
                    "block_id": block.get("block_id"),
                    "action_id": element["action_id"],
                    "value": element.get("value"),
                    "text": element["text"],
                }
    raise AssertionError(f"no button {label!r} after {near!r} in:\n{words_of({'blocks': blocks})}")


@asynccontextmanager
async def enter(address: str) -> AsyncIterator[Workspace]:
    async with (
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE)) as http,
        http.ws_connect(f"{address.replace('http', 'ws', 1)}/ui", max_msg_size=0) as socket,
    ):
        workspace = Workspace(http, address, socket)
        following = asyncio.create_task(workspace.follow())
        try:
            await workspace.until(lambda: workspace.connected, "the bot to connect")
            yield workspace
        finally:
            following.cancel()
