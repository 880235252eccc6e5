"""Journeys at work: joining, moving on, gates, the segment table; on both databases."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlmodel import select

from bot.engine.accounts import AccountDraft, add_account, edit_account
from bot.engine.answers import Completion
from bot.engine.journeys.book import read_differences, serve_book
from bot.engine.journeys.joining import confirm_met, load_proposals
from bot.engine.journeys.moving import find_to_roll, put_on_journey, roll_over
from bot.engine.milestones import miss_milestone, plan_milestone, reach_milestone
from bot.engine.steps import complete_step, undo_step
from bot.errors import InvalidInput, NotAllowed, NotFound
from bot.models import (
    Account,
    DeliveryKind,
    Exemption,
    ExemptionStatus,
    Milestone,
    MilestoneStatus,
    RunStatus,
    Segment,
    Stage,
    Touch,
)
from tests.support.journeys import make_journey, set_account, use_journeys, use_table
from tests.support.world import World, use_playbook

REACHED, PLANNED = MilestoneStatus.REACHED, MilestoneStatus.PLANNED
BIG = {"title": "Big", "when": "account.arr >= 100000", "segment": "enterprise", "touch": "high", "journey": "first"}
SMALL = {"title": "Small", "segment": "smb", "touch": "low"}


@pytest.fixture
async def world(world: World) -> World:
    """acme began on 15 January 2026 and goes live on 1 April; it is onboarding. Today is 2 March."""
    use_journeys(world.library, make_journey(next="later"), make_journey("later", next="later"))
    await set_account(world, stage=Stage.ONBOARDING, contract_start=date(2026, 1, 15), go_live_date=date(2026, 4, 1))
    return world


async def put(world: World, key: str = "first", now: datetime | None = None) -> str:
    async with world.database.transaction() as session:
        change = await put_on_journey(session, world.library, world.account_id, key, world.maya, now or world.now)
        return change.sentence


async def edit(world: World, **changes: Any) -> list[str]:
    async with world.database.transaction() as session:
        return (await edit_account(session, world.library, world.account_id, changes, world.maya, world.now)).sentences


async def reach(world: World, key: str, now: datetime | None = None) -> None:
    async with world.database.transaction() as session:
        await reach_milestone(session, world.library, world.account_id, key, world.maya, now or world.now)


async def milestones(world: World) -> dict[str, Milestone]:
    async with world.database.transaction() as session:
        return {row.key: row for row in (await session.exec(select(Milestone))).all()}


async def targets(world: World) -> Mapping[str, date | None]:
    return {key: row.target_date for key, row in (await milestones(world)).items()}


async def notices(world: World) -> list[str]:
    return [delivery.payload["text"] for delivery in await world.deliveries(kind=DeliveryKind.NOTICE)]


# --- joining ----------------------------------------------------------------------------------------------------------


async def test_an_account_on_a_journey_has_its_milestones_planned(world: World) -> None:
    """Rows 0.3, 1.1, 1.8."""
    assert (await put(world)).startswith("Acme is on First, counted from 15 Jan 2026. 4 milestones are planned.")
    account = await world.account()
    assert (account.journey, account.journey_started_on) == ("first", date(2026, 1, 15))
    assert await targets(world) == {
        "kick-off": None,  # its day, 25 January, was past
        "go-live": date(2026, 4, 1),
        "stuck": date(2026, 3, 16),
        "review": date(2026, 5, 1),
        "renewed-2026": date(2026, 9, 1),
    }
    assert any("put the account on the journey First" in entry for entry in await world.timeline())


async def test_doing_it_again_changes_nothing(world: World) -> None:
    await put(world)
    assert "already" in await put(world)
    assert len([entry for entry in await world.timeline() if "put the account" in entry]) == 1


async def test_an_unknown_journey_is_named_with_those_there_are(world: World) -> None:
    with pytest.raises(NotFound, match=r"'frist' is not a journey \(did you mean first\?\); there are first, later"):
        await put(world, "frist")


async def test_only_the_team_moves_an_account(world: World) -> None:
    with pytest.raises(NotAllowed):
        async with world.database.transaction() as session:
            await put_on_journey(session, world.library, world.account_id, "first", world.eve, world.now)


async def test_moving_to_another_journey_keeps_what_is_reached(world: World) -> None:
    """Rows 0.3 and 0.9: the same key is the same key value moment."""
    other = make_journey("other", stages=[make_journey().stages[1].model_dump(mode="json") | {"milestones": [
        {"key": "go-live", "title": "Live", "target": "go_live_date", "success": "Live."},
        {"key": "extra", "title": "Extra", "target": "300d", "success": "More."},
    ]}])  # fmt: skip
    use_journeys(world.library, make_journey(), other)
    await put(world)
    await reach(world, "go-live")
    await put(world, "other")
    found = await milestones(world)
    assert set(found) == {"go-live", "extra"}
    assert (found["go-live"].status, found["extra"].status) == (REACHED, PLANNED)


# --- joining in the middle --------------------------------------------------------------------------------------------


async def test_who_joins_in_the_middle_is_asked_what_is_reached_and_nothing_is_marked(world: World) -> None:
    """Row 0.4."""
    await set_account(world, go_live_date=date(2026, 2, 20))
    await put(world)
    assert {row.status for row in (await milestones(world)).values()} == {PLANNED}
    async with world.database.transaction() as session:
        proposed = await load_proposals(session, world.library, await world_account(session, world), world.now)
    assert [(one.title, one.sure) for one in proposed] == [("Kick-off held", False), ("Go-live", True)]


async def test_what_is_confirmed_is_history_and_is_neither_celebrated_nor_starts_playbooks(world: World) -> None:
    use_playbook(world.library, {"key": "one"}, triggers=[{"on": "milestone", "milestone": "kick-off"}])
    await put(world)
    kick_off = (await milestones(world))["kick-off"]
    async with world.database.transaction() as session:
        titles = await confirm_met(session, world.library, world.account_id, [kick_off.id], world.maya, world.now)
    assert titles == ["Kick-off held"]
    found = (await milestones(world))["kick-off"]
    assert (found.status, found.reached_at) == (REACHED, datetime(2026, 1, 25, 12, tzinfo=UTC))
    assert await world.touchpoints() == []
    assert "confirmed as reached before: Kick-off held" in await world.timeline()


async def world_account(session: Any, world: World) -> Account:
    account: Account = await session.get_one(Account, world.account_id)
    return account


# --- dates move, years pass -------------------------------------------------------------------------------------------


async def test_when_an_anchor_moves_the_milestones_move_along_and_it_is_said(world: World) -> None:
    """Row 1.8."""
    await put(world)
    sentences = await edit(world, go_live_date=date(2026, 4, 15))
    assert "The milestone “Go-live” moved from 1 Apr 2026 to 15 Apr 2026." in sentences
    assert "The milestone “Review held” moved from 1 May 2026 to 15 May 2026." in sentences
    assert (await targets(world))["review"] == date(2026, 5, 15)


async def test_a_day_set_by_hand_stays_when_an_anchor_moves(world: World) -> None:
    await put(world)
    async with world.database.transaction() as session:
        await plan_milestone(
            session, world.account_id, "go-live", world.maya, world.now, target=date(2026, 4, 20), library=world.library
        )
    await edit(world, go_live_date=date(2026, 6, 1))
    found = await targets(world)
    assert (found["go-live"], found["review"]) == (date(2026, 4, 20), date(2026, 5, 20))


async def test_at_the_anniversary_an_account_goes_on_once_and_its_csm_is_told(world: World) -> None:
    """Row 0.10."""
    await put(world)
    day = datetime(2027, 1, 15, 10, tzinfo=UTC)
    async with world.database.reading() as connection:
        assert await find_to_roll(connection, world.library, world.now) == []
        assert await find_to_roll(connection, world.library, day) == [world.account_id]
    for expected in (True, False):
        async with world.database.transaction() as session:
            assert await roll_over(session, world.library, world.account_id, day) is expected
    account = await world.account()
    assert (account.journey, account.journey_started_on) == ("later", date(2027, 1, 15))
    assert [text for text in await notices(world) if "is on Later" in text] != []
    assert len([entry for entry in await world.timeline() if entry.startswith("went on from First")]) == 1


async def test_a_yearly_milestone_is_reached_by_its_plain_name_in_each_year(world: World) -> None:
    """Row 0.9."""
    await put(world)
    await reach(world, "renewed")
    day = datetime(2027, 2, 1, 10, tzinfo=UTC)
    async with world.database.transaction() as session:
        await roll_over(session, world.library, world.account_id, day)
    assert (await milestones(world))["renewed-2027"].status is PLANNED
    await reach(world, "renewed", day)
    found = await milestones(world)
    assert (found["renewed-2026"].status, found["renewed-2027"].status) == (REACHED, REACHED)


async def test_a_yearly_milestone_starts_what_waits_for_its_plain_name(world: World) -> None:
    use_playbook(world.library, {"key": "one"}, triggers=[{"on": "milestone", "milestone": "renewed"}])
    await put(world)
    await reach(world, "renewed")
    assert "started Test play by itself" in await world.timeline()


async def test_a_yearly_milestone_can_be_missed(world: World) -> None:
    await put(world)
    async with world.database.transaction() as session:
        await miss_milestone(
            session, world.account_id, "renewed", world.maya, world.now, library=world.library, evidence="budget"
        )
    assert (await milestones(world))["renewed-2026"].status is MilestoneStatus.MISSED


async def test_a_trigger_can_be_for_one_journey_only(world: World) -> None:
    """Row 0.5."""
    trigger = {"on": "milestone", "milestone": "go-live", "when": 'account.journey == "later"'}
    use_playbook(world.library, {"key": "one"}, triggers=[trigger])
    await put(world)
    await reach(world, "go-live")
    assert not [entry for entry in await world.timeline() if entry.startswith("started")]


# --- gates ------------------------------------------------------------------------------------------------------------


async def test_a_stage_is_not_left_before_its_gate_is_met(world: World) -> None:
    """Row 4.34."""
    await put(world)
    with pytest.raises(InvalidInput) as refused:
        await edit(world, stage="adoption")
    assert refused.value.field == "stage"
    assert "cannot leave Onboarding yet. Missing: They are live." in refused.value.message
    assert "ask for an exception with `/account exempt acme`" in refused.value.message
    await reach(world, "go-live")
    await edit(world, stage="adoption")
    assert (await world.account()).stage == Stage.ADOPTION


@pytest.mark.parametrize("stage", ["trial", "churned"])
async def test_going_back_or_leaving_is_always_possible(world: World, stage: str) -> None:
    """Row 4.34."""
    await put(world)
    await edit(world, stage=stage)
    assert (await world.account()).stage == stage


@pytest.mark.parametrize(
    ("status", "expires_on", "passes"),
    [
        (ExemptionStatus.APPROVED, date(2026, 3, 2), True),
        (ExemptionStatus.APPROVED, date(2026, 3, 1), False),
        (ExemptionStatus.REQUESTED, date(2026, 9, 1), False),
        (ExemptionStatus.DECLINED, date(2026, 9, 1), False),
    ],
)
async def test_an_approved_exception_opens_the_gate_until_it_expires(
    world: World, status: ExemptionStatus, expires_on: date, passes: bool
) -> None:
    """Row 4.34."""
    await put(world)
    async with world.database.transaction() as session:
        session.add(
            Exemption(
                account_id=world.account_id,
                stage="onboarding",
                reason="Goes live by region",
                status=status,
                requested_by_id=world.maya.member_id,
                expires_on=expires_on,
                created_at=world.now,
            )
        )
    if passes:
        await edit(world, stage="adoption")
        return
    with pytest.raises(InvalidInput, match="cannot leave Onboarding"):
        await edit(world, stage="adoption")


OUTCOMES = [{"key": "live", "label": "Live", "stage": "adoption"}, {"key": "not", "label": "Not yet"}]


async def complete(world: World, run_id: int, outcome: str = "live") -> int:
    step = (await world.steps(run_id))["check"]
    async with world.database.transaction() as session:
        await complete_step(session, world.library, step.id, world.maya, world.now, Completion(outcome))
    return step.id


async def test_a_move_by_a_steps_outcome_waits_for_the_gate_and_the_csm_is_told(world: World) -> None:
    """Row 4.34."""
    await put(world)
    await complete(world, await world.start({"key": "check", "outcomes": OUTCOMES}))
    assert (await world.account()).stage == Stage.ONBOARDING
    waiting = await world.deliveries(kind=DeliveryKind.STAGE_WAITS)
    assert [(one.member_id, one.payload) for one in waiting] == [(world.maya.member_id, {"stage": "adoption"})]
    assert "could not move the account to adoption yet: They are live" in await world.timeline()


async def test_an_outcome_that_reaches_the_gates_milestone_moves_the_account_at_once(world: World) -> None:
    await put(world)
    outcomes = [OUTCOMES[0] | {"milestone": "go-live"}, OUTCOMES[1]]
    await complete(world, await world.start({"key": "check", "outcomes": outcomes}))
    assert (await world.account()).stage == Stage.ADOPTION


# --- the segment table ------------------------------------------------------------------------------------------------


async def test_when_the_tables_answer_changes_the_account_is_served_differently_and_it_is_said(world: World) -> None:
    """Rows 0.1, 0.7, 1.40."""
    use_table(world.library, BIG, SMALL)
    await set_account(world, arr=20_000)
    run_id = await world.start({"key": "one"})
    sentences = await edit(world, arr=150_000)
    account = await world.account()
    assert (account.segment, account.touch, account.journey) == (Segment.ENTERPRISE, Touch.HIGH, "first")
    words = "segment smb → enterprise, journey none → first (row “Big”)"
    assert f"Served differently from now on: {words}." in sentences
    assert any(
        sentence.startswith("1 playbook under way stays as it is: `/playbook move KEY acme`") for sentence in sentences
    )
    assert f"changed how the account is served: {words}" in await world.timeline()
    assert (await world.run(run_id)).status is RunStatus.ACTIVE


async def test_a_value_set_by_hand_stays_until_the_tables_own_answer_changes(world: World) -> None:
    """Row 1.40."""
    use_table(world.library, BIG, SMALL)
    await edit(world, touch="none")
    await edit(world, arr=130_000)  # still big
    assert (await world.account()).touch is Touch.NONE
    await edit(world, arr=10_000)
    assert (await world.account()).touch is Touch.LOW


async def test_what_is_set_by_hand_in_the_same_change_wins(world: World) -> None:
    use_table(world.library, BIG, SMALL)
    await edit(world, arr=10_000, touch="none")
    assert (await world.account()).touch is Touch.NONE


async def test_the_csm_hears_when_somebody_elses_change_moves_an_account(world: World) -> None:
    use_table(world.library, BIG, SMALL)
    async with world.database.transaction() as session:
        await edit_account(session, world.library, world.account_id, {"arr": 10_000}, world.dana, world.now)
    (text,) = await notices(world)
    assert "touch high → low (row “Small”)" in text


async def test_answers_of_a_step_change_how_an_account_is_served_and_undo_takes_it_back(world: World) -> None:
    """Row 0.7."""
    use_table(world.library, BIG, SMALL)
    question = {"key": "arr", "label": "How much?", "type": "number", "saves_to": "arr"}
    step = (await world.steps(await world.start({"key": "ask", "questions": [question]})))["ask"]
    async with world.database.transaction() as session:
        completion = Completion(answers={"arr": "9000"})
        await complete_step(session, world.library, step.id, world.maya, world.now, completion)
    assert (await world.account()).touch is Touch.LOW
    async with world.database.transaction() as session:
        await undo_step(session, world.library, step.id, world.maya, world.now)
    assert (await world.account()).touch is Touch.HIGH


async def test_a_new_account_is_served_as_the_table_says_where_nobody_says_otherwise(world: World) -> None:
    """Rows 0.1 and 1.40."""
    use_table(world.library, BIG, SMALL)
    draft = AccountDraft(key="globex", name="Globex", arr=500_000, touch=Touch.LOW)
    async with world.database.transaction() as session:
        account = await add_account(session, world.library, draft, world.maya, world.now)
    assert (account.segment, account.touch, account.journey) == ("enterprise", Touch.LOW, "first")


async def test_the_book_against_the_table_shows_each_difference_and_is_brought_in_line(world: World) -> None:
    """Row 1.40."""
    use_table(world.library, BIG, SMALL)
    async with world.database.reading() as connection:
        found = await read_differences(connection, world.library, world.now)
    assert [(one.key, one.served.words) for one in found] == [
        ("acme", "segment smb → enterprise, journey none → first (row “Big”)")
    ]
    await serve_book(world.database, world.library, found, world.now)
    async with world.database.reading() as connection:
        assert await read_differences(connection, world.library, world.now) == []


async def test_an_account_that_has_gone_on_to_the_next_journey_is_where_the_table_wants_it(world: World) -> None:
    use_table(world.library, BIG, SMALL)
    await set_account(world, segment="enterprise", journey="later", journey_started_on=date(2026, 1, 15))
    async with world.database.reading() as connection:
        assert await read_differences(connection, world.library, world.now) == []


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("stage", "adaption", r"'adaption' is not a stage \(did you mean adoption\?\); there are trial, onboarding"),
        ("segment", "huge", "'huge' is not a segment; there are smb, mid-market, enterprise"),
        ("journey", "latr", r"'latr' is not a journey \(did you mean later\?\)"),
    ],
)
async def test_a_name_that_is_not_in_the_configuration_is_refused(
    world: World, field: str, value: str, words: str
) -> None:
    """Row 3.8."""
    with pytest.raises(InvalidInput, match=words) as refused:
        await edit(world, **{field: value})
    assert refused.value.field == field


async def test_maturity_is_kept_with_its_history(world: World) -> None:
    """Row 0.6."""
    await edit(world, maturity=2)
    await edit(world, maturity=4)
    told = [entry for entry in await world.timeline() if "maturity" in entry]
    assert told == ["changed maturity from none to 2", "changed maturity from 2 to 4"]
