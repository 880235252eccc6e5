"""What starts by itself: on the right day, a few at a time, wholly or not at all."""

from collections.abc import Collection
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlmodel import col, select

from bot.clock import FixedClock
from bot.engine import nearing, progress, runs, triggers
from bot.engine.accounts import log_sentiment
from bot.engine.nearing import find_due
from bot.errors import InvalidInput
from bot.models import Account, AccountRole, Member, MemberRole, Run, Sentiment, Stage, Step
from bot.schedule import daily
from bot.schedule.daily import run_daily
from bot.services import Services
from bot.settings import Settings
from tests.support.world import World, use_playbook

MAY_4 = datetime(2026, 5, 4, 9, tzinfo=UTC)  # 120 days before acme's renewal
RENEWAL = {"key": "renewal-play", "triggers": [{"on": "anchor", "anchor": "renewal_date", "offset": "-120d"}]}
QUARTER = {"key": "quarter-play", "triggers": [{"on": "quarter_end", "offset": "-21d"}]}


@pytest.fixture
def services(world: World, clock: FixedClock) -> Services:
    return Services(Settings(_env_file=None), world.database, world.library, clock, lambda: None)


def on_red(key: str, when: str | None = None) -> dict[str, Any]:
    return {"key": key, "triggers": [{"on": "sentiment", "sentiment": "red", "when": when}]}


async def feel_red(world: World) -> list[str]:
    async with world.database.transaction() as session:
        started = await log_sentiment(
            session, world.library, world.account_id, Sentiment.RED, None, world.maya, world.now
        )
        return [run.playbook_key for run in started]


async def all_runs(world: World) -> list[Run]:
    async with world.database.transaction() as session:
        return list((await session.exec(select(Run).order_by(col(Run.id)))).all())


async def move_maya_to(world: World, timezone: str) -> None:
    async with world.database.transaction() as session:
        (await session.get_one(Member, world.maya.member_id)).timezone = timezone


async def add_accounts(world: World, count: int, csm_id: int | None, **fields: Any) -> None:
    """Accounts that are, but for what the fields say, as due as acme is."""
    base: dict[str, Any] = {"stage": Stage.ADOPTION, "renewal_date": date(2026, 9, 1)} | fields
    async with world.database.transaction() as session:
        for number in range(count):
            account = Account(
                key=f"new-{number}", name=f"New {number}", created_at=world.now, updated_at=world.now, **base
            )
            session.add(account)
            await session.flush()
            if csm_id:
                session.add(AccountRole(account_id=account.id, role=MemberRole.CSM, member_id=csm_id))


async def test_what_refuses_halfway_leaves_nothing_behind_and_the_rest_goes_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_playbook(world.library, {"key": "first"}, **on_red("breaks"))
    use_playbook(world.library, {"key": "first"}, **on_red("works", 'account.name == "Acme"'))
    advance = progress.advance

    async def refuse(session: Any, library: Any, state: Any, *rest: Any) -> None:
        await advance(session, library, state, *rest)
        if state.playbook.key == "breaks":
            state.account.name = "Half done"
            state.team.csm.name = "Half done"
            await session.flush()
            raise InvalidInput("Not like this.")

    monkeypatch.setattr(runs, "advance", refuse)
    assert await feel_red(world) == ["works"]
    [run] = await all_runs(world)
    async with world.database.transaction() as session:
        assert {step.run_id for step in (await session.exec(select(Step))).all()} == {run.id}
        assert (await session.get_one(Member, world.maya.member_id)).name == "Maya Lindt"
    account = await world.account()
    assert (account.name, account.sentiment) == ("Acme", Sentiment.RED)
    assert not [summary for summary in await world.timeline() if "breaks" in summary]


async def test_a_condition_that_cannot_be_evaluated_keeps_nothing_else_from_starting(world: World) -> None:
    use_playbook(world.library, {"key": "first"}, **on_red("breaks", 'account.arr > "a lot"'))
    use_playbook(world.library, {"key": "first"}, **on_red("works"))
    assert await feel_red(world) == ["works"]


async def test_conditions_count_days_from_where_the_csm_is(world: World) -> None:
    use_playbook(world.library, {"key": "first"}, **on_red("near", "account.days_until_renewal_date == 182"))
    await move_maya_to(world, "Pacific/Kiritimati")  # 14 hours ahead: it is 3 March there already
    assert await feel_red(world) == ["near"]


