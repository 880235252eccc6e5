"""Whatever happens in whatever order, what docs/architecture.md says always holds.

Hypothesis makes up lives and, when one breaks something, finds a short one that does. `make test` tries the same few
each time; `make crash`, and PROPERTY_LIVES=500 here, try so many others.
"""

import asyncio
import os
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.clock import FixedClock
from bot.db import Database
from bot.models import Alert, Escalation, Run, Severity, Step
from tests.conftest import MONDAY_10_UTC, emptied, opened_on
from tests.support.life import PEOPLE, PLAYBOOKS, Life, begin_life
from tests.support.mail_server import open_mail_server
from tests.support.open_workspace import open_workspace
from tests.support.slack_double import (
    Fault,
    SlackDouble,
    answer_lost,
    connection_reset,
    rate_limited,
    server_error,
)
from tests.support.verbs import VERBS

LIVES = int(os.environ.get("PROPERTY_LIVES", "0"))
FEW = settings(max_examples=4, derandomize=True, database=None)
MANY = settings(max_examples=LIVES or 1)
CALM = [*HealthCheck]  # a life takes its time, and is long
MOVES = 30

FAULTS: dict[str, Callable[[], Fault]] = {
    "429": rate_limited,
    "500": server_error,
    "500 after all": lambda: server_error(carried_out=True),
    "reset": connection_reset,
    "lost": answer_lost,
}
METHODS = ("chat.postMessage", "chat.update", "views.publish", "conversations.history")

Move = tuple[Any, ...]  # a method of Life and what it is given


def a(method: str, *given: st.SearchStrategy[Any]) -> st.SearchStrategy[Move]:
    return st.tuples(st.just(method), *given)


def one(*choices: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(choices)


pick, times = st.integers(0, 7), st.integers(1, 2)
anybody, often = one(*PEOPLE), one("dana", "maya")
durations = one(timedelta(), timedelta(seconds=70), timedelta(minutes=11), timedelta(hours=5), timedelta(days=1))
MOVE = st.one_of(
    a("pass_time", durations),
    a("work"),
    a("work", st.just(2)),
    a("complete", one("good", "back", "rest", "over"), pick),
    a("complete", one("good", "back", "rest", "over"), pick),
    a("act", st.just(Step), one(*VERBS[Step]), pick, often),
    a("act", st.just(Step), one(*VERBS[Step]), pick, often),
    a("act", st.just(Step), st.just("undo"), pick, often),
    a("act", st.just(Run), one(*VERBS[Run]), pick, often),
    a("act", st.just(Escalation), one(*VERBS[Escalation]), pick, anybody),
    a("act", st.just(Alert), one(*VERBS[Alert]), pick, often),
    a("start", one(*PLAYBOOKS), often),
    a("escalate", anybody),
    a("milestone", one("reach", "plan", "miss"), anybody),
    a("change_account", st.one_of(st.integers(0, 200), one("maya", "sam", "eve"))),
    a("measure", one(5, 20, 100), times),
    a("measure", one(5, 20, 100), times),
    a("data_say", one(None, "60 → 30", "30 → 12"), one(*Severity)),
    a("click", pick, pick, pick, often, times),
    a("click", pick, pick, pick, often, times),
    a("submit", pick, pick, often, times),
    a("reply", pick, anybody, times),
    a("trouble", one(*METHODS), st.builds(lambda name: FAULTS[name](), one(*FAULTS)), times),
    a("die_at_work", one(*METHODS), st.booleans()),
    a("mail_trouble", one(None, "451 Later")),
    a("die_over_a_mail"),
)


NewDatabase = Callable[[], AbstractAsyncContextManager[Database]]


class Lives:
    """Where each life takes place: on a loop of the tests, with an empty database, a Slack and a mail server."""

    def __init__(self, loop: asyncio.AbstractEventLoop, new_database: NewDatabase) -> None:
        self.loop = loop
        self.new_database = new_database

    def live(self, moves: list[Move]) -> None:
        self.loop.run_until_complete(self._live(moves))

    async def _live(self, moves: list[Move]) -> None:
        async with AsyncExitStack() as stack:
            life = await self._begin(stack)
            await life.start("relay", "maya")
            await life.work()
            await life.start("letters", "maya")
            for method, *given_ in moves:
                await getattr(life, method)(*given_)
                await life.check()
            await life.come_to_rest()

    async def _begin(self, stack: AsyncExitStack) -> Life:
        clock = FixedClock(MONDAY_10_UTC)
        database = await stack.enter_async_context(self.new_database())
        slack = SlackDouble(clock)
        for name in PEOPLE:
            slack.state.add_person(name)
        for name in ("cs-escalations", "cs-leaders"):
            slack.state.add_channel(name)
        await slack.start()
        stack.push_async_callback(slack.stop)
        mail = await stack.enter_async_context(open_mail_server())
        settings = {"smtp_url": f"{mail.url}?starttls=never", "email_from": "success@ours.example"}
        ws = await stack.enter_async_context(open_workspace(database, slack, clock, **settings))
        return await begin_life(ws, mail)


@pytest.fixture
async def loop() -> asyncio.AbstractEventLoop:
    return asyncio.get_running_loop()


@pytest.fixture(params=["sqlite", "postgresql"])
def lives(request: pytest.FixtureRequest, loop: asyncio.AbstractEventLoop) -> Lives:
    fixture = request.getfixturevalue
    if request.param == "sqlite":
        return Lives(loop, partial(opened_on, fixture("sqlite_engines"), fixture("migrated_sqlite")))
    return Lives(loop, partial(emptied, fixture("postgres")))


def test_what_always_holds_holds_in_any_life(lives: Lives) -> None:
    @settings(MANY if LIVES else FEW, deadline=None, suppress_health_check=CALM)
    @given(st.lists(MOVE, min_size=MOVES, max_size=MOVES))
    def live(moves: list[Move]) -> None:
        lives.live(moves)

    live()
