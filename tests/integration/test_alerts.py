"""Alerts in the engine: one for each cause, who hears of it and when, what answers do. Rows 1.29, 4.9, 4.45."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from bot.clock import FixedClock
from bot.db import Database
from bot.engine import alert_answers as answer
from bot.engine.actors import Actor
from bot.errors import InvalidInput, NotAllowed, NotFound, WrongState
from bot.models import Account, AlertStatus, DeliveryKind, MemberRole, RuleFiring, RunStatus, Severity
from bot.schedule.resting_alerts import repeat_alerts
from bot.services import Services
from bot.settings import Settings
from tests.support.accounts import Book
from tests.support.alerts import alert, alerts, reason_gone
from tests.support.world import World, change_members, make_world, use_playbook

EVENING = datetime(2026, 3, 2, 20, tzinfo=UTC)
NEXT_MORNING = datetime(2026, 3, 3, 8, tzinfo=UTC)  # 9:00 in Berlin


@pytest.fixture
async def world(sqlite: Database, now: datetime) -> World:
    """What these tests are about asks nothing of one kind of database only, but for the first ones."""
    world = await make_world(sqlite, now)
    use_playbook(world.library, {"key": "call"}, title="Usage drop", owners={"data": "support"})
    return world


async def start(world: World, actor: Actor, at: datetime | None = None) -> answer.AlertChange:
    async with world.database.transaction() as session:
        return await answer.start_recommended(session, world.library, 1, actor, at or world.now)


async def not_now(world: World, actor: Actor, *, days: int = 14, reason: str = "They move offices") -> Any:
    async with world.database.transaction() as session:
        return await answer.say_not_now(session, 1, actor, world.now, reason=reason, days=days)


async def wrong_data(world: World, actor: Actor) -> Any:
    async with world.database.transaction() as session:
        return await answer.say_wrong_data(session, world.library, 1, actor, world.now, reason="Counted twice")


async def asked(world: World) -> list[tuple[int | None, bool, datetime]]:
    """To whom messages of alerts go, whether at once, and when."""
    rows = await world.deliveries(kind=DeliveryKind.ALERT)
    return [(row.member_id, row.merge_key is None, row.available_at) for row in rows]


# --- one for each cause -----------------------------------------------------------------------------------------------


async def test_a_second_rule_of_a_cause_adds_its_line_to_the_open_alert(database: Database, now: datetime) -> None:
    """On both kinds of database: one alert is open for each cause, and one message tells of it (row 1.29)."""
    world = await make_world(database, now)
    assert await alert(world) == "Maya Lindt is alerted"
    assert await alert(world) == "Maya Lindt is alerted already"
    more = await alert(world, rule_key="logins", why="No login for 9 days")
    assert more == "it is added to the alert that Maya Lindt has"
    [one] = await alerts(world)
    assert one.why == "Active users 64 → 31 in two weeks\nNo login for 9 days"
    assert len(await asked(world)) == 1
    assert (await alert(world, cause="tickets")) == "Maya Lindt is alerted"
    assert (await alert(world, contact="jane@acme.example")) == "Maya Lindt is alerted"
    assert len(await alerts(world)) == 3


async def test_what_the_first_rule_measures_later_takes_the_place_of_its_line(world: World) -> None:
    await alert(world)
    await alert(world, rule_key="logins", why="No login for 9 days")
    await alert(world, why="Active users 64 → 20 in two weeks")
    assert (await alerts(world))[0].why == "Active users 64 → 20 in two weeks\nNo login for 9 days"


async def test_it_closes_itself_when_the_reason_is_gone_and_may_come_again(world: World) -> None:
    await alert(world)
    await reason_gone(world)
    await reason_gone(world)
    assert [one.status for one in await alerts(world)] == [AlertStatus.OVER]
    assert (await world.timeline())[-1] == "closed the alert “Usage fell by half”: the reason is gone"
    assert await alert(world) == "Maya Lindt is alerted"


# --- who, and when ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("to", "name"),
    [
        ("ae", "Leo Park"),
        ("eve@ours.example", "Eve Moreau"),
        ("specialist", "Maya Lindt"),  # nobody has the role here: Sam is no colleague of this account
        ("gone@ours.example", "Maya Lindt"),
    ],
)
async def test_who_is_asked_is_a_role_on_the_account_or_an_email_else_the_csm(world: World, to: str, name: str) -> None:
    assert await alert(world, to=to) == f"{name} is alerted"


async def test_without_a_csm_a_leader_is_asked(world: World) -> None:
    await change_members(world, maya={"active": False})
    assert await alert(world) == "Dana Reyes is alerted"


async def test_stale_data_is_told_to_the_administrator_who_owns_the_data(world: World) -> None:
    """Row 4.9: a rule about data that stopped coming names `admin`, whoever that is for this account."""
    await Book(world.database, world.now).member("ada", MemberRole.ADMIN)
    assert await alert(world, to="admin", title="No usage data for 6 days", playbook_key=None) == "Ada is alerted"


async def test_so_many_come_at_once_and_the_rest_is_one_message_the_next_morning(world: World) -> None:
    """Row 4.45: a budget for each severity, the critical always at once."""
    maya = world.maya.member_id
    for number in range(4):
        await alert(world, cause=f"cause-{number}", severity=Severity.MEDIUM)
    await alert(world, cause="small", severity=Severity.LOW)
    at_once = (maya, True, world.now)
    assert await asked(world) == [at_once, at_once, (maya, False, NEXT_MORNING)]
    await alert(world, cause="big", severity=Severity.CRITICAL)
    assert (await asked(world))[-1] == at_once
    tomorrow = world.now + timedelta(days=1)
    await alert(world, cause="next-day", severity=Severity.MEDIUM, at=tomorrow)
    assert (await asked(world))[-1] == (maya, True, tomorrow)


async def test_outside_working_hours_only_what_is_critical_interrupts(world: World) -> None:
    await alert(world, at=EVENING)
    await alert(world, cause="outage", severity=Severity.CRITICAL, at=EVENING)
    assert [(at_once, when) for _, at_once, when in await asked(world)] == [(False, NEXT_MORNING), (True, EVENING)]


async def test_an_alert_kept_for_the_morning_comes_at_once_when_it_gets_serious(world: World) -> None:
    await alert(world, severity=Severity.LOW)
    await alert(world, rule_key="outage", why="Nobody can log in", severity=Severity.CRITICAL)
    [one] = await alerts(world)
    assert (one.severity, one.at_once) == (Severity.CRITICAL, True)
    assert (await asked(world))[-1] == (world.maya.member_id, True, world.now)


# --- start ------------------------------------------------------------------------------------------------------------


async def test_start_starts_the_recommended_playbook_and_closes_the_alert(world: World) -> None:
    await alert(world)
    change = await start(world, world.maya)
    assert (change.changed, change.sentence) == (True, "Maya Lindt started Usage drop on Acme.")
    [one] = await alerts(world)
    assert (one.status, one.closed_by_id) == (AlertStatus.STARTED, world.maya.member_id)
    assert one.run_id is not None
    assert (await world.run(one.run_id)).status is RunStatus.ACTIVE


async def test_a_second_click_changes_nothing_and_says_who_was_first(world: World) -> None:
    await alert(world)
    await start(world, world.maya)
    again = await start(world, world.dana)
    assert (again.changed, again.sentence) == (False, "Maya Lindt has started what it recommends already.")
    with pytest.raises(WrongState, match=r"Maya Lindt has started .* `/playbook start`"):
        await not_now(world, world.dana)


async def test_whoever_is_asked_may_start_it_in_any_role(world: World) -> None:
    await alert(world, to="ae")
    assert (await start(world, world.leo)).changed


async def test_others_may_not_answer(world: World) -> None:
    await alert(world)
    with pytest.raises(NotAllowed, match="Only the one who is asked"):
        await start(world, world.leo)
    with pytest.raises(NotAllowed):
        await wrong_data(world, world.eve)


async def test_a_playbook_under_way_already_answers_the_alert(world: World) -> None:
    await alert(world)
    running = await world.start({"key": "call"}, title="Usage drop")
    change = await start(world, world.maya)
    assert "Usage drop is active on Acme since 2 Mar 2026. The alert is closed with it." in change.sentence
    assert (await alerts(world))[0].run_id == running


async def test_what_cannot_be_started_says_why_and_leaves_the_alert_open(world: World) -> None:
    use_playbook(world.library, {"key": "call"}, key="for-contacts", title="New admin", subject="contact")
    await alert(world, playbook_key="for-contacts")
    with pytest.raises(InvalidInput, match="`/playbook start for-contacts acme` lets you choose"):
        await start(world, world.maya)
    assert (await alerts(world))[0].status is AlertStatus.OPEN


async def test_a_playbook_that_is_gone_or_off_says_so(world: World) -> None:
    await alert(world, playbook_key="no-such-play")
    with pytest.raises(NotFound, match="There is no playbook `no-such-play`"):
        await start(world, world.maya)


async def test_nothing_is_started_on_an_archived_account(world: World) -> None:
    await alert(world)
    async with world.database.transaction() as session:
        (await session.get_one(Account, world.account_id)).archived = True
    with pytest.raises(WrongState, match="Acme is archived"):
        await start(world, world.maya)


# --- not now, wrong data ----------------------------------------------------------------------------------------------


async def test_after_not_now_the_cause_rests_for_as_long_as_was_chosen(world: World) -> None:
    await alert(world)
    await not_now(world, world.maya)
    [one] = await alerts(world)
    assert (one.status, one.quiet_until, one.reason) == (AlertStatus.NOT_NOW, date(2026, 3, 16), "They move offices")
    rests = "nobody is alerted before 2026-03-16: somebody said “not now”"
    assert await alert(world, at=world.now + timedelta(days=13)) == rests
    assert await alert(world, at=world.now + timedelta(days=14)) == "Maya Lindt is alerted"


async def test_what_is_more_serious_comes_through_a_not_now(world: World) -> None:
    await alert(world)
    await not_now(world, world.maya)
    assert await alert(world, severity=Severity.CRITICAL) == "Maya Lindt is alerted"


async def test_not_now_needs_a_reason_and_a_time(world: World) -> None:
    await alert(world)
    with pytest.raises(InvalidInput, match="Say why not now"):
        await not_now(world, world.maya, reason=" ")
    with pytest.raises(InvalidInput, match="for how long"):
        await not_now(world, world.maya, days=0)


async def test_the_data_owner_of_the_playbook_hears_of_wrong_data(world: World) -> None:
    ben = await Book(world.database, world.now).member("ben", MemberRole.SUPPORT)
    await alert(world)
    change = await wrong_data(world, world.maya)
    assert change.sentence.endswith("are wrong: Counted twice (Ben will hear of it)")
    [notice] = await world.deliveries(kind=DeliveryKind.NOTICE)
    assert notice.member_id == ben
    line = "Acme, “Usage fell by half” (Active users 64 → 31 in two weeks). Maya Lindt: Counted twice"
    assert notice.payload["lines"] == [line]


async def test_without_a_data_owner_the_leaders_hear_of_it(world: World) -> None:
    await alert(world, playbook_key=None)
    await wrong_data(world, world.maya)
    assert [row.member_id for row in await world.deliveries(kind=DeliveryKind.NOTICE)] == [world.dana.member_id]


async def test_after_wrong_data_the_cause_rests_until_the_data_say_something_else(world: World) -> None:
    await alert(world)
    await wrong_data(world, world.maya)
    assert await alert(world) == "nobody is alerted: somebody said that the data are wrong"
    await reason_gone(world)
    assert await alert(world) == "Maya Lindt is alerted"


async def test_after_thirty_days_wrong_data_rest_no_longer(world: World) -> None:
    await alert(world)
    await wrong_data(world, world.maya)
    assert await alert(world, at=world.now + timedelta(days=30)) == "Maya Lindt is alerted"


async def test_after_the_pause_somebody_is_asked_again_while_it_still_holds(world: World) -> None:
    services = Services(Settings(_env_file=None), world.database, world.library, FixedClock(world.now), lambda: None)
    firing: dict[str, Any] = {"account_id": world.account_id, "rule_key": "usage-drop", "did": "alerted"}
    async with world.database.transaction() as session:
        session.add(RuleFiring(why="Active users 64 → 28", fired_at=world.now, **firing))
    await alert(world)
    await not_now(world, world.maya)
    assert await repeat_alerts(services, world.now + timedelta(days=13)) == 0
    over = world.now + timedelta(days=14)
    assert (await repeat_alerts(services, over), await repeat_alerts(services, over)) == (1, 0)
    assert (await alerts(world))[1].why == "Still so after a pause. Active users 64 → 28"


async def test_the_timeline_tells_what_was_asked_and_answered(world: World) -> None:
    await alert(world)
    await not_now(world, world.maya)
    assert (await world.timeline())[-2:] == [
        "alerted Maya Lindt: Usage fell by half. Active users 64 → 31 in two weeks",
        "said not now to the alert “Usage fell by half”, quiet until 16 Mar 2026: They move offices",
    ]
