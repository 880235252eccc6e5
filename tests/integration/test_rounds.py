"""Recurring playbooks: a round a period, never two at once, and rounds that are skipped."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import col, select

from bot.clock import FixedClock
from bot.engine.accounts import log_sentiment
from bot.engine.rounds import RoundSkip, skip_round
from bot.engine.runs import cancel_run, start_run
from bot.engine.steps import complete_step
from bot.errors import InvalidInput, NotAllowed
from bot.models import Account, Run, RunStatus, Sentiment, SkippedOccurrence
from bot.schedule.daily import run_daily
from bot.services import Services
from bot.settings import Settings
from tests.support.world import World, use_playbook


def noon(month: int, day: int, year: int = 2026) -> datetime:
    return datetime(year, month, day, 12, tzinfo=UTC)


@pytest.fixture
def services(world: World, clock: FixedClock) -> Services:
    return Services(Settings(_env_file=None), world.database, world.library, clock, lambda: None)


def recurring(world: World, every: str = "month", day: str = "1bd", of: str = "calendar", **more: Any) -> None:
    trigger = {"on": "recurring", "every": every, "day": day, "of": of, **more}
    use_playbook(world.library, {"key": "check-in"}, key="monthly", title="Monthly check-in", triggers=[trigger])


async def settle_march(world: World) -> None:
    """As if acme had been added after March's round would have started."""
    async with world.database.transaction() as session:
        (await session.get_one(Account, world.account_id)).created_at = noon(3, 10)


async def runs_of(world: World) -> list[Run]:
    async with world.database.transaction() as session:
        return list((await session.exec(select(Run).order_by(col(Run.id)))).all())


async def keys_of(world: World) -> list[str]:
    return [str(run.trigger_key).split(":", 2)[2] for run in await runs_of(world)]


async def finish(world: World, at: datetime) -> None:
    run = (await runs_of(world))[-1]
    step = (await world.steps(run.id))["check-in"]
    async with world.database.transaction() as session:
        await complete_step(session, world.library, step.id, world.maya, at)


async def skip(world: World, at: datetime, reason: str = "They are on holiday") -> RoundSkip:
    async with world.database.transaction() as session:
        return await skip_round(session, world.library, world.account_id, "monthly", world.maya, at, reason=reason)


async def skipped(world: World) -> list[SkippedOccurrence]:
    async with world.database.transaction() as session:
        return list((await session.exec(select(SkippedOccurrence).order_by(col(SkippedOccurrence.id)))).all())


async def test_a_monthly_playbook_has_one_round_a_month_on_its_business_day(world: World, services: Services) -> None:
    """Rows 1.16, 1.19: the check-in comes back by itself; 1 May is a holiday where maya is."""
    recurring(world)
    for day in (noon(4, 1), noon(4, 1), noon(4, 20)):
        await run_daily(services, day)
    await finish(world, noon(4, 20))
    await run_daily(services, noon(5, 3))
    assert await keys_of(world) == ["month:2026-04"]
    await run_daily(services, noon(5, 4))
    assert await keys_of(world) == ["month:2026-04", "month:2026-05"]


async def test_a_quarterly_review_counts_the_quarters_of_the_contract(world: World, services: Services) -> None:
    """Row 1.18: quarters since the contract began."""
    recurring(world, "quarter", "-21d", of="contract")
    await run_daily(services, noon(5, 1))
    assert await keys_of(world) == []  # no contract start, no quarters
    async with world.database.transaction() as session:
        (await session.get_one(Account, world.account_id)).contract_start = date(2026, 2, 14)
    await run_daily(services, noon(4, 22))
    assert await keys_of(world) == []
    await run_daily(services, noon(4, 23))
    assert await keys_of(world) == ["contract-quarter:2026-02-14"]


@pytest.mark.parametrize("sentiment", [Sentiment.GREEN, Sentiment.RED])
async def test_rounds_come_whatever_the_health(world: World, services: Services, sentiment: Sentiment) -> None:
    """Row 1.13: the cadence does not depend on health."""
    recurring(world)
    async with world.database.transaction() as session:
        await log_sentiment(session, world.library, world.account_id, sentiment, None, world.maya, world.now)
    await run_daily(services, noon(4, 1))
    assert await keys_of(world) == ["month:2026-04"]


async def test_after_downtime_only_the_present_round_starts(world: World, services: Services) -> None:
    recurring(world)
    await run_daily(services, noon(8, 20))
    await run_daily(services, noon(8, 21))
    assert await keys_of(world) == ["month:2026-08"]


