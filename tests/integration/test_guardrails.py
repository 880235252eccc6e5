"""Guardrails: what the daily job does about accounts that cross one. Row 4.5, and 4.45: nobody is flooded."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import col, select

from bot.clock import FixedClock
from bot.engine.governance.switches import switch_playbook
from bot.engine.governance.syncing import sync_versions
from bot.library.guardrails import Guardrails
from bot.models import (
    Account,
    AccountRole,
    DeliveryKind,
    Escalation,
    Exemption,
    ExemptionStatus,
    MemberRole,
    Run,
    Severity,
    Stage,
    TimelineEntry,
    TimelineKind,
)
from bot.schedule.daily import run_daily
from bot.services import Services
from bot.settings import Settings
from tests.support.world import World, use_playbook

SILENCE = "account.days_since_contact >= 45"
BERLIN_MORNING = datetime(2026, 3, 3, 8, tzinfo=UTC)  # the day after the tests' now, at 9


@pytest.fixture
def services(world: World, clock: FixedClock) -> Services:
    return Services(Settings(_env_file=None), world.database, world.library, clock, lambda: None)


@pytest.fixture(autouse=True)
async def silence(world: World) -> None:
    await change_account(world, last_contact_at=world.now - timedelta(days=50))


async def change_account(world: World, **fields: Any) -> None:
    async with world.database.transaction() as session:
        account = await session.get_one(Account, world.account_id)
        for name, value in fields.items():
            setattr(account, name, value)


def watch(world: World, *rows: dict[str, Any], **more: Any) -> None:
    base: dict[str, Any] = {"key": "silence", "title": "Silence", "when": SILENCE, "then": {"tell": "csm"}}
    world.library.guardrails = Guardrails.model_validate({"guardrails": [base | row for row in rows or ({},)], **more})


async def add_silent_accounts(world: World, number: int, **fields: Any) -> None:
    base: dict[str, Any] = {"stage": Stage.ADOPTION, "last_contact_at": world.now - timedelta(days=60)} | fields
    async with world.database.transaction() as session:
        for n in range(number):
            account = Account(key=f"new-{n}", name=f"New {n}", created_at=world.now, updated_at=world.now, **base)
            session.add(account)
            await session.flush()
            session.add(AccountRole(account_id=account.id, role=MemberRole.CSM, member_id=world.maya.member_id))


async def notices(world: World) -> list[tuple[int | None, datetime, list[str]]]:
    return [(d.member_id, d.available_at, d.payload["lines"]) for d in await world.deliveries(kind=DeliveryKind.NOTICE)]


async def entries(world: World) -> list[str]:
    async with world.database.transaction() as session:
        query = select(TimelineEntry.summary).where(TimelineEntry.kind == TimelineKind.GUARDRAIL)
        return list((await session.exec(query.order_by(col(TimelineEntry.id)))).all())


async def every(world: World, kind: type[Any]) -> list[Any]:
    async with world.database.transaction() as session:
        return list((await session.exec(select(kind).order_by(kind.id))).all())


async def test_the_csm_hears_the_next_morning_what_was_crossed_and_why(world: World, services: Services) -> None:
    """Row 4.5: when to intervene."""
    watch(world)
    await run_daily(services, world.now)
    line = "Acme: Silence (last contact 50 days ago). Next: `/account health acme`"
    assert await notices(world) == [(world.maya.member_id, BERLIN_MORNING, [line])]
    assert await entries(world) == ["“Silence” (last contact 50 days ago): Maya Lindt is told"]


async def test_it_is_done_once_until_its_cool_down_is_over(world: World, services: Services) -> None:
    """Row 4.5. However often the job runs, and whether or not the value went back in between."""
    watch(world, {"again_after": 10})
    for days in (0, 0, 9):
        await run_daily(services, world.now + timedelta(days=days))
    assert len(await entries(world)) == 1
    await run_daily(services, world.now + timedelta(days=10))
    assert len(await entries(world)) == 2


async def test_what_a_day_has_for_one_person_is_one_message(world: World, services: Services) -> None:
    """Row 4.45: several guardrails and accounts, one message a person, in the order of the rows."""
    await add_silent_accounts(world, 8)
    watch(world, {}, {"key": "long-silence", "title": "Long silence", "when": "account.days_since_contact > 55"})
    await run_daily(services, world.now)
    await change_account(world, last_contact_at=world.now - timedelta(days=58))
    await run_daily(services, world.now + timedelta(hours=3))
    ((member, _, lines),) = await notices(world)
    assert member == world.maya.member_id
    assert len(lines) == 9 + 8 + 1
    assert ["Long" in line for line in lines] == [False] * 9 + [True] * 9


async def test_a_leader_is_told_where_nobody_has_the_role(world: World, services: Services) -> None:
    watch(world, {"then": {"tell": "support"}}, {"key": "by-email", "then": {"tell": "sam@ours.example"}})
    await run_daily(services, world.now)
    assert {member for member, _, _ in await notices(world)} == {world.dana.member_id, world.sam.member_id}


async def test_an_escalation_goes_to_the_leader_with_the_reason(world: World, services: Services) -> None:
    """Row 4.5: when to escalate."""
    call = {"to": "leader", "severity": "high", "ask": "Please step in."}
    watch(world, {"when": f"{SILENCE} && account.open_escalations == 0", "then": {"escalate": call}, "again_after": 1})
    await run_daily(services, world.now)
    await run_daily(services, world.now + timedelta(days=2))
    (escalation,) = await every(world, Escalation)  # on the third day it is still open, so the condition does not hold
    assert (escalation.owner_id, escalation.severity) == (world.dana.member_id, Severity.HIGH)
    assert escalation.ask == "Silence (last contact 50 days ago). Please step in."


async def test_no_more_escalations_are_raised_than_a_day_may_have(world: World, services: Services) -> None:
    """Row 4.45: the rest waits for the next day."""
    await add_silent_accounts(world, 4)
    watch(
        world,
        {"when": f"{SILENCE} && account.open_escalations == 0", "then": {"escalate": {"ask": "Help."}}},
        escalations_a_day=2,
    )
    raised = []
    for hours in (0, 1, 24, 48, 72):
        await run_daily(services, world.now + timedelta(hours=hours))
        raised.append(len(await every(world, Escalation)))
    assert raised == [2, 2, 4, 5, 5]


async def test_a_playbook_is_started_once_for_a_crossing(world: World, services: Services) -> None:
    """Row 4.5. While its run is open it is not started again, and nothing breaks."""
    use_playbook(world.library, {"key": "call"})
    watch(world, {"then": {"start": "test-play"}, "again_after": 5})
    for days in (0, 1, 6):
        await run_daily(services, world.now + timedelta(days=days))
    (run,) = await every(world, Run)
    assert run.trigger_key == f"test-play:{world.account_id}:guardrail:silence:2026-03-02"
    assert [entry.partition(": ")[2] for entry in await entries(world)] == [
        "Test play is started",
        "Test play was not started; it may be under way already",
    ]


async def test_an_account_that_is_exempt_from_the_playbook_is_left_out(world: World, services: Services) -> None:
    use_playbook(world.library, {"key": "call"})
    watch(world, {"then": {"start": "test-play"}})
    async with world.database.transaction() as session:
        exemption = Exemption(
            account_id=world.account_id,
            playbook_key="test-play",
            reason="No",
            requested_by_id=world.maya.member_id,
            status=ExemptionStatus.APPROVED,
            expires_on=date(2026, 3, 9),
            created_at=world.now,
        )
        session.add(exemption)
    await run_daily(services, world.now)
    assert (await every(world, Run), await entries(world)) == ([], [])
    await run_daily(services, world.now + timedelta(days=9))
    assert len(await every(world, Run)) == 1


async def test_a_playbook_that_is_off_stops_its_guardrail_only(
    world: World, services: Services, capsys: pytest.CaptureFixture[str]
) -> None:
    """Row 4.5. It acts as soon as the playbook is on again."""
    use_playbook(world.library, {"key": "call"})
    watch(world, {"key": "starts", "then": {"start": "test-play"}}, {})
    async with world.database.transaction() as session:
        await sync_versions(session, world.library, world.now)
        await switch_playbook(session, world.library, "test-play", False, world.dana, world.now)
    await run_daily(services, world.now)
    assert await every(world, Run) == []
    assert len(await notices(world)) == 1
    assert "guardrail_idle" in (said := capsys.readouterr().out)
    assert "switched off" in said
    async with world.database.transaction() as session:
        await switch_playbook(session, world.library, "test-play", True, world.dana, world.now)
    await run_daily(services, world.now)
    assert len(await every(world, Run)) == 1


@pytest.mark.parametrize("change", [{"archived": True}, {"stage": Stage.CHURNED}])
async def test_accounts_that_nobody_serves_any_more_are_left_out(
    world: World, services: Services, change: dict[str, Any]
) -> None:
    watch(world)
    await change_account(world, **change)
    await run_daily(services, world.now)
    assert await notices(world) == []


async def test_an_account_without_csm_is_left_out(world: World, services: Services) -> None:
    watch(world, {"then": {"tell": "leader"}})
    async with world.database.transaction() as session:
        query = select(AccountRole).where(AccountRole.role == MemberRole.CSM)
        await session.delete((await session.exec(query)).one())
    await run_daily(services, world.now)
    assert await notices(world) == []


async def test_a_condition_that_cannot_be_evaluated_stops_no_other(world: World, services: Services) -> None:
    await change_account(world, attributes={"seats": "many"})
    watch(world, {"key": "broken", "when": "account.attributes.seats - 1 > 3"}, {})
    await run_daily(services, world.now)
    assert len(await entries(world)) == 1


async def test_a_condition_sees_health_steps_and_escalations(world: World, services: Services) -> None:
    """Row 4.5: the facts that only guardrails can ask for."""
    await world.start({"key": "write"}, {"key": "call"})
    await change_account(world, sentiment="red", sentiment_at=world.now)
    when = (
        'account.health < 50 && account.band == "red" && account.steps_overdue == 2 && '
        "account.longest_overdue_days >= 8 && account.days_since_sentiment == 8 && account.open_escalations == 0"
    )
    watch(world, {"when": when})
    await run_daily(services, world.now + timedelta(days=8))
    (entry,) = await entries(world)
    assert "last sentiment 8 days ago, 2 steps overdue, the oldest by 8 days" in entry
