"""Sending signals to a world, and what was kept of them."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlmodel import col, select

from bot.library.metrics import Metrics, load_metrics
from bot.models import QuarantinedSignal, Signal
from bot.settings import ROOT
from bot.signals.ingesting import Outcome, Sender, take_in
from bot.signals.sent import read_sent
from tests.support.world import World

FEED = Sender("feed", "the API token feed")
_metrics: list[Metrics] = []


def use_shipped_metrics(world: World) -> None:
    if not _metrics:
        _metrics.append(load_metrics(ROOT / "playbooks"))
    world.library.metrics = _metrics[0]


async def send(world: World, *raw: Any, sender: Sender = FEED) -> list[Outcome]:
    """Send JSON values as POST /api/v1/signals would take them."""
    use_shipped_metrics(world)
    return await take_in(world.database, world.library, [read_sent(one) for one in raw], sender, world.now)


def usage(number: float = 10, **changes: Any) -> Mapping[str, Any]:
    return {"account": "acme", "kind": "active_users", "number": number, **changes}


async def kept_signals(world: World) -> Sequence[Signal]:
    async with world.database.transaction() as session:
        return (await session.exec(select(Signal).order_by(col(Signal.id)))).all()


async def quarantined(world: World) -> Sequence[QuarantinedSignal]:
    async with world.database.transaction() as session:
        return (await session.exec(select(QuarantinedSignal).order_by(col(QuarantinedSignal.id)))).all()
