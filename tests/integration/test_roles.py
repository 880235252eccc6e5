"""Who else a step and a playbook name: consulted, informed, accountable, owners; and what they hear."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlmodel import select

from bot.clock import FixedClock
from bot.engine.answers import Completion
from bot.engine.owners import owner_members
from bot.engine.steps import block_step, complete_step, skip_step, undo_step
from bot.errors import InvalidInput, NotAllowed
from bot.models import (
    AccountRole,
    BlockCategory,
    DeliveryKind,
    MemberRole,
    RunStatus,
    StepStatus,
    TimelineEntry,
    TimelineKind,
)
from bot.reports.team_steps import load_team_steps
from bot.schedule.firing import fire_due
from bot.services import Services
from bot.settings import Settings
from tests.support.world import World, change_members, make_playbook

CRITERIA = [
    {"key": "live", "label": "It is live", "when": "account.stage == 'adoption'"},
    {"key": "used", "label": "Three people use it"},
]


@pytest.fixture
def services(world: World, clock: FixedClock) -> Services:
    return Services(Settings(_env_file=None), world.database, world.library, clock, lambda: None)


async def give_role(world: World, role: MemberRole, name: str) -> None:
    member_id = getattr(world, name).member_id
    async with world.database.transaction() as session:
        session.add(AccountRole(account_id=world.account_id, role=role, member_id=member_id))


async def finish(
    world: World,
    run_id: int,
    key: str,
    answers: dict[str, object] | None = None,
    *,
    outcome: str | None = None,
    reason: str | None = None,
) -> None:
    step = (await world.steps(run_id))[key]
    async with world.database.transaction() as session:
        completion = Completion(answers=answers or {}, outcome=outcome, reason=reason)
        await complete_step(session, world.library, step.id, world.dana, world.now, completion)


async def notices(world: World) -> dict[int | None, list[str]]:
    """What each member is told, by id."""
    told: dict[int | None, list[str]] = {}
    for delivery in await world.deliveries(kind=DeliveryKind.NOTICE):
        told.setdefault(delivery.member_id, []).extend(delivery.payload.get("lines") or [delivery.payload["text"]])
    return told


# --- owners -----------------------------------------------------------------------------------------------------------


async def test_an_owner_is_the_accounts_member_in_the_role_else_all_of_the_role(world: World) -> None:
    """Rows 4.8, 4.9, 4.10."""
    async with world.database.transaction() as session:

        async def names(owner: str, account_id: int | None = world.account_id) -> list[str]:
            return [member.name for member in await owner_members(session, owner, account_id)]

        assert await names("csm") == ["Maya Lindt"]
        assert await names("csm", None) == ["Maya Lindt", "Eve Moreau"]
        assert await names("specialist") == ["Sam Okoye"]
        assert await names("LEO@ours.example") == ["Leo Park"]
        assert await names("product") == []


async def test_a_member_who_has_left_owns_nothing(world: World) -> None:
    await change_members(world, sam={"active": False})
    async with world.database.transaction() as session:
        assert await owner_members(session, "specialist", world.account_id) == []
        assert await owner_members(session, "sam@ours.example", None) == []


async def test_an_escalation_from_a_playbook_goes_to_its_escalation_owner(world: World) -> None:
    """Row 4.10: whoever is asked, the escalation owner of the playbook receives and owns it."""
    run_id = await world.start({"key": "first"}, owners={"escalation": "sam@ours.example"})
    step = (await world.steps(run_id))["first"]
    raised = await world.escalate(step_id=step.id)
    assert raised.owner_id == world.sam.member_id


# --- exit criteria ----------------------------------------------------------------------------------------------------


async def test_a_run_with_exit_criteria_ends_when_the_outcome_owner_has_confirmed_them(world: World) -> None:
    """Rows 3.11, 4.8: measurable exit criteria, checked at the close by the outcome owner."""
    run_id = await world.start(
        {"key": "first"}, {"key": "extra", "optional": True}, exit_criteria=CRITERIA, owners={"outcome": "leader"}
    )
    assert (await world.steps(run_id))["confirm-outcome"].status is StepStatus.WAITING
    await finish(world, run_id, "first")
    confirmation = (await world.steps(run_id))["confirm-outcome"]
    assert confirmation.status is StepStatus.OPEN
    assert confirmation.assignee_id == world.dana.member_id
    assert confirmation.due_on == date(2026, 3, 5)  # three working days after it opened, in London
    assert (await world.run(run_id)).status is RunStatus.ACTIVE
    await finish(world, run_id, "confirm-outcome", {"live": True, "used": "Yes"})
    run = await world.run(run_id)
    assert (run.status, run.criteria_met) == (RunStatus.COMPLETED, True)
    assert "completed Test play. Its exit criteria were met." in await world.timeline()


async def test_the_guardian_hears_what_was_not_met(world: World) -> None:
    """Rows 3.11, 4.35: the guardian of value hears, and the timeline says, which criteria were not met."""
    await give_role(world, MemberRole.GUARDIAN, "sam")
    run_id = await world.start({"key": "first"}, exit_criteria=CRITERIA)
    await finish(world, run_id, "first")
    await finish(world, run_id, "confirm-outcome", {"live": True, "used": "No"})
    assert (await world.run(run_id)).criteria_met is False
    assert "completed Test play. Not met: Three people use it" in await world.timeline()
    told = await notices(world)
    assert told[world.sam.member_id] == ["Test play on Acme has ended. Not met: Three people use it"]
    assert told[world.maya.member_id] == ["Test play on Acme has ended. Not met: Three people use it"]
    assert world.dana.member_id not in told  # she said so herself


async def test_an_outcome_that_ends_the_run_early_asks_nobody_for_the_exit_criteria(world: World) -> None:
    outcome = {"key": "won", "label": "Won", "then": "complete_run"}
    run_id = await world.start({"key": "first", "outcomes": [outcome]}, {"key": "second"}, exit_criteria=CRITERIA)
    await finish(world, run_id, "first", outcome="won")
    steps = await world.steps(run_id)
    assert steps["second"].status is StepStatus.CANCELLED
    assert steps["confirm-outcome"].status is StepStatus.CANCELLED
    assert ((await world.run(run_id)).status, "completed Test play: Won" in await world.timeline()) == (
        RunStatus.COMPLETED,
        True,
    )
    async with world.database.transaction() as session:
        await undo_step(session, world.library, steps["first"].id, world.maya, world.now)
    steps = await world.steps(run_id)
    assert steps["second"].status is StepStatus.OPEN
    assert steps["confirm-outcome"].status is StepStatus.WAITING


async def test_undoing_the_confirmation_opens_the_run_again(world: World) -> None:
    run_id = await world.start({"key": "first"}, exit_criteria=CRITERIA)
    await finish(world, run_id, "first")
    await finish(world, run_id, "confirm-outcome", {"live": True, "used": True})
    step = (await world.steps(run_id))["confirm-outcome"]
    async with world.database.transaction() as session:
        await undo_step(session, world.library, step.id, world.dana, world.now)
    run = await world.run(run_id)
    assert (run.status, run.criteria_met) == (RunStatus.ACTIVE, None)


async def test_a_skipped_confirmation_leaves_open_whether_it_worked(world: World) -> None:
    run_id = await world.start({"key": "first"}, exit_criteria=CRITERIA)
    await finish(world, run_id, "first")
    step = (await world.steps(run_id))["confirm-outcome"]
    async with world.database.transaction() as session:
        await skip_step(session, world.library, step.id, world.dana, world.now, reason="They left")
    run = await world.run(run_id)
    assert (run.status, run.criteria_met) == (RunStatus.COMPLETED, None)


async def test_a_playbook_without_exit_criteria_ends_with_its_last_step(world: World) -> None:
    run_id = await world.start({"key": "first"})
    await finish(world, run_id, "first")
    run = await world.run(run_id)
    assert (run.status, run.criteria_met) == (RunStatus.COMPLETED, None)


def test_the_step_that_confirms_cannot_be_written_by_hand() -> None:
    with pytest.raises(ValueError, match="added by itself"):
        make_playbook({"key": "confirm-outcome"}, exit_criteria=CRITERIA)


# --- who gets a step, who hears of it ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "whose", "missing"),
    [("renewal_owner", "leo", True), ("guardian", "dana", True), ("product", "maya", True), ("ae", "leo", False)],
)
async def test_where_nobody_has_a_role_a_fitting_one_takes_its_step(
    world: World, role: str, whose: str, missing: bool
) -> None:
    """Rows 1.45, 4.35, 4.38: a renewal owner's step goes to the AE, a guardian's to the leader, others' to the CSM."""
    step = (await world.steps(await world.start({"key": "first", "role": role})))["first"]
    assert step.assignee_id == getattr(world, whose).member_id
    assert step.role_missing is missing


