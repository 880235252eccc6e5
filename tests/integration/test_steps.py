import asyncio
from datetime import date, timedelta
from typing import Any

import pytest
from sqlmodel import select

from bot.engine import steps as use
from bot.engine.accounts import edit_account
from bot.engine.actors import Actor
from bot.engine.answers import Completion
from bot.engine.milestones import reach_milestone
from bot.errors import InvalidInput, NotAllowed, NotFound, WrongState
from bot.library.library import Library
from bot.models import (
    DeliveryKind,
    Escalation,
    MemberRole,
    Milestone,
    MilestoneStatus,
    RunStatus,
    Stage,
    StepStatus,
    TouchpointKind,
    TouchpointStatus,
)
from bot.reports.step_forms import may_ask
from tests.support.world import World

TWO = ({"key": "first"}, {"key": "second", "needs": ["first"], "due": "first + 2d"})


async def complete(world: World, step_id: int, actor: Actor | None = None, **said: Any) -> use.StepChange:
    async with world.database.transaction() as session:
        completion = Completion(**said)
        return await use.complete_step(session, world.library, step_id, actor or world.maya, world.now, completion)


async def test_completing_a_step_opens_what_needs_it(world: World) -> None:
    run = await world.start(*TWO)
    steps = await world.steps(run)
    assert (steps["first"].status, steps["second"].status) == (StepStatus.OPEN, StepStatus.WAITING)
    change = await complete(world, steps["first"].id)
    assert change.changed
    after = await world.steps(run)
    assert (after["first"].status, after["second"].status) == (StepStatus.DONE, StepStatus.OPEN)
    assert after["second"].due_on == date(2026, 3, 4)
    assert "completed “First”" in await world.timeline()


async def test_a_second_completion_changes_nothing_and_says_who_did(world: World) -> None:
    run = await world.start(*TWO)
    first = (await world.steps(run))["first"]
    await complete(world, first.id)
    entries = await world.timeline()
    again = await complete(world, first.id, world.dana)
    assert not again.changed
    assert again.sentence == "Maya Lindt completed “First” just now."
    assert await world.timeline() == entries


async def test_two_people_completing_at_once_complete_it_once(world: World) -> None:
    run = await world.start(*TWO)
    first = (await world.steps(run))["first"]
    changes = await asyncio.gather(complete(world, first.id), complete(world, first.id, world.dana))
    assert sorted(change.changed for change in changes) == [False, True]
    assert (await world.timeline()).count("completed “First”") == 1


async def test_whether_completing_may_ask_is_told_by_a_glance(world: World) -> None:
    run = await world.start({"key": "plain"}, {"key": "asking", "artefact": {"label": "Link", "type": "link"}})
    steps = await world.steps(run)

    async def asks(key: str, library: Library = world.library) -> bool:
        async with world.database.glance() as reader:
            return await may_ask(reader, library, steps[key].id)

    assert await asks("plain", Library(world.library.directory))  # a process that never saw the playbook cannot know
    await complete(world, steps["plain"].id)
    assert not await asks("plain", Library(world.library.directory))  # what is finished asks nothing
    assert await asks("asking")
    async with world.database.transaction() as session:
        await use.undo_step(session, world.library, steps["plain"].id, world.maya, world.now)
    assert not await asks("plain")


async def test_a_waiting_step_cannot_be_completed_and_says_for_what_it_waits(world: World) -> None:
    run = await world.start(*TWO)
    with pytest.raises(WrongState, match="waits for “First”"):
        await complete(world, (await world.steps(run))["second"].id)


async def test_the_run_completes_with_its_last_required_step(world: World) -> None:
    run = await world.start({"key": "only"}, {"key": "extra", "optional": True})
    steps = await world.steps(run)
    await complete(world, steps["only"].id)
    assert (await world.run(run)).status is RunStatus.COMPLETED
    assert (await world.steps(run))["extra"].status is StepStatus.CANCELLED


