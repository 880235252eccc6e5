"""The objectives of a success plan (row 1.15): added, changed, closed, opened again, by whom and with what proof."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlmodel import select

from bot.engine.actors import Actor
from bot.engine.objectives import ObjectiveFields, add_objective, update_objective
from bot.errors import InvalidInput, NotAllowed, NotFound, WrongState
from bot.models import Contact, Objective, ObjectiveStatus
from bot.reports.success_plan import load_objectives, load_plan_tags
from tests.support.world import World, change_members

FIELDS = {"title": "Close faster", "measure": "days to close", "baseline": "9", "target": "3"}


async def add(world: World, actor: Actor | None = None, **changes: Any) -> Objective:
    async with world.database.transaction() as session:
        fields = ObjectiveFields(**(FIELDS | changes))
        return await add_objective(session, world.account_id, fields, actor or world.maya, world.now)


async def update(world: World, objective: Objective, actor: Actor | None = None, **changes: Any) -> bool:
    async with world.database.transaction() as session:
        fields = ObjectiveFields(**(FIELDS | changes))
        _, changed = await update_objective(
            session, objective.id, fields, actor or world.maya, world.now, seen=objective.revision
        )
        return changed


async def stored(world: World) -> Objective:
    async with world.database.transaction() as session:
        return (await session.exec(select(Objective))).one()


async def test_an_objective_is_added_measured_and_closed_with_evidence(world: World) -> None:
    added = await add(world, due_on=date(2026, 9, 30))
    assert await update(world, added, due_on=date(2026, 9, 30), current="4")
    measured = await stored(world)
    assert (measured.current, measured.status, measured.closed_at) == ("4", ObjectiveStatus.OPEN, None)
    await update(world, measured, current="3", status=ObjectiveStatus.MET, evidence="Closed in 3 days, says Jane")
    met = await stored(world)
    assert (met.status, met.closed_at, met.evidence) == (ObjectiveStatus.MET, world.now, "Closed in 3 days, says Jane")
    assert (await world.timeline())[-3:] == [
        "added the objective “Close faster”, target 3",
        "changed the objective “Close faster”: current 4",
        "closed the objective “Close faster” as met: Closed in 3 days, says Jane",
    ]


@pytest.mark.parametrize(
    ("status", "complaint"),
    [(ObjectiveStatus.MET, "Say what shows it"), (ObjectiveStatus.DROPPED, "Say why it is dropped")],
)
async def test_an_objective_is_not_closed_without_words(world: World, status: ObjectiveStatus, complaint: str) -> None:
    added = await add(world)
    with pytest.raises(InvalidInput, match=complaint) as refused:
        await update(world, added, status=status, evidence="  ")
    assert refused.value.field == "evidence"
    assert (await stored(world)).status is ObjectiveStatus.OPEN


async def test_a_missed_objective_needs_no_words_and_can_be_opened_again(world: World) -> None:
    added = await add(world)
    await update(world, added, status=ObjectiveStatus.MISSED)
    missed = await stored(world)
    assert missed.closed_at == world.now
    await update(world, missed)
    assert ((await stored(world)).status, (await stored(world)).closed_at) == (ObjectiveStatus.OPEN, None)
    assert (await world.timeline())[-1] == "opened the objective “Close faster” again"


async def test_who_saves_over_somebody_elses_change_is_told_whose(world: World) -> None:
    added = await add(world)
    await update(world, added, actor=world.leo, current="7")
    with pytest.raises(WrongState, match=r"nothing was saved\. Leo Park changed the objective .* \(just now\)"):
        await update(world, added, current="5")
    assert (await stored(world)).current == "7"


async def test_saving_without_a_change_changes_nothing(world: World) -> None:
    added = await add(world)
    before = await world.timeline()
    assert not await update(world, added)
    assert (await stored(world)).revision == 0
    assert await world.timeline() == before


async def test_only_the_team_and_leaders_change_a_plan(world: World) -> None:
    with pytest.raises(NotAllowed):
        await add(world, actor=world.eve)
    added = await add(world, actor=world.dana)
    with pytest.raises(NotAllowed):
        await update(world, added, actor=world.eve, current="1")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": " "}, "title"),
        ({"title": "x" * 301}, "title"),
        ({"target": "x" * 101}, "target"),
        ({"due_on": date(2026, 3, 1)}, "due_on"),
        ({"owner_id": 999}, "owner"),
        ({"owner_contact_id": 999}, "owner"),
    ],
)
async def test_what_cannot_be_is_refused_at_its_input(world: World, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        await add(world, **changes)
    assert refused.value.field == field


async def test_the_same_objective_is_not_added_twice(world: World) -> None:
    await add(world)
    with pytest.raises(InvalidInput, match="in the plan already"):
        await add(world, title="close FASTER")


async def test_a_plan_survives_that_its_owner_leaves(world: World) -> None:
    added = await add(world, owner_id=world.leo.member_id)
    await change_members(world, leo={"active": False})
    async with world.database.transaction() as session:
        [owned] = (await load_objectives(session, [world.account_id]))[world.account_id]
    assert owned.owner == "Leo Park (has left)"
    assert await update(world, added, owner_id=world.leo.member_id, current="4")


async def test_a_plan_in_words_leaves_out_what_was_dropped_and_names_owners(world: World) -> None:
    """Rows 2.13 and 2.21: what the recap and the renewal evidence are made from."""
    async with world.database.transaction() as session:
        jane = (await session.exec(select(Contact))).one()
    later = world.now.date() + timedelta(days=90)
    await add(world, due_on=later, owner_contact_id=jane.id)
    dropped = await add(world, title="Another")
    await update(world, dropped, title="Another", status=ObjectiveStatus.DROPPED, evidence="They sold that part")
    async with world.database.transaction() as session:
        [told] = (await load_plan_tags(session, [world.account_id]))[world.account_id]
    assert (told["title"], told["owner"], told["due_on"], told["status"]) == ("Close faster", "Jane Doe", later, "open")


async def test_an_objective_that_is_gone_is_told(world: World) -> None:
    with pytest.raises(NotFound, match="not there any more"):
        await update(world, Objective(id=999, account_id=world.account_id, title="Ghost"))