async def test_a_specialist_gets_the_request_for_a_session(world: World) -> None:
    """Rows 4.22, 4.37, 2.31: a step for a specialist is theirs, who need not be on the account's team by habit."""
    await give_role(world, MemberRole.SPECIALIST, "sam")
    step = (await world.steps(await world.start({"key": "hold-training", "role": "specialist"})))["hold-training"]
    assert step.assignee_id == world.sam.member_id


async def test_the_informed_hear_of_what_is_done_in_one_message(world: World) -> None:
    """Row 3.15: one message for several steps, and none to who did it."""
    run_id = await world.start(
        {"key": "first", "informed": ["ae", "leader"]}, {"key": "second", "informed": ["ae"]}, {"key": "third"}
    )
    for key in ("first", "second", "third"):
        await finish(world, run_id, key)
    [delivery] = await world.deliveries(kind=DeliveryKind.NOTICE)
    assert delivery.member_id == world.leo.member_id
    assert delivery.payload["lines"] == [
        "“First” was done by Dana Reyes: Acme, Test play",
        "“Second” was done by Dana Reyes: Acme, Test play",
    ]
    assert delivery.available_at == datetime(2026, 3, 2, 14, tzinfo=UTC)  # nine o'clock in New York


async def test_the_accountable_hear_when_a_step_is_overdue(world: World, services: Services) -> None:
    """Row 3.15."""
    await world.start({"key": "first", "accountable": "ae"}, {"key": "second", "accountable": "csm"})
    await fire_due(services, world.now)
    assert await notices(world) == {}
    await fire_due(services, world.now + timedelta(days=2))
    assert await notices(world) == {world.leo.member_id: ["“First” is overdue with Maya Lindt: Acme, Test play"]}