@pytest.mark.parametrize("who", ["leo", "sam", "eve"])
async def test_only_the_assignee_the_csm_and_leaders_change_a_step(world: World, who: str) -> None:
    run = await world.start(*TWO)
    with pytest.raises(NotAllowed):
        await complete(world, (await world.steps(run))["first"].id, getattr(world, who))


@pytest.mark.parametrize("who", ["leo", "maya", "dana"])
async def test_assignee_csm_and_leader_may_complete(world: World, who: str) -> None:
    run = await world.start({"key": "first", "role": "ae"})
    assert (await complete(world, (await world.steps(run))["first"].id, getattr(world, who))).changed


async def test_an_unknown_step_is_not_found(world: World) -> None:
    with pytest.raises(NotFound):
        await complete(world, 999)


async def test_a_role_nobody_has_goes_to_the_csm_and_says_so(world: World) -> None:
    run = await world.start({"key": "train", "role": "specialist"})
    step = (await world.steps(run))["train"]
    assert (step.assignee_id, step.role_missing, step.role) == (world.maya.member_id, True, MemberRole.SPECIALIST)


async def test_undo_within_ten_minutes_puts_everything_back(world: World) -> None:
    run = await world.start(*TWO)
    first = (await world.steps(run))["first"]
    await complete(world, first.id)
    async with world.database.transaction() as session:
        await use.undo_step(session, world.library, first.id, world.maya, world.now + timedelta(minutes=9))
    steps = await world.steps(run)
    assert (steps["first"].status, steps["second"].status) == (StepStatus.OPEN, StepStatus.WAITING)
    planned = await world.touchpoints(status=TouchpointStatus.PLANNED)
    assert {touchpoint.step_id for touchpoint in planned} == {first.id}


async def test_undo_after_ten_minutes_is_refused(world: World) -> None:
    run = await world.start(*TWO)
    first = (await world.steps(run))["first"]
    await complete(world, first.id)
    with pytest.raises(WrongState, match="ten minutes"):
        async with world.database.transaction() as session:
            await use.undo_step(session, world.library, first.id, world.maya, world.now + timedelta(minutes=11))


async def test_undo_is_refused_once_a_later_step_was_finished(world: World) -> None:
    run = await world.start(*TWO, {"key": "third", "needs": ["second"]})
    steps = await world.steps(run)
    await complete(world, steps["first"].id)
    await complete(world, steps["second"].id)
    with pytest.raises(WrongState, match="“Second” was finished since"):
        async with world.database.transaction() as session:
            await use.undo_step(session, world.library, steps["first"].id, world.maya, world.now)


async def test_undoing_the_last_step_brings_the_run_and_its_optional_steps_back(world: World) -> None:
    run = await world.start({"key": "only"}, {"key": "extra", "optional": True})
    only = (await world.steps(run))["only"]
    await complete(world, only.id)
    async with world.database.transaction() as session:
        await use.undo_step(session, world.library, only.id, world.maya, world.now)
    assert (await world.run(run)).status is RunStatus.ACTIVE
    assert (await world.steps(run))["extra"].status is StepStatus.OPEN


async def test_skipping_needs_a_reason_and_opens_what_follows(world: World) -> None:
    run = await world.start(*TWO)
    first = (await world.steps(run))["first"]
    with pytest.raises(InvalidInput) as refused:
        async with world.database.transaction() as session:
            await use.skip_step(session, world.library, first.id, world.maya, world.now, reason="  ")
    assert refused.value.field == "reason"
    async with world.database.transaction() as session:
        await use.skip_step(session, world.library, first.id, world.maya, world.now, reason="they did it themselves")
    steps = await world.steps(run)
    assert (steps["first"].status, steps["first"].reason) == (StepStatus.SKIPPED, "they did it themselves")
    assert steps["second"].status is StepStatus.OPEN


