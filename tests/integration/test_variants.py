"""What starts on an account is the playbook as overlays shape it there.

Rows 0.2, 0.8, 0.13, 1.39 (the mode), 3.4, 4.41, 4.42, 4.43, 4.44 and 4.64, with the shipped files.
"""

from typing import Any

import pytest
from sqlmodel import select

from bot.db import Database
from bot.engine.answers import Completion
from bot.engine.rehearsing import rehearse_playbook
from bot.engine.runs import start_run
from bot.engine.state import load_run
from bot.engine.steps import complete_step
from bot.library.library import Library
from bot.library.resolving import Resolved
from bot.library.schema import Mode
from bot.models import (
    Account,
    AccountRole,
    EntryReason,
    MemberRole,
    PlaybookVariant,
    PlaybookVersion,
    Segment,
    StepStatus,
    Touch,
)
from bot.reports.step_cards import load_step_cards
from bot.reports.variants import load_variant
from bot.settings import ROOT
from tests.support.world import World, make_world


@pytest.fixture
async def shipped(database: Database, now: Any) -> World:
    world = await make_world(database, now)
    world.library = Library(ROOT / "playbooks", ROOT / "templates")
    world.library.load()
    return world


async def change_account(world: World, **changes: Any) -> None:
    async with world.database.transaction() as session:
        account = await session.get_one(Account, world.account_id)
        for name, value in changes.items():
            setattr(account, name, value)


async def start(world: World, key: str) -> int:
    async with world.database.transaction() as session:
        run = await start_run(session, world.library, world.account_id, key, world.now, actor=world.maya)
        return run.id


async def variant(world: World, key: str, **changes: Any) -> Resolved:
    await change_account(world, **changes)
    async with world.database.transaction() as session:
        playbook = world.library.playbook(key)
        return (await load_variant(session, world.library, playbook, world.account_id, world.now)).resolved


def shapers(resolved: Resolved) -> list[str]:
    return [overlay.key for overlay in resolved.applied]


async def stored(world: World, table: type[Any]) -> list[Any]:
    async with world.database.transaction() as session:
        return list((await session.exec(select(table))).all())


async def test_a_run_is_pinned_to_its_version_and_to_what_overlays_made_of_it(shipped: World) -> None:
    """Row 0.8."""
    await change_account(shipped, segment=Segment.ENTERPRISE, touch=Touch.HIGH)
    run = await shipped.run(await start(shipped, "basic-onboarding"))
    (version,), (made,) = await stored(shipped, PlaybookVersion), await stored(shipped, PlaybookVariant)
    assert (run.playbook_version_id, run.variant_id) == (version.id, made.id)
    assert made.version_id == version.id
    assert made.overlays == ["high-touch"]
    assert "executive-briefing" not in {step["key"] for step in version.content["steps"]}
    assert "executive-briefing" in await shipped.steps(run.id)


async def test_without_an_overlay_there_is_no_variant(shipped: World) -> None:
    await change_account(shipped, segment=Segment.SMB, touch=Touch.HIGH)
    assert (await shipped.run(await start(shipped, "basic-onboarding"))).variant_id is None
    assert await stored(shipped, PlaybookVariant) == []


async def test_the_same_variant_is_stored_once(shipped: World) -> None:
    await change_account(shipped, touch=Touch.LOW)
    async with shipped.database.transaction() as session:
        other = Account(key="globex", name="Globex", touch=Touch.LOW, created_at=shipped.now, updated_at=shipped.now)
        session.add(other)
        await session.flush()
        session.add(AccountRole(account_id=other.id, role=MemberRole.CSM, member_id=shipped.maya.member_id))
        for account_id in (shipped.account_id, other.id):
            await start_run(session, shipped.library, account_id, "usage-drop", shipped.now, actor=shipped.maya)
    assert len(await stored(shipped, PlaybookVariant)) == 1


async def test_whatever_loads_a_run_sees_its_variant_even_when_the_files_are_gone(shipped: World) -> None:
    await change_account(shipped, segment=Segment.ENTERPRISE, touch=Touch.HIGH)
    run_id = await start(shipped, "basic-onboarding")
    elsewhere = Library(ROOT / "nowhere", ROOT / "templates")
    step = (await shipped.steps(run_id))["executive-briefing"]
    async with shipped.database.transaction() as session:
        state = await load_run(session, elsewhere, run_id)
        assert state.spec(state.step(step.id)).minutes == 90
        (card,) = await load_step_cards(session, elsewhere, [step.id], shipped.maya, shipped.now)
        assert "leader to sponsor" in card.guidance


async def test_a_step_of_a_variant_can_be_completed(shipped: World) -> None:
    await change_account(shipped, touch=Touch.LOW)
    run_id = await start(shipped, "usage-drop")
    steps = await shipped.steps(run_id)
    assert "day-4-call" not in steps
    said = Completion(answers={"before": 10, "after": 5, "where": "Leeds"}, outcome="real")
    async with shipped.database.transaction() as session:
        await complete_step(session, shipped.library, steps["confirm-drop"].id, shipped.maya, shipped.now, said)
    assert (await shipped.steps(run_id))["day-1-email"].status is StepStatus.OPEN


