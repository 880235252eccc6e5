"""People at work while processes die: they complete step after step, and click again when nothing answers.

Every other one waits for the message that shows the step, the others work from their Home tabs.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from sqlalchemy import Select, exists, select
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col

from bot.db import Database
from bot.errors import DatabaseUnavailable
from bot.models import PostedStep, Step, StepStatus
from tests.crash.book import csm_of, slack_id
from tests.support.clicks import complete_click

PATIENCE = 3.0  # seconds, as Slack has
ASLEEP = 0.05  # seconds between two clicks of somebody whom nothing answers
LOOKS = 0.3  # seconds between two looks into Slack of somebody who waits for a message
THINKING = (0.3, 1.5)  # seconds somebody takes for a step


@dataclass
class Crowd:
    """`told` are the steps whose click was answered with success; `lies` counts such answers that were not true."""

    database: Database
    ports: Sequence[int]
    people: int
    words: "Words"
    clicks: int = 0
    told: set[int] = field(default_factory=set)
    lies: int = 0
    stopping: bool = False
    busy: asyncio.Event = field(default_factory=asyncio.Event)  # set when the first of them is done

    async def work(self, relays: Sequence[tuple[int, list[int]]], hands: int) -> None:
        """Run all the relays, so many at a time, until `stopping` is set."""
        waiting = iter(relays)
        await asyncio.gather(*(self._hand(waiting, reads=bool(number % 2)) for number in range(hands)))

    async def at_work(self, patience: float) -> None:
        """Wait until a step is done, for so many seconds at most."""
        end = time.monotonic() + patience
        while not self.told and time.monotonic() < end:  # noqa: ASYNC110  # of many hands, whichever is first
            await asyncio.sleep(ASLEEP)

    async def _hand(self, waiting: Iterator[tuple[int, list[int]]], *, reads: bool) -> None:
        for account_id, steps in waiting:
            for step_id in steps:
                while reads and not self.stopping and not await self._is_shown(step_id):  # noqa: ASYNC110  # a person
                    await asyncio.sleep(LOOKS)
                while not self.stopping and not await self._done(step_id, account_id):  # noqa: ASYNC110  # a person
                    await asyncio.sleep(ASLEEP)
                if self.stopping:
                    return
                await asyncio.sleep(random.uniform(*THINKING))  # noqa: S311  # no secret

    async def _done(self, step_id: int, account_id: int) -> bool:
        """Click, and see whether it worked: a 200 with words for the one who clicked says why not."""
        self.clicks += 1
        click = self.clicks
        try:
            status = await asyncio.wait_for(self._click(step_id, account_id, self.words.address(click)), PATIENCE)
        except (OSError, EOFError, TimeoutError):
            return False
        if status != 200:
            return False
        is_done = await self._is_done(step_id)
        if is_done:
            self.told.add(step_id)
            self.busy.set()
        elif is_done is False and click not in self.words.heard:
            self.lies += 1
        return bool(is_done)

    async def _click(self, step_id: int, account_id: int, response_url: str) -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", random.choice(self.ports))  # noqa: S311  # any port
        try:
            writer.write(complete_click(step_id, slack_id(csm_of(account_id, self.people)), response_url))
            head = await reader.readuntil(b"\r\n\r\n")
            return int(head.split()[1])
        finally:
            writer.close()

    async def _is_done(self, step_id: int) -> bool | None:
        return await self._ask(select(col(Step.status) == StepStatus.DONE).where(col(Step.id) == step_id))

    async def _is_shown(self, step_id: int) -> bool | None:
        """Whether a message in Slack shows the step."""
        return await self._ask(select(exists().where(col(PostedStep.step_id) == step_id)))

    async def _ask(self, question: Select[bool]) -> bool | None:
        """None when the database cannot say."""
        try:
            async with self.database.reading() as connection:
                return (await connection.execute(question)).scalar_one()
        except (DatabaseUnavailable, SQLAlchemyError, OSError):
            return None


class Words:
    """What is said to people who clicked, at the response_url of their click."""

    def __init__(self) -> None:
        self.heard: set[int] = set()
        self._address = ""

    def address(self, click: int) -> str:
        return f"{self._address}/{click}"

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["Words"]:
        application = web.Application()
        application.router.add_post("/{click}", self._hear)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.05)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        self._address = f"http://{host}:{port}"
        try:
            yield self
        finally:
            await runner.cleanup()

    async def _hear(self, request: web.Request) -> web.Response:
        self.heard.add(int(request.match_info["click"]))
        return web.json_response({"ok": True})