async def test_snoozing_moves_the_step_its_touchpoints_and_what_counts_from_it(world: World) -> None:
    run = await world.start({"key": "first"}, {"key": "second", "due": "first + 2d"})
    first = (await world.steps(run))["first"]
    until = date(2026, 3, 9)
    async with world.database.transaction() as session:
        change = await use.snooze_step(session, world.library, first.id, world.maya, world.now, until=until)
    assert change.sentence == "Maya Lindt snoozed “First” until Mon 09 Mar."
    assert change.step.first_due_on == first.due_on  # by which the health of the account still goes
    steps = await world.steps(run)
    assert (steps["first"].due_on, steps["second"].due_on) == (until, date(2026, 3, 11))
    due = await world.touchpoints(step_id=first.id, status=TouchpointStatus.PLANNED, kind=TouchpointKind.DUE)
    assert [touchpoint.fire_at.isoformat() for touchpoint in due] == ["2026-03-09T08:00:00+00:00"]  # 9:00 in Berlin


@pytest.mark.parametrize("until", [date(2026, 3, 2), date(2026, 3, 1), date(2028, 1, 1)])
async def test_snoozing_to_today_the_past_or_far_away_is_refused(world: World, until: date) -> None:
    run = await world.start(*TWO)
    first = (await world.steps(run))["first"]
    with pytest.raises(InvalidInput) as refused:
        async with world.database.transaction() as session:
            await use.snooze_step(session, world.library, first.id, world.maya, world.now, until=until)
    assert refused.value.field == "until"


async def test_reassigning_gives_the_step_and_its_touchpoints_to_the_other(world: World) -> None:
    run = await world.start({"key": "first", "due": "3d"})
    first = (await world.steps(run))["first"]
    async with world.database.transaction() as session:
        await use.reassign_step(session, world.library, first.id, world.maya, world.now, member_id=world.leo.member_id)
    assert (await world.steps(run))["first"].assignee_id == world.leo.member_id
    due = await world.touchpoints(status=TouchpointStatus.PLANNED, kind=TouchpointKind.DUE)
    assert [touchpoint.fire_at.isoformat() for touchpoint in due] == ["2026-03-05T14:00:00+00:00"]  # 9:00 in New York


async def test_a_blocked_step_is_not_nudged_and_can_be_unblocked(world: World) -> None:
    run = await world.start(*TWO)
    first = (await world.steps(run))["first"]
    async with world.database.transaction() as session:
        await use.block_step(session, world.library, first.id, world.maya, world.now, reason="waiting for legal")
    assert await world.touchpoints(status=TouchpointStatus.PLANNED) == []
    async with world.database.transaction() as session:
        await use.unblock_step(session, world.library, first.id, world.maya, world.now)
    assert (await world.steps(run))["first"].status is StepStatus.OPEN
    assert {t.kind for t in await world.touchpoints(status=TouchpointStatus.PLANNED)} == {TouchpointKind.OVERDUE}


ASKING = {
    "key": "terms",
    "questions": [
        {"key": "renewal", "label": "Renewal date", "type": "date", "saves_to": "renewal_date"},
        {"key": "seats", "label": "Seats", "type": "number", "saves_to": "attributes.seats", "required": False},
    ],
    "artefact": {"label": "Contract"},
}


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({}, "renewal"),
        ({"answers": {"renewal": "soon"}}, "renewal"),
        ({"answers": {"renewal": "2026-10-01", "seats": "many"}}, "seats"),
        ({"answers": {"renewal": "2026-10-01"}}, "artefact"),
        ({"answers": {"renewal": "2026-10-01"}, "artefact": "on my desk"}, "artefact"),
    ],
)
async def test_completing_asks_for_what_is_missing_and_changes_nothing(
    world: World, said: dict[str, Any], field: str
) -> None:
    run = await world.start(ASKING)
    step = (await world.steps(run))["terms"]
    with pytest.raises(InvalidInput) as refused:
        await complete(world, step.id, **said)
    assert refused.value.field == field
    assert (await world.steps(run))["terms"].status is StepStatus.OPEN


