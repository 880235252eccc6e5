"""One thread in which several teams work on one account. Rows 2.36 and 4.23."""

from datetime import datetime
from typing import Any

import pytest

from bot.db import Database
from bot.engine.accounts import set_account_role
from bot.engine.answers import Completion
from bot.engine.runs import start_run
from bot.engine.steps import complete_step
from bot.models import DeliveryKind, MemberRole
from tests.support.accounts import Book
from tests.support.shipped import shipped
from tests.support.world import World, make_world


@pytest.fixture
async def world(sqlite: Database, now: datetime) -> World:
    """Ben is acme's support, Pia its product manager, Sam its specialist."""
    world = await make_world(sqlite, now)
    world.library = shipped()
    book = Book(sqlite, now)
    people = {
        MemberRole.SUPPORT: await book.member("ben", MemberRole.SUPPORT),
        MemberRole.PRODUCT: await book.member("pia", MemberRole.PRODUCT),
        MemberRole.SPECIALIST: world.sam.member_id,
    }
    async with sqlite.transaction() as session:
        for role, member_id in people.items():
            await set_account_role(session, world.account_id, role, member_id)
    return world


async def started_by_a_rule(world: World) -> int:
    async with world.database.transaction() as session:
        run = await start_run(session, world.library, world.account_id, "root-cause", world.now, actor=None)
        return run.id


async def news(world: World) -> list[dict[str, Any]]:
    return [row.payload for row in await world.deliveries(kind=DeliveryKind.ESCALATION_UPDATE)]


async def test_the_parallel_tasks_of_a_run_that_a_rule_started_are_told_in_one_thread(world: World) -> None:
    """Rows 2.36 and 4.23: support, product, specialist and CSM are called into the thread of the run's escalation."""
    run_id = await started_by_a_rule(world)
    [escalation] = await world.deliveries(kind=DeliveryKind.ESCALATION)
    [told] = await news(world)
    assert told["escalation_id"] == escalation.payload["escalation_id"]
    first, *lines = told["text"].split("\n")
    assert first == "Root cause of tickets and falling use: what is to be done now, in this thread"
    assert "•  Sort the tickets by what people wanted to do: Ben (support), by Wed 4 Mar" in lines
    assert "•  Say what has changed in the product for them: Pia (product), by Wed 4 Mar" in lines
    assert "•  Watch two people there do the task: Sam Okoye (specialist), by Thu 5 Mar" in lines
    assert "•  Put both curves side by side: Maya Lindt (csm), by Tue 3 Mar" in lines
    steps = await world.steps(run_id)
    others = {steps[key].assignee_id for key in ("sort-tickets", "check-product", "watch-them", "figures")}
    assert set(told["mention_member_ids"]) == others


async def test_what_each_of_them_found_is_read_in_the_thread(world: World) -> None:
    """Row 4.23."""
    steps = await world.steps(await started_by_a_rule(world))
    async with world.database.transaction() as session:
        answers = {"tasks": "Export of invoices: 31 tickets"}
        found = Completion(answers=answers)
        await complete_step(session, world.library, steps["sort-tickets"].id, world.dana, world.now, found)
    assert (await news(world))[-1]["text"] == (
        "Dana Reyes completed “Sort the tickets by what people wanted to do”.\n"
        "•  The tasks people got stuck in, with the number of tickets: Export of invoices: 31 tickets"
    )
