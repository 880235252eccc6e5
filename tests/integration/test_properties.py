"""Whatever happens in whatever order, what docs/architecture.md says always holds.

Hypothesis makes up lives and, when one breaks an invariant, finds a short one that does. `make crash` and
PROPERTY_LIVES=500 try more of them than `make test`, which tries the same few each time.
"""

import asyncio
import os
from collections.abc import Awaitable
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlmodel import SQLModel

from bot.clock import FixedClock
from bot.db import Database
from bot.models import Alert, Escalation, Run, Severity, Step
from tests.acceptance.conftest import open_workspace
from tests.conftest import MONDAY_10_UTC, opened_on
from tests.support.life import PEOPLE, PLAYBOOKS, VERBS, Life, begin_life
from tests.support.slack_double import (
    SlackDouble,
    answer_lost,
    connection_reset,
    rate_limited,
    server_error,
)

LIVES = int(os.environ.get("PROPERTY_LIVES", "0"))
FEW = settings(max_examples=8, stateful_step_count=20, derandomize=True, database=None)
MANY = settings(max_examples=LIVES or 1, stateful_step_count=40)
CALM = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]

FAULTS = {
    "429": rate_limited,
    "500": server_error,
    "500 after all": lambda: server_error(carried_out=True),
    "reset": connection_reset,
    "lost": answer_lost,
}
METHODS = ("chat.postMessage", "chat.update", "views.publish", "conversations.history")

who = st.sampled_from(PEOPLE)
pick = st.integers(0, 7)
times = st.integers(1, 2)
durations = st.sampled_from([timedelta(seconds=70), timedelta(minutes=11), timedelta(hours=5), timedelta(days=1)])


class Lives:
    """Where each life takes place: on a loop of the tests, with a database and a Slack of its own."""

    def __init__(self, loop: asyncio.AbstractEventLoop, engines: Database, template: bytes) -> None:
        self.loop = loop
        self.engines = engines
        self.template = template

    def run(self, work: Awaitable[Any]) -> Any:
        return self.loop.run_until_complete(work)

    async def begin(self, stack: AsyncExitStack) -> Life:
        clock = FixedClock(MONDAY_10_UTC)
        database = await stack.enter_async_context(opened_on(self.engines, self.template))
        slack = SlackDouble(clock)
        for name in PEOPLE:
            slack.state.add_person(name)
        for name in ("cs-escalations", "cs-leaders"):
            slack.state.add_channel(name)
        await slack.start()
        stack.push_async_callback(slack.stop)
        ws = await stack.enter_async_context(open_workspace(database, slack, clock))
        return await stack.enter_async_context(begin_life(ws, database, slack, clock))


class AnyLife(RuleBasedStateMachine):
    lives: Lives  # of the test that is running

    def __init__(self) -> None:
        super().__init__()
        self.stack = AsyncExitStack()
        self.life: Life = self.lives.run(self.lives.begin(self.stack))
        self.run(self.life.start("relay", "maya"))
        self.run(self.life.work())

    def run(self, work: Awaitable[Any]) -> None:
        self.lives.run(work)

    def teardown(self) -> None:
        try:
            self.run(self.life.come_to_rest())
        finally:
            self.run(self.stack.aclose())

    @rule(key=st.sampled_from([*PLAYBOOKS]), who=who)
    def start(self, key: str, who: str) -> None:
        self.run(self.life.start(key, who))

    @rule(verb=st.sampled_from([*VERBS[Step]]), pick=pick, who=st.sampled_from(["maya", "dana"]))
    def step(self, verb: str, pick: int, who: str) -> None:
        self._act(Step, verb, pick, who)

    @rule(outcome=st.sampled_from(["good", "back", "over", "rest"]), pick=pick)
    def complete(self, outcome: str, pick: int) -> None:
        self.run(self.life.complete(outcome, pick))

    @rule(verb=st.sampled_from([*VERBS[Run]]), pick=pick, who=st.sampled_from(["maya", "dana"]))
    def run_(self, verb: str, pick: int, who: str) -> None:
        self._act(Run, verb, pick, who)

    @rule(verb=st.sampled_from(["raise", *VERBS[Escalation]]), pick=pick, who=who)
    def escalation(self, verb: str, pick: int, who: str) -> None:
        if verb == "raise":
            self.run(self.life.escalate(who))
        else:
            self._act(Escalation, verb, pick, who)

    @rule(verb=st.sampled_from([*VERBS[Alert]]), pick=pick, who=st.sampled_from(["maya", "dana"]))
    def answer(self, verb: str, pick: int, who: str) -> None:
        self._act(Alert, verb, pick, who)

    def _act(self, table: type[SQLModel], verb: str, pick: int, who: str) -> None:
        self.run(self.life.act(table, verb, pick, who))

    @rule(verb=st.sampled_from(["reach", "plan", "miss"]), who=st.sampled_from(["maya", "eve"]))
    def milestone(self, verb: str, who: str) -> None:
        self.run(self.life.milestone(verb, who))

    @rule(days=st.integers(0, 200), who=who)
    def move_renewal(self, days: int, who: str) -> None:
        self.run(self.life.move_renewal(days, who))

    @rule(name=st.sampled_from(["maya", "sam", "eve"]))
    def change_csm(self, name: str) -> None:
        self.run(self.life.change_csm(name))

    @rule(why=st.sampled_from(["60 → 30", "30 → 12", None]), severity=st.sampled_from([*Severity]))
    def data(self, why: str | None, severity: Severity) -> None:
        """Data come in that are a reason for an alert, or that are none any more."""
        self.run(self.life.alert(why, severity) if why else self.life.reason_gone())

    @rule(pick=pick, element=pick, option=pick, who=who, times=times)
    def click(self, pick: int, element: int, option: int, who: str, times: int) -> None:
        self.run(self.life.click(pick, element, option, who, times))

    @precondition(lambda self: self.life.views)
    @rule(pick=pick, option=pick, who=who, times=times)
    def submit(self, pick: int, option: int, who: str, times: int) -> None:
        self.run(self.life.submit(pick, option, who, times))

    @rule(pick=pick, who=who, times=times)
    def reply(self, pick: int, who: str, times: int) -> None:
        self.run(self.life.reply(pick, who, times))

    @rule(duration=durations)
    def pass_time(self, duration: timedelta) -> None:
        self.life.pass_time(duration)

    @rule()
    def work(self) -> None:
        self.run(self.life.work())

    @rule(fault=st.sampled_from([*FAULTS]), method=st.sampled_from(METHODS), times=times)
    def trouble(self, fault: str, method: str, times: int) -> None:
        self.life.slack.fail(method, FAULTS[fault](), times=times)

    @rule(method=st.sampled_from(METHODS), accepted=st.booleans())
    def die_at_work(self, method: str, accepted: bool) -> None:
        self.run(self.life.die_at_work(method, accepted))

    @invariant()
    def all_holds(self) -> None:
        self.run(self.life.check())


@pytest.fixture
async def loop() -> asyncio.AbstractEventLoop:
    return asyncio.get_running_loop()


@pytest.fixture
def lives(loop: asyncio.AbstractEventLoop, sqlite_engines: Database, migrated_sqlite: bytes) -> Lives:
    return Lives(loop, sqlite_engines, migrated_sqlite)


def test_what_always_holds_holds_in_any_life(lives: Lives, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AnyLife, "lives", lives, raising=False)
    profile = settings(MANY if LIVES else FEW, deadline=None, suppress_health_check=CALM, print_blob=False)
    run_state_machine_as_test(AnyLife, settings=profile)