async def test_answers_are_kept_on_the_account_and_given_back_by_undo(world: World) -> None:
    run = await world.start(ASKING, {"key": "ebr", "due": "renewal_date - 90d"})
    step = (await world.steps(run))["terms"]
    answers = {"renewal": "2026-10-01", "seats": "1,200"}
    await complete(world, step.id, answers=answers, artefact="https://docs.example/contract")
    account = await world.account()
    assert (account.renewal_date, account.attributes) == (date(2026, 10, 1), {"seats": 1200})
    assert (await world.steps(run))["ebr"].due_on == date(2026, 7, 3)
    async with world.database.transaction() as session:
        await use.undo_step(session, world.library, step.id, world.maya, world.now)
    account = await world.account()
    assert account.renewal_date == date(2026, 9, 1)


SIGN = {
    "key": "sign",
    "outcomes": [
        {"key": "signed", "label": "Signed", "stage": "renewal", "milestone": "renewed", "not_applicable": ["rescue"]},
        {"key": "lost", "label": "Lost", "then": "cancel_run", "needs_reason": True},
    ],
}


async def test_an_outcome_moves_the_stage_reaches_the_milestone_and_spares_steps(world: World) -> None:
    run = await world.start(SIGN, {"key": "rescue"}, {"key": "thank"})
    await complete(world, (await world.steps(run))["sign"].id, outcome="signed")
    assert (await world.account()).stage == Stage.RENEWAL
    steps = await world.steps(run)
    assert (steps["rescue"].status, steps["thank"].status) == (StepStatus.NOT_APPLICABLE, StepStatus.OPEN)
    assert [t.kind for t in await world.touchpoints(kind=TouchpointKind.CELEBRATION)] == [TouchpointKind.CELEBRATION]


async def test_what_an_outcome_spares_speaks_up_no_more(world_on_sqlite: World) -> None:
    run = await world_on_sqlite.start(SIGN, {"key": "rescue", "due": "9d"})
    steps = await world_on_sqlite.steps(run)
    await complete(world_on_sqlite, steps["sign"].id, outcome="signed")
    spared = await world_on_sqlite.touchpoints(step_id=steps["rescue"].id)
    assert {touchpoint.status for touchpoint in spared} == {TouchpointStatus.CANCELLED}


async def test_undo_takes_an_outcome_back(world: World) -> None:
    run = await world.start(SIGN, {"key": "rescue"}, {"key": "thank"})
    sign = (await world.steps(run))["sign"]
    await complete(world, sign.id, outcome="signed")
    async with world.database.transaction() as session:
        await use.undo_step(session, world.library, sign.id, world.maya, world.now)
    assert (await world.account()).stage == Stage.ADOPTION
    assert (await world.steps(run))["rescue"].status is StepStatus.OPEN


async def test_an_outcome_can_cancel_the_run_with_a_reason(world: World) -> None:
    run = await world.start(SIGN, {"key": "rescue"}, {"key": "thank"})
    sign = (await world.steps(run))["sign"]
    with pytest.raises(InvalidInput) as refused:
        await complete(world, sign.id, outcome="lost")
    assert refused.value.field == "reason"
    await complete(world, sign.id, outcome="lost", reason="went with a rival")
    assert (await world.run(run)).end_reason == "Lost. went with a rival"
    assert (await world.steps(run))["thank"].status is StepStatus.CANCELLED


async def undo(world: World, step_id: int) -> use.StepChange:
    async with world.database.transaction() as session:
        return await use.undo_step(session, world.library, step_id, world.maya, world.now)