@pytest.mark.parametrize(
    ("timezone", "early", "due"),
    [
        ("Pacific/Kiritimati", datetime(2026, 5, 3, 9, 59, tzinfo=UTC), datetime(2026, 5, 3, 10, tzinfo=UTC)),
        ("America/Los_Angeles", datetime(2026, 5, 4, 6, 59, tzinfo=UTC), datetime(2026, 5, 4, 7, tzinfo=UTC)),
    ],
)
async def test_a_date_comes_near_on_the_calendar_of_the_csm(
    world: World, services: Services, timezone: str, early: datetime, due: datetime
) -> None:
    use_playbook(world.library, {"key": "first"}, **RENEWAL)
    await move_maya_to(world, timezone)
    assert await run_daily(services, early) == 0
    assert await run_daily(services, due) == 1
    assert [run.started_on for run in await all_runs(world)] == [date(2026, 5, 4)]


@pytest.mark.parametrize(
    ("timezone", "early", "due"),
    [
        ("Pacific/Kiritimati", datetime(2026, 6, 8, 9, 59, tzinfo=UTC), datetime(2026, 6, 8, 10, tzinfo=UTC)),
        ("America/Los_Angeles", datetime(2026, 6, 9, 6, 59, tzinfo=UTC), datetime(2026, 6, 9, 7, tzinfo=UTC)),
    ],
)
async def test_a_quarter_ends_on_the_calendar_of_the_csm(
    world: World, services: Services, timezone: str, early: datetime, due: datetime
) -> None:
    use_playbook(world.library, {"key": "first"}, **QUARTER)
    await move_maya_to(world, timezone)
    assert await run_daily(services, early) == 0
    assert await run_daily(services, due) == 1
    assert [run.trigger_key for run in await all_runs(world)] == [f"quarter-play:{world.account_id}:quarter:2026-06-30"]


async def test_the_last_day_of_a_quarter_still_counts_where_it_is_not_over(world: World, services: Services) -> None:
    use_playbook(world.library, {"key": "first"}, **QUARTER)
    await move_maya_to(world, "America/Los_Angeles")
    assert await run_daily(services, datetime(2026, 7, 1, 6, tzinfo=UTC)) == 1
    assert await run_daily(services, datetime(2026, 7, 1, 7, tzinfo=UTC)) == 0


async def test_many_accounts_are_started_a_few_in_one_transaction(
    world: World, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_playbook(world.library, {"key": "first"}, **RENEWAL)
    await add_accounts(world, 6, world.maya.member_id)
    monkeypatch.setattr(nearing, "PAGE", 3)
    monkeypatch.setattr(daily, "ACCOUNTS_AT_A_TIME", 2)
    monkeypatch.setattr(daily, "PAUSE", 0)
    sizes: list[int] = []

    async def watched(session: Any, library: Any, now: datetime, account_ids: Collection[int]) -> list[Run]:
        sizes.append(len(account_ids))
        return await triggers.start_due(session, library, now, account_ids)

    monkeypatch.setattr(daily, "start_due", watched)
    assert await run_daily(services, MAY_4) == 7
    assert sizes == [2, 1, 2, 1, 1]
    assert len({run.account_id for run in await all_runs(world)}) == 7
    assert await run_daily(services, MAY_4) == 0
    assert len(sizes) == 5


@pytest.mark.parametrize("playbook", [RENEWAL, QUARTER], ids=["renewal", "quarter"])
@pytest.mark.parametrize(
    ("has_csm", "fields"),
    [(False, {}), (True, {"stage": Stage.CHURNED}), (True, {"archived": True})],
    ids=["no-csm", "churned", "archived"],
)
async def test_what_cannot_start_is_not_even_tried(
    world: World, playbook: dict[str, Any], has_csm: bool, fields: dict[str, Any]
) -> None:
    use_playbook(world.library, {"key": "first"}, **playbook)
    await add_accounts(world, 2, world.maya.member_id if has_csm else None, **fields)
    now = datetime(2026, 6, 9, 9, tzinfo=UTC)
    async with world.database.reading() as connection:
        found = [due.account_id async for page in find_due(connection, world.library, now) for due in page]
    assert found == [world.account_id]


async def test_what_refuses_is_tried_once_a_day_job(
    world: World, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key in ("one", "two"):
        use_playbook(world.library, {"key": "first"}, **{**RENEWAL, "key": key})
    tried: list[str] = []

    async def refuse(_session: Any, _library: Any, _account_id: int, key: str, *_: Any, **__: Any) -> Run:
        tried.append(key)
        raise InvalidInput("Not now.")

    monkeypatch.setattr(triggers, "start_run", refuse)
    assert await run_daily(services, MAY_4) == 0
    assert tried == ["one", "two"]