async def test_the_steps_of_a_role_are_seen_by_its_members_and_leaders(world: World) -> None:
    """Row 1.45: a view by team, overdue first, those of stand-ins included."""
    await world.start(
        {"key": "answer-ticket", "role": "support", "due": "3d"},
        {"key": "call-back", "role": "support"},
        {"key": "own"},
    )
    async with world.database.transaction() as session:
        later = world.now + timedelta(days=1)
        seen = await load_team_steps(session, MemberRole.SUPPORT, world.dana, later)
        assert [row.title for row in seen.rows] == ["Call back", "Answer ticket"]
        assert (seen.total, seen.overdue) == (2, 1)
        assert all(row.is_stand_in for row in seen.rows)
        with pytest.raises(NotAllowed):
            await load_team_steps(session, MemberRole.SUPPORT, world.maya, later)


# --- sent back --------------------------------------------------------------------------------------------------------

HANDOVER = (
    {
        "key": "fill-in",
        "role": "ae",
        "questions": [{"key": "goal", "label": "What do they want?"}],
    },
    {
        "key": "accept",
        "needs": ["fill-in"],
        "due": "fill-in + 2bd",
        "outcomes": [
            {"key": "accepted", "label": "Accepted"},
            {"key": "sent-back", "label": "Sent back", "reopen": ["fill-in"]},
        ],
    },
    {"key": "kickoff", "needs": ["accept"]},
)


