"""Which rules may act, and what happens when one would act on many. On both kinds of database. Rows 1.28 and 4.45."""

from datetime import timedelta

import pytest
from sqlmodel import select

from bot.engine.rules.standing import let_act, load_states, switch_off
from bot.errors import NotAllowed, WrongState
from bot.models import DeliveryKind, DueEvaluation, RuleState, RuleStatus
from bot.schedule.ruling import evaluate_due, remove_looked_at, weigh_held
from bot.signals.rules.backtest import replay
from tests.support.rules import add_accounts, firings, make_rule, measure, services_of, use_rules
from tests.support.world import World, use_playbook

DROPPED = (48.0,) * 28 + (31.0,) * 7
ALERT = {"alert": {"to": "csm"}}


async def status(world: World, key: str = "drop") -> RuleStatus:
    async with world.database.reading() as connection:
        return (await load_states(connection))[key].status


async def state(world: World, key: str = "drop") -> RuleState:
    async with world.database.transaction() as session:
        return await session.get_one(RuleState, key)


async def test_what_is_there_at_first_acts_and_what_comes_later_waits(world: World) -> None:
    """Nobody publishes a rule blind."""
    await use_rules(world, make_rule(then=ALERT))
    assert await status(world) is RuleStatus.ACTIVE
    reworded = make_rule(then=ALERT, title="Other words", about="For the same.")
    await use_rules(world, reworded)
    assert await status(world) is RuleStatus.ACTIVE
    await use_rules(world, make_rule(then=ALERT, cool_down=5), make_rule(key="new", then=ALERT))
    assert (await status(world), await status(world, "new")) == (RuleStatus.HELD, RuleStatus.HELD)
    await measure(world, "active_users", *DROPPED)
    assert await evaluate_due(services_of(world), world.now) == 0


async def test_a_held_rule_is_weighed_and_its_owner_asked_once(world: World) -> None:
    await use_rules(world)
    await use_rules(world, make_rule(then=ALERT))
    await measure(world, "active_users", *DROPPED)
    assert await weigh_held(services_of(world), world.now) == 1
    assert await weigh_held(services_of(world), world.now) == 0
    (asked,) = await world.deliveries(kind=DeliveryKind.RULE_HELD)
    assert asked.member_id == world.dana.member_id
    held = await state(world)
    assert (held.held_for, held.backtest["firings"], held.backtest["became"]) == (1, 1, {"customer": 1})
    async with world.database.transaction() as session:
        with pytest.raises(NotAllowed):
            await let_act(session, world.library, "drop", world.maya, world.now)
        with pytest.raises(WrongState):
            await let_act(session, world.library, "drop", world.dana, world.now, digest="another")
        change = await let_act(session, world.library, "drop", world.dana, world.now)
    assert change.sentence == "“Use fell” acts from now on."
    assert await evaluate_due(services_of(world), world.now) == 1


async def test_a_rule_that_would_act_on_many_is_held_until_somebody_lets_it(world: World) -> None:
    """Row 4.45. 5 % of the accounts, at least 25, unless the rule says something else."""
    await use_rules(world, make_rule(then=ALERT, most_at_once=3), make_rule(key="calm", then=ALERT, most_at_once=5))
    for account_id in (world.account_id, *await add_accounts(world, 3)):
        await measure(world, "active_users", *DROPPED, account_id=account_id)
    assert await evaluate_due(services_of(world), world.now) == 4
    assert {firing.rule_key for firing in await firings(world)} == {"calm"}
    assert await status(world) is RuleStatus.HELD
    await weigh_held(services_of(world), world.now)
    assert (await state(world)).held_for == 4
    async with world.database.transaction() as session:
        await let_act(session, world.library, "drop", world.dana, world.now)
    assert await evaluate_due(services_of(world), world.now) == 4
    assert await status(world) is RuleStatus.ACTIVE


async def test_a_flood_in_small_waves_is_a_flood(world: World) -> None:
    """What a rule did in the last day counts."""
    await use_rules(world, make_rule(then=ALERT, most_at_once=2))
    first, second, third = await add_accounts(world, 3)
    for account_id in (first, second, third):
        await measure(world, "active_users", *DROPPED, account_id=account_id)
        await evaluate_due(services_of(world), world.now)
    assert [firing.account_id for firing in await firings(world)] == [first, second]
    assert await status(world) is RuleStatus.HELD


async def test_a_rule_that_is_off_stays_off_when_its_file_changes(world: World) -> None:
    await use_rules(world, make_rule(then=ALERT))
    async with world.database.transaction() as session:
        await switch_off(session, world.library, "drop", world.dana, world.now)
    await use_rules(world, make_rule(then=ALERT, cool_down=3))
    assert await status(world) is RuleStatus.OFF
    await measure(world, "active_users", *DROPPED)
    assert await evaluate_due(services_of(world), world.now) == 0


async def test_a_signal_that_comes_in_meanwhile_puts_the_account_back(world: World) -> None:
    await use_rules(world, make_rule(then=ALERT))
    await measure(world, "active_users", 48.0)
    services = services_of(world)
    waiting = {world.account_id: world.now - timedelta(seconds=5)}  # as it was seen; the row is newer
    async with world.database.transaction() as session:
        await remove_looked_at(session, waiting)
    async with world.database.transaction() as session:
        assert len((await session.exec(select(DueEvaluation))).all()) == 1
    await evaluate_due(services, world.now)
    async with world.database.transaction() as session:
        assert (await session.exec(select(DueEvaluation))).all() == []


async def test_a_backtest_says_who_when_and_what_became_of_them(world: World) -> None:
    """Backtest: day by day, with the run that a recovery would have ended."""
    use_playbook(world.library, {"key": "call"}, {"key": "write"}, {"key": "help", "role": "specialist"})
    rules = [
        make_rule(),
        make_rule(key="back", when="measures.now >= at_start.before * 0.9", then={"exit": "test-play"}),
    ]
    await use_rules(world, *rules)
    await measure(world, "active_users", *(48.0,) * 30, *(20.0,) * 10, *(48.0,) * 20)
    async with world.database.reading() as connection:
        since = (world.now - timedelta(days=40)).date()
        drop, back = await replay(connection, world.library, rules, since, world.now)
    ((firing, ended),) = zip(drop.firings, back.firings, strict=True)
    began = world.now - timedelta(days=30)
    assert timedelta(0) < firing.day - began.date() <= timedelta(days=5)
    assert timedelta(days=7) < ended.day - firing.day < timedelta(days=15)
    assert drop.tasks == 2
    assert drop.weekly_tasks() == {"Maya Lindt": pytest.approx(2 * 7 / 41)}
    assert drop.became() == {"customer": 1}
    assert drop.looked_at == 1
    assert await firings(world) == []