async def test_undo_moves_back_the_steps_that_hung_on_the_answer(world: World) -> None:
    run = await world.start(ASKING, {"key": "ebr", "due": "renewal_date - 90d"})
    other = await world.start({"key": "look", "due": "renewal_date - 60d"}, key="other-play")
    step = (await world.steps(run))["terms"]
    before = ((await world.steps(run))["ebr"].due_on, (await world.steps(other))["look"].due_on)
    await complete(world, step.id, answers={"renewal": "2026-11-02"}, artefact="https://docs.example/contract")
    assert ((await world.steps(run))["ebr"].due_on, (await world.steps(other))["look"].due_on) != before
    await undo(world, step.id)
    assert ((await world.steps(run))["ebr"].due_on, (await world.steps(other))["look"].due_on) == before


async def test_undo_leaves_what_somebody_else_has_changed_since(world: World) -> None:
    run = await world.start(ASKING, {"key": "other"})
    step = (await world.steps(run))["terms"]
    await complete(world, step.id, answers={"renewal": "2026-10-01"}, artefact="https://docs.example/contract")
    async with world.database.transaction() as session:
        changes = {"renewal_date": "2026-11-15"}
        await edit_account(session, world.library, world.account_id, changes, world.dana, world.now)
    await undo(world, step.id)
    assert (await world.account()).renewal_date == date(2026, 11, 15)


async def test_a_milestone_can_be_reached_undone_and_reached_again(world: World) -> None:
    run = await world.start(SIGN, {"key": "rescue"}, {"key": "thank"})
    sign = (await world.steps(run))["sign"]
    for _ in range(2):
        await complete(world, sign.id, outcome="signed")
        await undo(world, sign.id)
    await complete(world, sign.id, outcome="signed")
    celebrations = [t.status for t in await world.touchpoints(kind=TouchpointKind.CELEBRATION)]
    assert celebrations == [TouchpointStatus.CANCELLED, TouchpointStatus.CANCELLED, TouchpointStatus.PLANNED]


async def test_undo_leaves_a_milestone_that_had_been_reached_before(world: World) -> None:
    async with world.database.transaction() as session:
        early = world.now - timedelta(days=3)
        await reach_milestone(session, world.library, world.account_id, "renewed", world.maya, early)
    run = await world.start(SIGN, {"key": "rescue"}, {"key": "thank"})
    sign = (await world.steps(run))["sign"]
    await complete(world, sign.id, outcome="signed")
    await undo(world, sign.id)
    async with world.database.transaction() as session:
        assert (await session.exec(select(Milestone))).one().status is MilestoneStatus.REACHED


async def test_undo_brings_back_a_step_that_needs_this_one_and_was_spared_by_its_outcome(world: World) -> None:
    run = await world.start(SIGN, {"key": "rescue", "needs": ["sign"]}, {"key": "thank"})
    sign = (await world.steps(run))["sign"]
    await complete(world, sign.id, outcome="signed")
    await undo(world, sign.id)
    assert (await world.steps(run))["rescue"].status is StepStatus.WAITING


async def test_undo_brings_back_the_block_and_the_last_contact(world: World) -> None:
    run = await world.start({"key": "meet", "kind": "meeting"}, {"key": "next"})
    step = (await world.steps(run))["meet"]
    async with world.database.transaction() as session:
        await use.block_step(session, world.library, step.id, world.maya, world.now, reason="waiting for legal")
    await complete(world, step.id)
    assert (await world.account()).last_contact_at == world.now
    await undo(world, step.id)
    after = (await world.steps(run))["meet"]
    assert (after.status, after.reason) == (StepStatus.BLOCKED, "waiting for legal")
    assert (await world.account()).last_contact_at is None


async def test_undo_and_complete_raise_one_escalation(world: World) -> None:
    call = {"to": "leader", "ask": "Call them."}
    shout = {"key": "shout", "kind": "escalation", "escalation": call, "needs": ["first"]}
    first = (await world.steps(await world.start({"key": "first"}, shout)))["first"]
    await complete(world, first.id)
    await undo(world, first.id)
    await complete(world, first.id)
    async with world.database.transaction() as session:
        assert len((await session.exec(select(Escalation))).all()) == 1


