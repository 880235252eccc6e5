"""/account plan through signed requests: what is shown, added and updated (rows 1.15, 2.13, 2.16, 2.21, 4.1)."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlmodel import col, select

from bot.engine.objectives import ObjectiveFields, add_objective
from bot.models import Account, Contact, Objective, ObjectiveStatus
from bot.slack.ids import ActionId
from bot.slack.limits import violations
from tests.support.play import Play
from tests.support.play import shown as words_of
from tests.support.reading import shown
from tests.support.workspace import Workspace
from tests.support.world import World

PLACE = {"channel": "C0GENERAL", "ts": "1.1"}  # where a private answer stands


@pytest.fixture
async def world(ws: Workspace) -> World:
    return await ws.people()


async def objectives(world: World) -> list[Objective]:
    async with world.database.transaction() as session:
        return list((await session.exec(select(Objective).order_by(col(Objective.id)))).all())


async def plan(ws: Workspace, user: str = "maya", rest: str = "") -> dict[str, Any]:
    answer = await ws.command(user, "/account", f"plan acme {rest}".strip())
    assert not violations(answer), violations(answer)
    return answer | PLACE


async def update(ws: Workspace, values: dict[str, Any], user: str = "maya") -> dict[str, Any]:
    message = await plan(ws, user)
    await ws.click(user, message, ActionId.OBJECTIVE_UPDATE)
    return await ws.submit(user, ws.opened_views[-1], values)


async def test_the_plan_begins_with_the_customers_outcome(ws: Workspace, world: World) -> None:
    """Row 4.1."""
    assert "Nobody has written down what they want to achieve" in shown(await plan(ws))
    async with world.database.transaction() as session:
        account = await session.get_one(Account, world.account_id)
        account.outcome = "Close the <books> in 3 days"
    assert "Close the &lt;books&gt; in 3 days" in shown(await plan(ws))


async def test_an_objective_is_added_in_one_line(ws: Workspace, world: World) -> None:
    """Row 1.15."""
    answer = await plan(ws, rest="add Close faster; days to close; 3; 30 Sep 2026")
    assert "Added “Close faster”." in shown(answer)
    assert "days to close: 3" in shown(answer)
    [kept] = await objectives(world)
    assert (kept.title, kept.measure, kept.target, kept.due_on) == (
        "Close faster",
        "days to close",
        "3",
        date(2026, 9, 30),
    )


@pytest.mark.parametrize(
    ("rest", "reply"),
    [
        ("add", "Give a title, then if you like a measure"),
        ("add a; b; c; d; e", "Give a title, then if you like a measure"),
        ("add Close faster; ; ; soon", "is not a date I know"),
        ("whatever", "`/account plan ACCOUNT"),
    ],
)
async def test_a_line_that_is_not_clear_is_refused(ws: Workspace, world: World, rest: str, reply: str) -> None:
    assert reply in shown(await plan(ws, rest=rest))
    assert await objectives(world) == []


@pytest.mark.usefixtures("world")
async def test_an_objective_is_added_and_updated_in_modals(ws: Workspace) -> None:
    await ws.click("maya", await plan(ws), ActionId.OBJECTIVE_ADD)
    added = await ws.submit(
        "maya",
        ws.opened_views[-1],
        {"title": "Close faster", "baseline": "9", "target": "3", "due_on": "2026-09-30", "owner": "Jane Doe"},
    )
    assert "Added “Close faster”." in shown(added["view"])
    page = shown(await plan(ws))
    assert "9 → 3" in page
    assert "Jane Doe" in page
    assert "due Wed 30 Sep" in page
    saved = await update(ws, {"current": "4", "status": "met", "evidence": "October took *4* days"})
    assert "Saved “Close faster” (met)." in shown(saved["view"])
    page = shown(await plan(ws))
    assert "✅ *Close faster*" in page
    assert "9 → *4* → 3" in page
    assert "1 of 1 objective met" in page


async def test_meeting_an_objective_without_evidence_is_refused_at_the_input(ws: Workspace, world: World) -> None:
    await plan(ws, rest="add Close faster")
    answer = await update(ws, {"status": "met"})
    assert list(answer["errors"]) == ["evidence"]
    assert (await objectives(world))[0].status is ObjectiveStatus.OPEN


async def test_a_modal_opened_before_somebody_elses_change_saves_nothing(ws: Workspace, world: World) -> None:
    await plan(ws, rest="add Close faster")
    message = await plan(ws)
    await ws.click("maya", message, ActionId.OBJECTIVE_UPDATE)
    view = ws.opened_views[-1]
    await update(ws, {"current": "7"}, user="leo")
    answer = await ws.submit("maya", view, {"current": "5"})
    assert "nothing was saved. Leo Park changed the objective" in shown(answer["view"])
    assert (await objectives(world))[0].current == "7"


async def test_only_the_team_changes_a_plan(ws: Workspace, world: World) -> None:
    assert "Only the account's team" in shown(await plan(ws, "eve", "add Close faster"))
    assert await objectives(world) == []


async def test_an_objective_past_its_day_is_marked(ws: Workspace, world: World) -> None:
    await plan(ws, rest="add Close faster; days; 3; tomorrow")
    ws.clock.set(world.now + timedelta(days=4))
    assert "🔴 3 days overdue" in shown(await plan(ws))


async def test_many_objectives_come_a_page_at_a_time(ws: Workspace, world: World) -> None:
    async with world.database.transaction() as session:
        account = await session.get_one(Account, world.account_id)
        account.outcome, account.attributes = "o" * 500, {f"action_plan_{n}": "p" * 2000 for n in range(5)}
        for number in range(1, 24):
            fields = ObjectiveFields(
                f"Objective {number} " + "&" * 280,
                measure="m" * 300,
                baseline="b" * 100,
                current="c" * 100,
                target="t" * 100,
                evidence="e" * 3000,
                due_on=world.now.date() + timedelta(days=number),
            )
            await add_objective(session, world.account_id, fields, world.maya, world.now)
    first, last = shown(await plan(ws)), shown(await plan(ws, rest="3"))
    assert "Page 1 of 3" in first
    assert "`/account plan acme 2`" in first
    assert "Objective 10 " in first
    assert "Objective 11 " not in first
    assert "Objective 23 " in last


@pytest.mark.usefixtures("world")
async def test_the_card_tells_how_far_the_plan_is(ws: Workspace) -> None:
    assert "begins one" in shown(await ws.command("maya", "/account", "show acme"))
    await plan(ws, rest="add Close faster; days; 3; 30 Sep 2026")
    await plan(ws, rest="add Pay on time")
    await update(ws, {"status": "met", "evidence": "It is so"})
    card = shown(await ws.command("maya", "/account", "show acme"))
    assert "1 of 2 objectives met" in card


async def test_the_action_plan_and_what_serves_it_are_on_the_plan(play: Play) -> None:
    """Row 2.16: the plan a step writes down, and the dated steps that carry it out. Row 4.1: what a playbook is for."""
    question = {"key": "plan", "label": "The plan", "type": "long_text", "saves_to": "attributes.action_plan"}
    await play.begin(
        {"key": "write-plan", "questions": [question]},
        {"key": "call-support", "due": "3d", "needs": ["write-plan"]},
        objective="Tickets answered within a day",
    )
    message = play.last("maya")
    await play.ws.click("maya", message, ActionId.STEP_COMPLETE)
    await play.ws.submit("maya", play.opened, {"answers.plan": "Maya: a list of tickets, by Friday"})
    page = shown(await plan(play.ws))
    assert "*Action plan*\nMaya: a list of tickets, by Friday" in page
    assert "Test play" in page
    assert "1 of 2 steps done" in page
    assert "next: Call support, due" in page
    assert "Tickets answered within a day" in page


async def test_an_email_draws_its_evidence_from_the_plan(play: Play) -> None:
    """Rows 2.13 and 2.21: the recap of a review tells how each goal stands."""
    await plan(play.ws, rest="add Close faster; days; 3; 30 Sep 2026")
    await update(play.ws, {"status": "met", "evidence": "It is so"})
    await plan(play.ws, rest="add Pay on time")
    await play.begin({"key": "recap", "kind": "email", "email": {"template": "qbr/recap"}})
    await play.ws.click("maya", play.last("maya"), ActionId.STEP_REVIEW_EMAIL)
    body = next(block for block in play.opened["blocks"] if block.get("block_id") == "body")
    assert "- Close faster: reached\n- Pay on time: begun" in body["element"]["initial_value"]


async def test_guidance_tells_of_the_plan(play: Play) -> None:
    await plan(play.ws, rest="add Close *faster*")
    await play.begin({"key": "read", "guidance": "{% for one in plan_open %}Open: {{ one.title }}{% endfor %}"})
    assert "Open: Close \u200b*\u200bfaster\u200b*\u200b" in words_of(play.last("maya"))


async def test_a_contact_can_own_an_objective(ws: Workspace, world: World) -> None:
    await plan(ws, rest="add Close faster")
    await update(ws, {"owner": "Jane Doe"})
    async with world.database.transaction() as session:
        jane = (await session.exec(select(Contact))).one()
    assert [(one.owner_contact_id, one.owner_id) for one in await objectives(world)] == [(jane.id, None)]
