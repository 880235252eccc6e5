"""Row 4.12: one playbook on many accounts, in pages and short transactions."""

from datetime import date

import pytest
from sqlmodel import select

from bot.engine.bulk import ask_for_many, check_condition, count_matching, segment_condition, start_some
from bot.errors import InvalidInput, NotAllowed
from bot.models import BulkStart, DeliveryKind, MemberRole, Run, Stage
from bot.schedule.bulk import finish_bulk
from tests.support.accounts import Book
from tests.support.world import World, use_playbook

SMB = segment_condition("smb")


@pytest.fixture
async def world(world: World) -> World:
    """acme, and seven more in the segment smb: five with a CSM, one without, one that has churned; two enterprises."""
    book = Book(world.database, world.now)
    team = {MemberRole.CSM: world.maya.member_id}
    for number in range(5):
        await book.account(f"small-{number}", team)
    await book.account("nobodys")
    await book.account("gone", team, stage=Stage.CHURNED.value)
    for number in range(2):
        await book.account(f"big-{number}", team, segment="enterprise")
    use_playbook(world.library, {"key": "one"})
    return world


async def ask(world: World, condition: str = SMB) -> int:
    playbook = world.library.playbook("test-play")
    async with world.database.transaction() as session:
        return (await ask_for_many(session, playbook, condition, world.dana, world.now)).id


async def test_it_says_how_many_and_on_how_many_it_is_under_way(world: World) -> None:
    await world.start({"key": "one"})
    async with world.database.reading() as connection:
        found = await count_matching(connection, world.library.playbook("test-play"), SMB, world.now)
    assert (found.accounts, found.running) == (7, 1)
    assert "acme" not in found.keys
    assert "gone" not in found.keys


async def test_it_starts_on_all_of_them_and_the_one_who_asked_hears_how_it_went(world: World) -> None:
    await world.start({"key": "one"})
    bulk = await finish_bulk(world.database, world.library, await ask(world), world.now)
    assert (bulk.started, bulk.running, bulk.refused) == (5, 1, 1)
    (notice,) = await world.deliveries(kind=DeliveryKind.NOTICE)
    assert notice.member_id == world.dana.member_id
    assert notice.payload["text"].startswith("Test play started on 5 accounts. It was under way on 1 already. On 1 it")


async def test_after_a_crash_it_goes_on_where_it_was(world: World) -> None:
    bulk_id = await ask(world)
    async with world.database.transaction() as session:
        assert await start_some(session, world.library, await session.get_one(BulkStart, bulk_id), world.now, 3)
    with pytest.raises(RuntimeError):
        async with world.database.transaction() as session:
            await start_some(session, world.library, await session.get_one(BulkStart, bulk_id), world.now, 3)
            raise RuntimeError("the worker dies")
    bulk = await finish_bulk(world.database, world.library, bulk_id, world.now)
    async with world.database.transaction() as session:
        runs = (await session.exec(select(Run))).all()
    assert bulk.started == len(runs) == len({run.account_id for run in runs}) == 6


async def test_asking_twice_starts_nothing_twice(world: World) -> None:
    await finish_bulk(world.database, world.library, await ask(world), world.now)
    again = await finish_bulk(world.database, world.library, await ask(world), world.now)
    assert (again.started, again.running) == (0, 6)


async def test_only_leaders_start_on_many(world: World) -> None:
    with pytest.raises(NotAllowed, match="Only leaders"):
        async with world.database.transaction() as session:
            await ask_for_many(session, world.library.playbook("test-play"), SMB, world.maya, world.now)


async def test_a_playbook_that_went_in_the_meantime_is_told(world: World) -> None:
    bulk_id = await ask(world)
    use_playbook(world.library, {"key": "one"}, key="other-play")
    world.library.catalog = type(world.library.catalog)()
    bulk = await finish_bulk(world.database, world.library, bulk_id, world.now)
    assert bulk.finished_at
    (notice,) = await world.deliveries(kind=DeliveryKind.NOTICE)
    assert "There is no playbook `test-play`" in notice.payload["text"]


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("account.sgment == 'smb'", r"'sgment' is not a field of the account \(did you mean segment\?\)"),
        ("account.arr >", "not a CEL expression"),
    ],
)
def test_a_condition_with_a_mistake_is_refused(written: str, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        check_condition(written)


async def test_a_condition_may_ask_for_dates(world: World) -> None:
    async with world.database.reading() as connection:
        playbook = world.library.playbook("test-play")
        found = await count_matching(connection, playbook, "account.days_until_renewal_date > 0", world.now)
    assert (date(2026, 9, 1), found.accounts, found.keys) == ((await world.account()).renewal_date, 1, ("acme",))