async def test_undo_is_refused_once_the_playbook_was_started_anew(world: World) -> None:
    only = (await world.steps(await world.start({"key": "only"})))["only"]
    await complete(world, only.id)
    await world.start({"key": "only"})
    with pytest.raises(WrongState, match="was started again since"):
        await undo(world, only.id)


async def test_a_step_whose_date_is_unknown_stays_due_when_others_change(world: World) -> None:
    run = await world.start({"key": "first"}, {"key": "live", "due": "go_live_date"}, {"key": "third"})
    await complete(world, (await world.steps(run))["first"].id)
    live = (await world.steps(run))["live"]
    assert live.due_on == date(2026, 3, 2)
    assert await world.touchpoints(step_id=live.id, status=TouchpointStatus.PLANNED)


async def test_an_answer_the_account_cannot_have_names_its_question(world: World) -> None:
    question = {"key": "worth", "label": "ARR", "type": "number", "saves_to": "arr"}
    run = await world.start({"key": "size", "questions": [question]})
    with pytest.raises(InvalidInput) as refused:
        await complete(world, (await world.steps(run))["size"].id, answers={"worth": "3000000000"})
    assert refused.value.field == "worth"


async def test_two_steps_completed_at_once_both_keep_their_answers(world: World) -> None:
    steps = []
    for name in ("one", "two"):
        question = {"key": name, "label": name, "saves_to": f"attributes.{name}"}
        run = await world.start({"key": "ask", "questions": [question]}, key=f"play-{name}")
        steps.append((await world.steps(run))["ask"].id)
    await asyncio.gather(
        complete(world, steps[0], answers={"one": "1"}), complete(world, steps[1], answers={"two": "2"})
    )
    assert (await world.account()).attributes == {"one": "1", "two": "2"}


async def test_completing_while_the_renewal_is_moved_fails_for_nobody(world: World) -> None:
    run = await world.start(*({"key": f"s{n}", "due": "renewal_date - 30d"} for n in range(6)))
    steps = await world.steps(run)

    async def move(day: str) -> None:
        async with world.database.transaction() as session:
            await edit_account(session, world.library, world.account_id, {"renewal_date": day}, world.dana, world.now)

    clicks = [complete(world, steps[f"s{n}"].id) for n in range(5)]
    await asyncio.gather(*clicks, *(move(f"2026-1{n}-01") for n in range(3)))
    assert sum(step.status is StepStatus.DONE for step in (await world.steps(run)).values()) == 5


async def test_a_new_csm_takes_over_the_steps_of_the_old_one(world: World) -> None:
    run = await world.start({"key": "first"}, {"key": "train", "role": "specialist"}, {"key": "sell", "role": "ae"})
    async with world.database.transaction() as session:
        changes = {"csm_id": world.eve.member_id, "specialist_id": world.sam.member_id}
        edit = await edit_account(session, world.library, world.account_id, changes, world.dana, world.now)
    steps = await world.steps(run)
    assert [steps[key].assignee_id for key in ("first", "train", "sell")] == [
        world.eve.member_id,
        world.sam.member_id,
        world.leo.member_id,
    ]
    assert not steps["train"].role_missing
    assert sorted(edit.sentences) == [
        "1 step of Test play went to Eve Moreau.",
        "1 step of Test play went to Sam Okoye.",
    ]


async def test_every_change_redraws_the_home_tabs_concerned(world: World) -> None:
    run = await world.start({"key": "first", "role": "ae"})
    await complete(world, (await world.steps(run))["first"].id)
    homes = {delivery.member_id for delivery in await world.deliveries(kind=DeliveryKind.HOME)}
    assert homes == {world.leo.member_id, world.maya.member_id}
