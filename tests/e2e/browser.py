"""A headless Chromium, driven over its DevTools socket: enough to click, type and look, and to take pictures."""

import asyncio
import base64
import json
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
)
PATIENCE = 15.0


def find_browser() -> str | None:
    return next((found for name in NAMES if (found := shutil.which(name))), None)


class Page:
    """One tab. Elements are named by CSS selector, and by text where several match."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = count(1)

    async def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        number = next(self._numbers)
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        while True:
            answer = await self._socket.receive_json(timeout=PATIENCE * 2)
            if answer.get("id") == number:
                assert "error" not in answer, answer["error"]
                result: dict[str, Any] = answer["result"]
                return result

    async def evaluate(self, expression: str) -> Any:
        answer = await self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    async def until(self, condition: str) -> None:
        """Wait until a JavaScript expression is true."""
        value = await self.evaluate(
            f"""new Promise((resolve) => {{
                const end = Date.now() + {PATIENCE * 1000};
                const look = () => {{
                    const value = !!({condition});
                    value || Date.now() > end ? resolve(value) : setTimeout(look, 30);
                }};
                look();
            }})"""
        )
        assert value, f"never true: {condition}\n{await self.text()}"

    async def text(self, selector: str = "body") -> str:
        shown: str = await self.evaluate(f"document.querySelector({json.dumps(selector)})?.innerText ?? ''")
        return shown

    async def sees(self, words: str, selector: str = "body") -> None:
        matches = f"[...document.querySelectorAll({json.dumps(selector)})]"
        await self.until(f"{matches}.some(e => e.innerText.includes({json.dumps(words)}))")

    async def click(self, selector: str, words: str = "") -> None:
        await self.until(f"({_CLICK})({json.dumps(selector)}, {json.dumps(words)})")

    async def choose(self, selector: str, words: str) -> None:
        """Pick the option that reads `words` in a select."""
        await self.until(f"({_CHOOSE})({json.dumps(selector)}, {json.dumps(words)})")

    async def type(self, selector: str, words: str) -> None:
        await self.until(f"(e => {{ e?.focus(); return !!e; }})(document.querySelector({json.dumps(selector)}))")
        await self.call("Input.insertText", text=words)

    async def press_enter(self) -> None:
        key = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "text": "\r"}
        await self.call("Input.dispatchKeyEvent", type="keyDown", **key)
        await self.call("Input.dispatchKeyEvent", type="keyUp", **key)

    async def picture(self, path: Path) -> None:
        taken = await self.call("Page.captureScreenshot", format="png")
        await asyncio.to_thread(path.write_bytes, base64.b64decode(taken["data"]))


_CLICK = """(selector, words) => {
    const found = [...document.querySelectorAll(selector)].find(e => e.innerText.includes(words));
    found?.click();
    return !!found;
}"""
_CHOOSE = """(selector, words) => {
    for (const select of document.querySelectorAll(selector)) {
        const option = [...select.options].find(o => o.text.includes(words));
        if (!option) continue;
        Object.getOwnPropertyDescriptor(HTMLSelectElement.prototype, 'value').set.call(select, option.value);
        select.dispatchEvent(new Event('change', {bubbles: true}));
        return true;
    }
    return false;
}"""


@asynccontextmanager
async def open_page(address: str, profile: Path, size: tuple[int, int] = (1280, 800)) -> AsyncIterator[Page]:
    """A tab that shows `address`. The browser, with a profile of its own, is closed at the end."""
    browser = find_browser()
    assert browser
    process = await asyncio.create_subprocess_exec(
        *(browser, *FLAGS, f"--user-data-dir={profile}", f"--window-size={size[0]},{size[1]}", "about:blank"),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "HOME": str(profile)},
    )
    try:
        port = await asyncio.wait_for(_debugging_port(process), PATIENCE)
        async with aiohttp.ClientSession() as http:
            async with http.get(f"http://127.0.0.1:{port}/json/list") as answer:
                tab = next(target for target in await answer.json() if target["type"] == "page")
            async with http.ws_connect(tab["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                page = Page(socket)
                await page.call("Page.navigate", url=address)
                await page.until("document.querySelector('.sidebar-item')")
                yield page
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _debugging_port(process: asyncio.subprocess.Process) -> int:
    assert process.stderr
    while line := await process.stderr.readline():
        if b"DevTools listening on" in line:
            return int(line.decode().split("/")[2].rsplit(":", 1)[1])
    raise AssertionError("the browser ended before it could be driven")
