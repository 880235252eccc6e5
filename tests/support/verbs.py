"""What people do with steps, runs, escalations and alerts, by name."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import date, datetime
from typing import Protocol

from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.actors import Actor
from bot.engine.alert_answers import say_not_now, say_wrong_data, start_recommended
from bot.engine.answers import Completion
from bot.engine.escalations import acknowledge_escalation, ask_for_info, resolve_escalation
from bot.engine.runs import cancel_run, pause_run, resume_run
from bot.engine.steps import (
    block_step,
    complete_step,
    mark_not_applicable,
    reassign_step,
    skip_step,
    snooze_step,
    unblock_step,
    undo_step,
)
from bot.library.library import Library
from bot.models import Alert, Escalation, Run, Step

OUTCOMES = ("good", "back", "over", "rest")


class Moment(Protocol):
    """When, and among whom."""

    @property
    def now(self) -> datetime: ...

    def day(self, days: int) -> date: ...

    def actor(self, name: str) -> Actor: ...


Act = Callable[[AsyncSession, Library, int, Actor, Moment], Awaitable[object]]


def _give_to(name: str) -> Act:
    return lambda s, lib, id_, who, at: reassign_step(s, lib, id_, who, at.now, member_id=at.actor(name).member_id)


def _complete_as(outcome: str) -> Act:
    said = Completion(outcome=outcome, reason="So it is")
    return lambda s, lib, id_, who, at: complete_step(s, lib, id_, who, at.now, said)


WITH_STEPS: Mapping[str, Act] = {
    "skip": lambda s, lib, id_, who, at: skip_step(s, lib, id_, who, at.now, reason="Not now"),
    "not applicable": lambda s, lib, id_, who, at: mark_not_applicable(s, lib, id_, who, at.now, reason="No"),
    "undo": lambda s, lib, id_, who, at: undo_step(s, lib, id_, who, at.now),
    "snooze": lambda s, lib, id_, who, at: snooze_step(s, lib, id_, who, at.now, until=at.day(3)),
    "block": lambda s, lib, id_, who, at: block_step(s, lib, id_, who, at.now, reason="Waiting"),
    "unblock": lambda s, lib, id_, who, at: unblock_step(s, lib, id_, who, at.now),
    **{f"give to {name}": _give_to(name) for name in ("leo", "sam")},
    **{f"complete as {outcome}": _complete_as(outcome) for outcome in OUTCOMES},
}
WITH_RUNS: Mapping[str, Act] = {
    "pause": lambda s, lib, id_, who, at: pause_run(s, lib, id_, who, at.now),
    "resume": lambda s, lib, id_, who, at: resume_run(s, lib, id_, who, at.now),
    "cancel": lambda s, lib, id_, who, at: cancel_run(s, lib, id_, who, at.now, reason="They left"),
}
WITH_ESCALATIONS: Mapping[str, Act] = {
    "acknowledge": lambda s, _, id_, who, at: acknowledge_escalation(s, id_, who, at.now),
    "ask back": lambda s, _, id_, who, at: ask_for_info(s, id_, who, at.now, question="Since when?"),
    "resolve": lambda s, lib, id_, who, at: resolve_escalation(s, lib, id_, who, at.now, resolution="Called"),
}
WITH_ALERTS: Mapping[str, Act] = {
    "start": lambda s, lib, id_, who, at: start_recommended(s, lib, id_, who, at.now),
    "not now": lambda s, _, id_, who, at: say_not_now(s, id_, who, at.now, reason="Busy", days=2),
    "wrong data": lambda s, lib, id_, who, at: say_wrong_data(s, lib, id_, who, at.now, reason="Test users"),
}
VERBS: Mapping[type[SQLModel], Mapping[str, Act]] = {
    Step: WITH_STEPS,
    Run: WITH_RUNS,
    Escalation: WITH_ESCALATIONS,
    Alert: WITH_ALERTS,
}
