"""Code red: called once, answered by a leader, told every day until it is over. Row 1.33."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.db import Database
from bot.engine.actors import Actor
from bot.engine.code_red import CodeRed, ask_for_updates, call_code_red
from bot.engine.escalations import resolve_escalation
from bot.engine.notes import add_note
from bot.engine.outbox import LEADERS
from bot.engine.runs import start_run
from bot.errors import NotAllowed, WrongState
from bot.library.library import Library
from bot.models import DeliveryKind, NoteSource, Severity
from bot.reports.account_head import load_head
from tests.support.shipped import shipped
from tests.support.world import World, make_world

WHAT = "Nobody there can log in since 9:10."


@pytest.fixture
async def world(sqlite: Database, now: datetime) -> World:
    world = await make_world(sqlite, now)
    world.library = shipped()
    return world


async def call(world: World, actor: Actor | None = None) -> CodeRed:
    async with world.database.transaction() as session:
        return await call_code_red(session, world.library, world.account_id, actor or world.maya, world.now, what=WHAT)


async def updates(world: World) -> list[str]:
    return [str(row.payload["text"]) for row in await world.deliveries(kind=DeliveryKind.ESCALATION_UPDATE)]


async def leaders_heard(world: World) -> list[dict[str, object]]:
    rows = await world.deliveries(kind=DeliveryKind.NOTICE)
    return [row.payload for row in rows if row.payload.get("place") == LEADERS]


async def test_it_calls_a_leader_pings_their_channel_and_starts_the_playbook(world: World) -> None:
    called = await call(world)
    assert (called.escalation.severity, called.escalation.owner_id) == (Severity.CRITICAL, world.dana.member_id)
    assert called.escalation.ask.startswith(f"{WHAT}\n\nCode red at Acme.")
    assert called.run is not None
    assert called.escalation.run_id == called.run.id
    assert len(await world.deliveries(kind=DeliveryKind.ESCALATION)) == 1
    text = f"Code red at Acme, called by Maya Lindt: {WHAT}"
    assert await leaders_heard(world) == [
        {"place": LEADERS, "text": text, "mention_member_ids": [world.dana.member_id]}
    ]
    steps = await world.steps(called.run.id)
    assert {"day-1-update", "day-5-update"} <= set(steps)


async def test_a_second_call_says_who_has_it(world: World) -> None:
    await call(world)
    with pytest.raises(WrongState, match=r"in code red already; Dana Reyes has it\. Write into its thread"):
        await call(world, world.leo)


async def test_the_team_may_call_it_and_others_may_not(world: World) -> None:
    with pytest.raises(NotAllowed):
        await call(world, world.eve)
    assert (await call(world, world.leo)).run is not None


async def test_the_call_for_help_goes_out_without_the_playbook(world: World) -> None:
    world.library = Library(Path("nowhere"))
    called = await call(world)
    assert (called.run, called.escalation.ask) == (None, WHAT)
    assert called.why_not
    assert len(await world.deliveries(kind=DeliveryKind.ESCALATION)) == 1


async def test_the_account_is_in_code_red_until_it_is_resolved(world: World) -> None:
    called = await call(world)
    async with world.database.glance() as reader:
        assert (await load_head(reader, world.account_id)).code_red_since == world.now
    async with world.database.transaction() as session:
        await resolve_escalation(
            session, world.library, called.escalation.id, world.dana, world.now, resolution="They work again"
        )
    async with world.database.glance() as reader:
        assert (await load_head(reader, world.account_id)).code_red_since is None
    over = "The code red at Acme is over. Dana Reyes resolved this: They work again"
    assert (await leaders_heard(world))[-1]["text"] == over


async def test_an_update_is_asked_for_after_a_day_without_one_and_once_a_day(world: World) -> None:
    await call(world)
    before = len(await updates(world))
    asked = []
    for hours in (23, 25, 26, 47, 50):
        async with world.database.transaction() as session:
            asked.append(await ask_for_updates(session, world.now + timedelta(hours=hours)))
    assert asked == [0, 1, 0, 0, 1]
    news = (await updates(world))[before:]
    asks = "Nothing was said about this for a day. How does it stand, Dana Reyes? “Nothing new” is news too."
    assert news == [asks, asks]


async def test_what_somebody_writes_is_an_update(world: World) -> None:
    await call(world)
    later = world.now + timedelta(hours=20)
    async with world.database.transaction() as session:
        await add_note(session, world.account_id, world.maya, later, body="Still down", source=NoteSource.THREAD)
    async with world.database.transaction() as session:
        assert await ask_for_updates(session, world.now + timedelta(hours=26)) == 0


async def test_a_code_red_started_as_a_playbook_is_one_too(world: World) -> None:
    async with world.database.transaction() as session:
        await start_run(session, world.library, world.account_id, "code-red", world.now, actor=None)
    async with world.database.glance() as reader:
        assert (await load_head(reader, world.account_id)).code_red_since == world.now
    assert len(await leaders_heard(world)) == 1
