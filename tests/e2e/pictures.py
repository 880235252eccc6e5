"""The README's pictures, taken anew from the demo: `python -m tests.e2e.pictures`."""

import asyncio
import tempfile
from pathlib import Path

from bot.demo.executable import find_executable
from bot.settings import ROOT
from tests.e2e.browser import open_page
from tests.e2e.playing import Actor, enter
from tests.e2e.running import MONDAY_MORNING, Demo, set_clock

IMAGES = ROOT / "docs" / "images"
SIZE = (1120, 860)


async def take_pictures(scratch: Path) -> None:
    data = scratch / "data"
    data.mkdir()
    set_clock(data, MONDAY_MORNING)
    demo = Demo(find_executable(print), data)
    await demo.start()
    try:
        async with enter(demo.address) as workspace, open_page(demo.address, scratch / "profile", SIZE) as page:
            maya = Actor(workspace, "maya")
            await workspace.message(maya.dm, "steps for you")
            await page.click(".sidebar-item", "Playcall")
            await page.sees("My steps", ".home")
            await page.picture(IMAGES / "home.png")
            await page.click(".sidebar-item", "start-here")
            await maya.command("/account health acme")
            await page.sees("What moved", ".msg")
            await page.picture(IMAGES / "health.png")
            await page.click(".sidebar-item", "cs-escalations")
            await page.sees("please take this one", ".msg")
            await page.picture(IMAGES / "escalation.png")
    finally:
        await demo.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        asyncio.run(take_pictures(Path(scratch)))
