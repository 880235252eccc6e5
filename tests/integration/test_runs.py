import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import delete
from sqlmodel import col

from bot.engine import runs as use
from bot.engine import steps
from bot.errors import AlreadyRunning, InvalidInput, NotAllowed, NotFound, WrongState
from bot.library.loading import Catalog, Problem
from bot.models import (
    AccountRole,
    MemberRole,
    RunStatus,
    StepStatus,
    TouchpointKind,
    TouchpointStatus,
)
from tests.support.world import World, use_playbook

TWO = ({"key": "first"}, {"key": "second", "needs": ["first"]})


async def test_a_playbook_runs_once_at_a_time_on_an_account(world: World) -> None:
    run = await world.start(*TWO)
    with pytest.raises(AlreadyRunning, match="Test play is active on Acme since 2 Mar 2026") as refused:
        await world.start(*TWO)
    assert refused.value.run_id == run


async def test_two_starts_at_once_make_one_run(world: World) -> None:
    started = await asyncio.gather(world.start(*TWO), world.start(*TWO), return_exceptions=True)
    assert sum(isinstance(result, AlreadyRunning) for result in started) == 1


async def test_an_unknown_playbook_is_a_sentence_with_the_next_step(world: World) -> None:
    with pytest.raises(NotFound, match="`/playbook list`"):
        async with world.database.transaction() as session:
            await use.start_run(session, world.library, world.account_id, "none", world.now, actor=world.maya)


async def test_a_broken_playbook_says_where_it_is_broken(world: World) -> None:
    problem = Problem("lifecycle/sad.yaml", 14, "steps[2].due", "expected an offset")
    world.library.catalog = Catalog({}, (problem,))
    with pytest.raises(NotFound, match=r"sad.yaml:14 steps\[2\].due"):
        async with world.database.transaction() as session:
            await use.start_run(session, world.library, world.account_id, "sad", world.now, actor=world.maya)


@pytest.mark.parametrize("who", ["leo", "sam", "eve"])
async def test_only_the_csm_and_leaders_start_playbooks(world: World, who: str) -> None:
    with pytest.raises(NotAllowed):
        await world.start(*TWO, actor=getattr(world, who))


async def test_an_account_without_a_csm_says_how_to_set_one(world: World) -> None:
    async with world.database.transaction() as session:
        await session.exec(delete(AccountRole).where(col(AccountRole.role) == MemberRole.CSM))
    with pytest.raises(InvalidInput, match="`/account edit acme`"):
        await world.start(*TWO, actor=world.dana)


async def test_a_run_stays_on_the_version_it_started_with(world: World) -> None:
    run = await world.start(*TWO)
    use_playbook(world.library, {"key": "changed"})
    first = (await world.steps(run))["first"]
    async with world.database.transaction() as session:
        await steps.complete_step(session, world.library, first.id, world.maya, world.now)
    assert set(await world.steps(run)) == {"first", "second"}


async def test_a_step_whose_condition_is_false_does_not_apply(world: World) -> None:
    run = await world.start(
        {"key": "big", "when": "account.arr > 500000"},
        {"key": "next", "needs": ["big"]},
        {"key": "odd", "when": "account.maturity > 2"},
    )
    after = await world.steps(run)
    assert after["big"].status is after["odd"].status is StepStatus.NOT_APPLICABLE
    assert after["next"].status is StepStatus.OPEN


async def test_a_paused_run_is_silent_and_resumes_where_it_was(world: World) -> None:
    run = await world.start({"key": "first", "due": "2d"})
    async with world.database.transaction() as session:
        assert (await use.pause_run(session, world.library, run, world.maya, world.now)).changed
    async with world.database.transaction() as session:
        assert not (await use.pause_run(session, world.library, run, world.maya, world.now)).changed
    assert await world.touchpoints(status=TouchpointStatus.PLANNED) == []
    first = (await world.steps(run))["first"]
    with pytest.raises(WrongState, match="paused"):
        async with world.database.transaction() as session:
            await steps.complete_step(session, world.library, first.id, world.maya, world.now)
    later = world.now + timedelta(days=5)
    async with world.database.transaction() as session:
        await use.resume_run(session, world.library, run, world.maya, later)
    planned = await world.touchpoints(status=TouchpointStatus.PLANNED, kind=TouchpointKind.DUE)
    assert [touchpoint.fire_at for touchpoint in planned] == [later]


async def test_a_cancelled_run_calls_its_steps_off_and_can_be_started_anew(world: World) -> None:
    run = await world.start(*TWO)
    with pytest.raises(InvalidInput):
        async with world.database.transaction() as session:
            await use.cancel_run(session, world.library, run, world.maya, world.now, reason=" ")
    async with world.database.transaction() as session:
        await use.cancel_run(session, world.library, run, world.maya, world.now, reason="they left")
    assert {step.status for step in (await world.steps(run)).values()} == {StepStatus.CANCELLED}
    assert await world.touchpoints(status=TouchpointStatus.PLANNED) == []
    again = await world.start(*TWO)
    assert (await world.run(again)).status is RunStatus.ACTIVE


async def test_day_zero_is_the_day_it_is_where_the_csm_is(world: World) -> None:
    world.now = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)  # past midnight in Berlin
    run = await world.start({"key": "first", "due": "1d"})
    assert (await world.steps(run))["first"].due_on == date(2026, 3, 4)


async def test_a_step_that_follows_from_ones_own_action_speaks_up_at_once_even_on_a_sunday(world: World) -> None:
    world.now = datetime(2026, 3, 1, 20, tzinfo=UTC)
    await world.start({"key": "mine"}, {"key": "theirs", "role": "ae"})
    planned = {t.step_id: t for t in await world.touchpoints(kind=TouchpointKind.DUE)}
    mine, theirs = sorted(planned.values(), key=lambda touchpoint: touchpoint.step_id or 0)
    assert (mine.fire_at, mine.at_once) == (world.now, True)
    assert (theirs.fire_at, theirs.at_once) == (datetime(2026, 3, 2, 14, tzinfo=UTC), False)


async def test_an_escalation_step_raises_its_escalation_with_its_merge_tags_filled_in(world: World) -> None:
    call = {"to": "leader", "ask": "Call {{ account.name }}.", "severity": "high"}
    await world.start({"key": "shout", "kind": "escalation", "escalation": call})
    assert "escalated to Dana Reyes (high): Call Acme." in await world.timeline()