async def test_an_account_added_after_the_day_begins_with_the_next_round(world: World, services: Services) -> None:
    """acme was added on Monday 2 March; the month's first working day was that very day."""
    recurring(world, day="1d")
    await run_daily(services, noon(3, 10))
    assert await keys_of(world) == []
    await run_daily(services, noon(4, 1))
    assert await keys_of(world) == ["month:2026-04"]


async def test_a_run_started_by_hand_is_the_round_of_its_period(world: World, services: Services) -> None:
    recurring(world, day="15d")
    async with world.database.transaction() as session:
        run = await start_run(session, world.library, world.account_id, "monthly", noon(4, 3), actor=world.maya)
        await cancel_run(session, world.library, run.id, world.maya, noon(4, 4), reason="Done on the phone")
    await run_daily(services, noon(4, 15))
    assert len(await runs_of(world)) == 1


async def test_a_round_is_passed_over_while_the_last_one_is_open_and_that_is_said_once(
    world: World, services: Services
) -> None:
    recurring(world)
    await run_daily(services, noon(4, 1))
    for day in (noon(5, 4), noon(5, 5), noon(5, 20)):
        await run_daily(services, day)
    assert await keys_of(world) == ["month:2026-04"]
    said = [entry for entry in await world.timeline() if "passed over" in entry]
    assert said == [
        "passed over the round of May 2026 of Monthly check-in: the last one, since 1 Apr 2026, is still active."
    ]
    await finish(world, noon(5, 20))
    await run_daily(services, noon(5, 21))
    assert await keys_of(world) == ["month:2026-04"]
    await run_daily(services, noon(6, 1))
    assert await keys_of(world) == ["month:2026-04", "month:2026-06"]


async def test_a_round_is_skipped_before_it_starts(world: World, services: Services) -> None:
    """Row 1.19: it can be skipped with a reason, which is kept; the answer names the next one."""
    recurring(world)
    await settle_march(world)
    change = await skip(world, noon(3, 20))
    assert change.sentence == (
        "The round of April 2026 of Monthly check-in is skipped on Acme: They are on holiday. "
        "The next one starts on 4 May 2026."
    )
    await run_daily(services, noon(4, 1))
    assert await keys_of(world) == []
    assert [(row.occurrence, row.reason, row.skipped_by_id) for row in await skipped(world)] == [
        ("month:2026-04", "They are on holiday.", world.maya.member_id)
    ]
    await run_daily(services, noon(5, 4))
    assert await keys_of(world) == ["month:2026-05"]


async def test_skipping_a_skipped_round_again_changes_nothing(world: World) -> None:
    recurring(world)
    await settle_march(world)
    await skip(world, noon(3, 20))
    again = await skip(world, noon(3, 21))
    assert not again.changed
    assert "skipped already" in again.sentence
    after_its_day = await skip(world, noon(4, 2))
    assert after_its_day.changed
    assert [row.occurrence for row in await skipped(world)] == ["month:2026-04", "month:2026-05"]


async def test_skipping_an_open_round_cancels_it_with_the_reason(world: World, services: Services) -> None:
    """Row 1.19."""
    recurring(world)
    await run_daily(services, noon(4, 1))
    change = await skip(world, noon(4, 2))
    run = (await runs_of(world))[0]
    assert run.status is RunStatus.CANCELLED
    assert run.end_reason == "skipped: They are on holiday."
    assert change.sentence.endswith("The next one starts on 4 May 2026.")
    await run_daily(services, noon(4, 3))
    assert len(await runs_of(world)) == 1


async def test_only_the_csm_or_a_leader_skips_and_says_why(world: World) -> None:
    recurring(world)
    with pytest.raises(InvalidInput, match="Say why"):
        await skip(world, noon(3, 20), reason="  ")
    async with world.database.transaction() as session:
        with pytest.raises(NotAllowed):
            await skip_round(
                session, world.library, world.account_id, "monthly", world.leo, noon(3, 20), reason="No time"
            )


async def test_what_does_not_recur_has_no_round_to_skip(world: World) -> None:
    use_playbook(world.library, {"key": "check-in"}, key="monthly", title="Monthly check-in")
    with pytest.raises(InvalidInput, match="does not recur"):
        await skip(world, noon(3, 20))


async def test_a_round_starts_on_the_day_it_is_for_the_csm(world: World, services: Services) -> None:
    recurring(world, day="15d")
    midnight_in_berlin = datetime(2026, 4, 14, 22, tzinfo=UTC)
    await run_daily(services, midnight_in_berlin - timedelta(minutes=1))
    assert await runs_of(world) == []
    await run_daily(services, midnight_in_berlin)
    assert (await runs_of(world))[0].started_on == date(2026, 4, 15)
