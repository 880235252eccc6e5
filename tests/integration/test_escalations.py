from datetime import UTC, date, datetime

import pytest
from sqlmodel import select

from bot.engine import escalations as use
from bot.engine.accounts import set_account_role
from bot.engine.actors import Actor
from bot.engine.raising import raise_escalation
from bot.engine.steps import block_step
from bot.errors import InvalidInput, NotAllowed, NotFound, WrongState
from bot.models import (
    Account,
    DeliveryKind,
    Escalation,
    EscalationStatus,
    MemberRole,
    Rung,
    RunStatus,
    Severity,
    StepStatus,
)
from tests.support.world import World, change_members


async def raised(
    world: World,
    *,
    ask: str = "Please call their CFO.",
    deadline: date | None = None,
    target: MemberRole = MemberRole.AE,
    by: Actor | None = None,
    at: datetime | None = None,
    step_id: int | None = None,
    run_id: int | None = None,
) -> int:
    async with world.database.transaction() as session:
        escalation = await raise_escalation(
            session,
            world.library,
            world.account_id,
            by or world.maya,
            at or world.now,
            target=target,
            severity=Severity.HIGH,
            ask=ask,
            deadline=deadline,
            step_id=step_id,
            run_id=run_id,
        )
        return escalation.id


async def climb(world: World, escalation_id: int) -> str | None:
    async with world.database.transaction() as session:
        escalation = await session.get_one(Escalation, escalation_id)
        return await use.climb(session, world.library, escalation, world.now)


async def notices(world: World) -> list[tuple[int | None, str]]:
    return [(row.member_id, row.payload["text"]) for row in await world.deliveries(kind=DeliveryKind.NOTICE)]


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


HALF_PAST_EIGHT_IN_NEW_YORK = datetime(2026, 3, 3, 1, 30, tzinfo=UTC)


async def test_today_is_the_day_it_is_where_the_person_is(world: World) -> None:
    evening = HALF_PAST_EIGHT_IN_NEW_YORK
    escalation = await stored(world, await raised(world, by=world.leo, at=evening, deadline=date(2026, 3, 2)))
    assert escalation.deadline == date(2026, 3, 2)
    with pytest.raises(InvalidInput):
        await raised(world, by=world.maya, at=evening, deadline=date(2026, 3, 2))


async def test_only_the_accounts_team_and_leaders_can_escalate(world: World) -> None:
    with pytest.raises(NotAllowed, match="Only the account's team or a leader can escalate for this account"):
        await raised(world, by=world.sam)
    async with world.database.transaction() as session:
        await set_account_role(session, world.account_id, MemberRole.LEADER, None)
    assert (await stored(world, await raised(world, by=world.dana))).raised_by_id == world.dana.member_id


async def test_a_colleague_with_a_step_can_escalate_about_that_step(world: World) -> None:
    async with world.database.transaction() as session:
        await set_account_role(session, world.account_id, MemberRole.SPECIALIST, world.sam.member_id)
    steps = await world.steps(await world.start({"key": "mine", "role": "specialist"}, {"key": "other"}))
    async with world.database.transaction() as session:
        await set_account_role(session, world.account_id, MemberRole.SPECIALIST, None)
    assert (await stored(world, await raised(world, by=world.sam, step_id=steps["mine"].id))).step_id
    with pytest.raises(NotAllowed):
        await raised(world, by=world.sam, step_id=steps["other"].id)


@pytest.mark.parametrize("foreign", ["step_id", "run_id"])
async def test_a_step_or_run_of_another_account_is_not_found(world: World, foreign: str) -> None:
    run = await world.start({"key": "theirs"})
    ids = {"step_id": (await world.steps(run))["theirs"].id, "run_id": run}
    async with world.database.transaction() as session:
        globex = Account(key="globex", name="Globex", created_at=world.now, updated_at=world.now)
        session.add(globex)
        await session.flush()
        world.account_id = globex.id
    with pytest.raises(NotFound):
        await raised(world, by=world.dana, **{foreign: ids[foreign]})  # type: ignore[arg-type]


async def test_climbing_mentions_and_tells_the_next_person(world: World) -> None:
    escalation = await raised(world)
    sentence = await climb(world, escalation)
    [update] = await world.deliveries(kind=DeliveryKind.ESCALATION_UPDATE)
    assert update.payload == {
        "escalation_id": escalation,
        "text": sentence,
        "mention_member_ids": [world.dana.member_id],
    }
    [(told, text)] = await notices(world)
    assert told == world.dana.member_id
    assert text == (
        "The high escalation for Acme: Leo Park has not acknowledged it in time, so it is now with you. "
        "Please acknowledge it in the escalation channel. What is needed: Please call their CFO."
    )


async def test_a_leader_without_a_deputy_is_followed_by_another_leader(world: World) -> None:
    await change_members(world, eve={"role": MemberRole.LEADER})
    escalation = await raised(world, target=MemberRole.LEADER)
    await climb(world, escalation)
    after = await stored(world, escalation)
    assert (after.owner_id, after.rung) == (world.eve.member_id, Rung.LEADER)
    assert [member for member, _ in await notices(world)] == [world.eve.member_id]


async def test_the_only_leader_is_reminded_once(world: World) -> None:
    escalation = await raised(world, target=MemberRole.LEADER)
    planned = len(await world.touchpoints(escalation_id=escalation))
    await climb(world, escalation)
    assert (await stored(world, escalation)).owner_id == world.dana.member_id
    [(told, text)] = await notices(world)
    assert (told, "there is nobody else to ask" in text) == (world.dana.member_id, True)
    assert len(await world.touchpoints(escalation_id=escalation)) == planned  # nothing will remind her again


@pytest.mark.parametrize("who", ["leo", "eve"])
async def test_who_had_it_and_their_deputy_may_still_acknowledge_after_it_climbed(world: World, who: str) -> None:
    await change_members(world, leo={"deputy_id": world.eve.member_id})
    escalation = await raised(world)
    await climb(world, escalation)
    await climb(world, escalation)
    assert (await stored(world, escalation)).owner_id == world.dana.member_id
    actor: Actor = getattr(world, who)
    assert (await acknowledge(world, escalation, actor)).changed
    assert (await stored(world, escalation)).owner_id == actor.member_id


CALL = {"key": "shout", "kind": "escalation", "escalation": {"to": "leader", "ask": "Call them."}}


async def test_resolving_what_a_person_escalated_from_a_step_leaves_the_step_open(world: World) -> None:
    run = await world.start(CALL)
    step = (await world.steps(run))["shout"]
    await resolve(world, await raised(world, step_id=step.id), world.dana)
    assert (await world.steps(run))["shout"].status is StepStatus.OPEN


async def test_resolving_completes_a_step_that_was_blocked_meanwhile(world: World) -> None:
    run = await world.start(CALL)
    step = (await world.steps(run))["shout"]
    async with world.database.transaction() as session:
        await block_step(session, world.library, step.id, world.maya, world.now, reason="Dana is away")
        escalation = (await session.exec(select(Escalation))).one()
    await resolve(world, escalation.id, world.dana)
    assert (await world.steps(run))["shout"].status is StepStatus.DONE


async def test_a_csm_cannot_stop_the_clock_of_what_they_asked_of_somebody_else(world: World) -> None:
    escalation = await raised(world)
    with pytest.raises(NotAllowed, match="You can still resolve it"):
        await acknowledge(world, escalation, world.maya)
    assert (await stored(world, escalation)).acknowledged_at is None
