from datetime import date

import pytest
from sqlmodel import select

from bot.engine import escalations as use
from bot.engine.accounts import set_account_role
from bot.engine.actors import Actor
from bot.engine.raising import raise_escalation
from bot.errors import InvalidInput, NotAllowed, NotFound, WrongState
from bot.models import (
    DeliveryKind,
    Escalation,
    EscalationStatus,
    MemberRole,
    RunStatus,
    Severity,
    StepStatus,
)
from tests.support.world import World


async def raised(
    world: World,
    *,
    ask: str = "Please call their CFO.",
    deadline: date | None = None,
    target: MemberRole = MemberRole.AE,
) -> int:
    async with world.database.transaction() as session:
        escalation = await raise_escalation(
            session,
            world.library,
            world.account_id,
            world.maya,
            world.now,
            target=target,
            severity=Severity.HIGH,
            ask=ask,
            deadline=deadline,
        )
        return escalation.id


async def stored(world: World, escalation_id: int) -> Escalation:
    async with world.database.transaction() as session:
        return await session.get_one(Escalation, escalation_id)


async def acknowledge(world: World, escalation_id: int, actor: Actor) -> use.EscalationChange:
    async with world.database.transaction() as session:
        return await use.acknowledge_escalation(session, escalation_id, actor, world.now)


async def resolve(
    world: World, escalation_id: int, actor: Actor, resolution: str = "they renewed"
) -> use.EscalationChange:
    async with world.database.transaction() as session:
        return await use.resolve_escalation(
            session, world.library, escalation_id, actor, world.now, resolution=resolution
        )


async def test_raising_posts_to_the_channel_and_goes_to_the_accounts_ae(world: World) -> None:
    escalation = await stored(world, await raised(world))
    assert escalation.owner_id == world.leo.member_id
    [delivery] = await world.deliveries(kind=DeliveryKind.ESCALATION)
    assert delivery.payload == {"escalation_id": escalation.id}
    assert "escalated to Leo Park (high): Please call their CFO." in await world.timeline()


@pytest.mark.parametrize(
    ("said", "field"),
    [({"ask": " "}, "ask"), ({"ask": "x" * 2001}, "ask"), ({"deadline": date(2026, 3, 1)}, "deadline")],
)
async def test_an_ask_without_words_or_a_deadline_that_is_past_is_refused(
    world: World, said: dict[str, object], field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        await raised(world, **said)  # type: ignore[arg-type]
    assert refused.value.field == field
    assert await world.deliveries(kind=DeliveryKind.ESCALATION) == []


async def test_a_target_nobody_plays_goes_to_the_leader(world: World) -> None:
    async with world.database.transaction() as session:
        await set_account_role(session, world.account_id, MemberRole.AE, None)
    assert (await stored(world, await raised(world))).owner_id == world.dana.member_id


async def test_whoever_acknowledges_owns_it_and_a_second_click_says_so(world: World) -> None:
    escalation = await raised(world)
    assert (await acknowledge(world, escalation, world.dana)).changed
    again = await acknowledge(world, escalation, world.dana)
    assert (again.changed, again.sentence) == (False, "Dana Reyes has acknowledged this already.")
    assert (await stored(world, escalation)).owner_id == world.dana.member_id


@pytest.mark.parametrize("who", ["sam", "eve"])
async def test_people_outside_the_account_cannot_answer(world: World, who: str) -> None:
    escalation = await raised(world)
    with pytest.raises(NotAllowed):
        await acknowledge(world, escalation, getattr(world, who))


async def test_asking_back_tells_whoever_raised_it(world: World) -> None:
    escalation = await raised(world)
    async with world.database.transaction() as session:
        await use.ask_for_info(session, escalation, world.leo, world.now, question="Who is their CFO?")
    assert (await stored(world, escalation)).status is EscalationStatus.INFO_NEEDED
    [notice] = await world.deliveries(kind=DeliveryKind.NOTICE)
    assert notice.member_id == world.maya.member_id
    assert notice.payload["text"] == "About your escalation: Leo Park asks: Who is their CFO?"


async def test_a_resolved_escalation_stays_resolved(world: World) -> None:
    escalation = await raised(world)
    assert (await resolve(world, escalation, world.leo)).changed
    again = await resolve(world, escalation, world.dana, "something else")
    assert again.sentence == "Leo Park has resolved this already: they renewed"
    with pytest.raises(WrongState):
        await acknowledge(world, escalation, world.dana)


async def test_resolving_needs_words(world: World) -> None:
    escalation = await raised(world)
    with pytest.raises(InvalidInput) as refused:
        await resolve(world, escalation, world.leo, "  ")
    assert refused.value.field == "resolution"


async def test_resolving_completes_the_step_that_raised_it(world: World) -> None:
    call = {"to": "leader", "ask": "Call them."}
    run = await world.start({"key": "shout", "kind": "escalation", "escalation": call})
    async with world.database.transaction() as session:
        escalation = (await session.exec(select(Escalation))).one()
    await resolve(world, escalation.id, world.dana)
    assert (await world.steps(run))["shout"].status is StepStatus.DONE
    assert (await world.run(run)).status is RunStatus.COMPLETED


async def test_an_escalation_that_is_gone_is_not_found(world: World) -> None:
    with pytest.raises(NotFound):
        await acknowledge(world, 999, world.dana)