async def test_a_hand_over_is_sent_back_until_it_is_accepted(world: World) -> None:
    """Row 4.33: the AE fills it in, the CSM accepts it or sends it back with the reason."""
    run_id = await world.start(*HANDOVER)
    await finish(world, run_id, "fill-in", {"goal": "Growth"})
    with pytest.raises(InvalidInput, match="Say why"):
        await finish(world, run_id, "accept", outcome="sent-back")
    await finish(world, run_id, "accept", outcome="sent-back", reason="Who decides there?")
    steps = await world.steps(run_id)
    assert steps["fill-in"].status is StepStatus.OPEN
    assert steps["fill-in"].reason == "Dana Reyes sent it back: Who decides there?"
    assert steps["fill-in"].answers == {"goal": "Growth"}  # to be corrected, not to be typed again
    assert steps["fill-in"].due_on == date(2026, 3, 2)
    assert steps["accept"].status is StepStatus.WAITING
    assert steps["kickoff"].status is StepStatus.WAITING
    assert "sent “Fill in” back: Who decides there?" in await world.timeline()
    await finish(world, run_id, "fill-in", {"goal": "Growth; Jane decides"})
    await finish(world, run_id, "accept", outcome="accepted")
    steps = await world.steps(run_id)
    assert [step.status for step in steps.values()] == [StepStatus.DONE, StepStatus.DONE, StepStatus.OPEN]


async def test_what_is_sent_back_is_told_to_whoever_must_do_it_again(world: World, services: Services) -> None:
    """Row 4.33."""
    run_id = await world.start(*HANDOVER)
    await finish(world, run_id, "fill-in", {"goal": "Growth"})
    await finish(world, run_id, "accept", outcome="sent-back", reason="Who decides there?")
    step = (await world.steps(run_id))["fill-in"]
    planned = await world.touchpoints(step_id=step.id, status="planned", kind="due")
    assert [touchpoint.revision for touchpoint in planned] == [step.revision]
    await fire_due(services, datetime(2026, 3, 2, 15, tzinfo=UTC))
    assert world.leo.member_id in {d.member_id for d in await world.deliveries(kind=DeliveryKind.STEPS)}


@pytest.mark.parametrize("reopened", ["kickoff", "nothing"])
def test_only_steps_that_were_needed_can_be_reopened(reopened: str) -> None:
    first, second, third = HANDOVER
    outcomes = [{"key": "sent-back", "label": "Sent back", "reopen": [reopened]}]
    with pytest.raises(ValueError, match="does not need"):
        make_playbook(first, {**second, "outcomes": outcomes}, third)


# --- blocked ----------------------------------------------------------------------------------------------------------


async def test_a_blocker_has_a_category_and_asks_people_for_help(world: World) -> None:
    """Rows 3.2, 4.36."""
    run_id = await world.start({"key": "first"})
    step = (await world.steps(run_id))["first"]
    async with world.database.transaction() as session:
        await block_step(
            session,
            world.library,
            step.id,
            world.maya,
            world.now,
            reason="The export fails",
            category=BlockCategory.PRODUCT,
            pull_in=[world.leo.member_id, world.sam.member_id, world.maya.member_id],
        )
    asked = await world.deliveries(kind=DeliveryKind.BLOCKED)
    assert {delivery.member_id for delivery in asked} == {world.leo.member_id, world.sam.member_id}
    async with world.database.transaction() as session:
        query = select(TimelineEntry).where(TimelineEntry.kind == TimelineKind.STEP_BLOCKED)
        entry = (await session.exec(query)).one()
    assert entry.details["category"] == "product"
    assert entry.summary == "blocked “First”: The export fails (asked Leo Park, Sam Okoye for help)"


async def test_the_renewal_owner_of_an_account_gets_its_renewal_steps(world: World) -> None:
    """Rows 1.45, 4.35, 4.38."""
    await give_role(world, MemberRole.RENEWAL_OWNER, "sam")
    step = (await world.steps(await world.start({"key": "first", "role": "renewal_owner"})))["first"]
    assert (step.assignee_id, step.role_missing) == (world.sam.member_id, False)
