"""`playcall demo` as a customer-success team uses it: the real bot, over Socket Mode, in the demo workspace."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bot.demo.people import ESCALATION_CHANNEL, START_CHANNEL, channel_id
from tests.e2e.browser import find_browser, open_page
from tests.e2e.playing import Actor, enter, words_of
from tests.e2e.running import Demo

pytestmark = pytest.mark.e2e

ESCALATIONS = channel_id(ESCALATION_CHANNEL)
READ_CARD = "Read the account's 360 card before you write to anyone"
READINESS = "Judge how ready the renewal is"


def saved(demo: Demo, query: str, *values: Any) -> Any:
    """What the demo's database says."""
    with closing(sqlite3.connect(f"file:{demo.directory / 'playcall.db'}?mode=ro", uri=True)) as database:
        return database.execute(query, values).fetchone()[0]


async def test_csm_runs_a_playbook_from_slack_while_the_bot_crashes_and_restarts(demo: Demo) -> None:
    async with enter(demo.address) as workspace:
        maya, leo, dana = (Actor(workspace, handle) for handle in ("maya", "leo", "dana"))

        # the first screen is alive
        home = words_of(await maya.home())
        for words in ("Overdue", "Today", "This week", "Acme Robotics", "Initech Software"):
            assert words in home

        # health explains itself
        health = words_of(await maya.command("/account health acme"))
        for words in ("Acme Robotics", "Overdue steps", "Sentiment", READINESS):
            assert words in health

        # start: once, and the second time it says so
        assert "Expansion opportunity" in words_of(await maya.command("/playbook start expansion-opportunity acme"))
        assert "is active on Acme Robotics" in words_of(
            await maya.command("/playbook start expansion-opportunity acme")
        )

        # a double click completes once, and the message is redrawn
        steps = await workspace.message(maya.dm, READ_CARD, READINESS)
        await asyncio.gather(*(maya.click(steps, "Complete", near=READ_CARD) for _ in range(2)))
        steps = await workspace.message(maya.dm, f"✓  {READ_CARD}", "Done by Maya Lindqvist")
        completed = "SELECT count(*) FROM timeline WHERE kind = 'step_completed' AND summary LIKE ? AND at > ?"
        assert saved(demo, completed, "%360 card%", "2026-11-23") == 1

        # snooze
        await maya.click(steps, "Snooze", near=READINESS)
        await maya.modal("Snooze")
        await maya.submit(until="2026-11-26")
        await maya.closed()
        steps = await workspace.message(maya.dm, READINESS, "Snoozed until")

        # escalate, and acknowledge
        await maya.click(steps, "Escalate", near=READINESS)
        await maya.modal("Escalate")
        await maya.submit(target="leader", severity="high", ask="Please call Olive Porter about the renewal.")
        raised = await workspace.message(
            ESCALATIONS, "Acme Robotics", "Please call Olive Porter", "please take this one"
        )
        await dana.click(raised, "Acknowledge")
        await workspace.message(ESCALATIONS, "Acme Robotics", "is on it", "acknowledged by Dana Okafor")

        # a reply in the thread is a note
        offer = await workspace.message(leo.dm, "Take this opportunity on", "Hooli Media")
        await leo.reply(offer, "Donald wants a number by Friday")
        await workspace.message(leo.dm, "Noted for Hooli Media")
        assert saved(demo, "SELECT source FROM notes WHERE body = 'Donald wants a number by Friday'") == "thread"

        # the bot is killed; the workspace and its messages stay
        await demo.kill()
        await demo.start()
        await workspace.until(lambda: workspace.connected, "the bot to come back")
        assert workspace.said(ESCALATIONS).count("Please call Olive Porter") == 1
        await dana.click(raised, "Resolve")
        await dana.modal("Resolve")
        await dana.submit(resolution="Olive confirmed the budget.")
        await workspace.message(ESCALATIONS, "Acme Robotics", "Olive confirmed the budget.", "resolved")

        # time passes
        await maya.command("/clock advance 3d")
        await workspace.message(channel_id(START_CHANNEL), "Now Thu 26 Nov 2026", "touchpoints fired")
        await workspace.message(maya.dm, READINESS, "Acme Robotics", after=steps["ts"])

    # a restart with a fresh workspace: what is open is posted again, what is over is not, the clock stays
    assert await demo.stop() == 0
    await demo.start()
    async with enter(demo.address) as workspace:
        maya = Actor(workspace, "maya")
        await workspace.message(maya.dm, READINESS)
        await workspace.message(ESCALATIONS, "Initech Software")
        assert "Olive Porter" not in workspace.said(ESCALATIONS)
        assert "Thu 26 Nov 2026" in words_of(await maya.command("/clock"))
        posted = await workspace.message(maya.dm, READINESS)
        await maya.click(posted, "Add note", near=READINESS)
        await maya.modal("Add a note")
        await maya.submit(note="Back after the restart")
        await maya.closed()
        assert saved(demo, "SELECT count(*) FROM notes WHERE body = 'Back after the restart'") == 1


@pytest.mark.skipif(find_browser() is None, reason="no Chromium on this machine")
async def test_newcomer_finds_their_way_in_the_browser(demo: Demo, tmp_path: Path) -> None:
    async with open_page(demo.address, tmp_path / "profile") as page:
        await page.sees("Welcome to Playcall", ".messages")
        await page.click(".sidebar-item", "Playcall")
        await page.sees("My steps", ".home")
        await page.sees("Overdue", ".home")
        await page.click(".sidebar-item", "Maya Lindqvist")
        await page.sees(READ_CARD, ".msg")
        await page.click(".sidebar-item", START_CHANNEL)
        await page.type(".composer-input", "/escalate acme")
        await page.press_enter()
        await page.sees("Acme Robotics", ".modal")
        await page.click(".modal label", "Dana Okafor")
        await page.click(".modal label", "High")
        await page.click(".modal-btn.primary", "Escalate")
        await page.sees("Say what you need", ".modal-error")
        await page.type(".modal input[placeholder^='Please call']", "Please call Olive Porter")
        await page.click(".modal-btn.primary", "Escalate")
        await page.sees("Dana Okafor has been asked", ".modal")
        await page.click(".modal-btn", "Close")
        await page.choose(".actas select", "Dana")
        await page.click(".sidebar-item", ESCALATION_CHANNEL)
        await page.sees("Please call Olive Porter", ".msg")