async def test_a_rehearsal_is_of_the_account_s_own_version(shipped: World) -> None:
    await change_account(shipped, segment=Segment.ENTERPRISE, touch=Touch.HIGH)
    async with shipped.database.transaction() as session:
        playbook = shipped.library.playbook("basic-onboarding")
        plan = await rehearse_playbook(session, shipped.library, playbook, shipped.account_id, shipped.now)
    assert "Hold an executive briefing four weeks in" in [step.title for step in plan.steps]


# --- the shipped overlays ---------------------------------------------------------------------------------------------


async def test_upgraded_customers_are_not_told_what_they_know(shipped: World) -> None:
    """Row 0.2."""
    new = await variant(shipped, "basic-onboarding", entry_reason=EntryReason.NEW)
    upgraded = await variant(shipped, "basic-onboarding", entry_reason=EntryReason.UPGRADE)
    assert shapers(new) == []
    assert shapers(upgraded) == ["upgraded"]
    assert set(upgraded.left_out) == {"read-card", "billing"}
    assert upgraded.playbook.step("wrap-up").needs == ["adoption-check", "sales-handoff"]


async def test_high_touch_meets_executives_and_calls_where_others_write(shipped: World) -> None:
    """Row 4.41."""
    high = {"segment": Segment.ENTERPRISE, "touch": Touch.HIGH}
    onboarding = (await variant(shipped, "basic-onboarding", **high)).playbook
    assert onboarding.step("executive-briefing").role is MemberRole.LEADER
    drop = (await variant(shipped, "usage-drop", **high)).playbook
    assert (drop.step("day-1-email").kind, drop.step("day-1-email").channel) == ("meeting", "call")


@pytest.mark.parametrize("touch", list(Touch))
async def test_only_low_touch_is_written_to_by_a_machine(shipped: World, touch: Touch) -> None:
    """Rows 0.13, 1.39 and 4.42."""
    automatic = [
        step.key
        for key in shipped.library.catalog.playbooks
        for step in (await variant(shipped, key, touch=touch)).playbook.steps
        if step.mode is Mode.AUTOMATIC
    ]
    assert bool(automatic) is (touch is not Touch.HIGH)


async def test_a_complex_deployment_takes_longer_and_has_a_specialist(shipped: World) -> None:
    """Row 4.43."""
    plain = await variant(shipped, "basic-onboarding")
    complex_ = (await variant(shipped, "basic-onboarding", attributes={"complex_deployment": True})).playbook
    assert (str(plain.playbook.step("kickoff").due), str(complex_.step("kickoff").due)) == ("5bd", "8bd")
    assert complex_.step("technical-plan").role is MemberRole.SPECIALIST


@pytest.mark.parametrize("said", [True, "yes"])
async def test_a_merger_puts_governance_and_risk_into_the_renewal(shipped: World, said: Any) -> None:
    """Row 4.44."""
    merging = await variant(shipped, "renewal-120", attributes={"merger": said})
    assert shapers(merging) == ["merger"]
    steps = [step.key for step in merging.playbook.steps]
    assert steps.index("readiness") < steps.index("map-governance") < steps.index("merger-risk-review")
    assert shapers(await variant(shipped, "renewal-120", attributes={"merger": "no"})) == []


async def test_regulated_industries_get_their_compliance_review(shipped: World) -> None:
    """Row 4.64."""
    bank = await variant(shipped, "basic-onboarding", industry="Banking")
    assert "compliance-review" in bank.playbook.step("training").needs
    assert shapers(await variant(shipped, "basic-onboarding", industry="Logistics")) == []


async def test_a_team_has_its_own_view_where_it_works_for_the_account(shipped: World) -> None:
    """Row 3.4."""
    assert shapers(await variant(shipped, "qbr")) == []
    async with shipped.database.transaction() as session:
        support = AccountRole(account_id=shipped.account_id, role=MemberRole.SUPPORT, member_id=shipped.sam.member_id)
        session.add(support)
    with_support = await variant(shipped, "qbr")
    assert shapers(with_support) == ["support-team"]
    assert with_support.playbook.step("check-tickets").role is MemberRole.SUPPORT
    assert with_support.playbook.step("value-evidence") is with_support.base.step("value-evidence")


async def test_every_shipped_variant_reaches_the_milestones_of_its_playbook(shipped: World) -> None:
    """Row 0.9: milestones stay, delivery is swapped."""
    everything = {"merger": True, "complex_deployment": True, "regulated": True}
    for touch in Touch:
        for key, base in shipped.library.catalog.playbooks.items():
            changes = {"touch": touch, "segment": Segment.ENTERPRISE, "entry_reason": EntryReason.UPGRADE}
            resolved = await variant(shipped, key, attributes=everything, **changes)
            assert resolved.refused == ()
            assert milestones(resolved.playbook) == milestones(base)


def milestones(playbook: Any) -> set[str]:
    return {outcome.milestone for step in playbook.steps for outcome in step.outcomes if outcome.milestone}
