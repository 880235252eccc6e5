"""Rules at work on a database: what they start, end and ask, once. Rows 2.17, 2.18, 4.21, 4.23, 4.45, 2.35."""

from datetime import datetime, timedelta

import pytest
from pytest_mock import MockerFixture
from sqlmodel import select

from bot.db import Database
from bot.library.overlay_loading import Overlays
from bot.library.overlays import Overlay
from bot.models import (
    Account,
    Alert,
    AlertStatus,
    Contact,
    DeliveryKind,
    DueEvaluation,
    Escalation,
    HealthSnapshot,
    Milestone,
    MilestoneStatus,
    Run,
    RunStatus,
    Sentiment,
    Stage,
    StepStatus,
    TouchpointStatus,
)
from bot.schedule.daily import run_daily
from bot.schedule.ruling import evaluate_due
from tests.support.rules import DROP, NOW_AND_BEFORE, firings, make_rule, measure, services_of, use_rules
from tests.support.world import World, make_world, use_playbook

DROPPED = (48.0,) * 28 + (31.0,) * 7
EXIT = {"key": "back", "title": "Use is back", "when": "measures.now >= at_start.before * 0.9"}


@pytest.fixture
async def world(sqlite: Database, now: datetime) -> World:
    """On one kind of database: what the SQL does on both is in test_rule_standing.py."""
    return await make_world(sqlite, now)


@pytest.fixture
def playbook(world: World) -> None:
    use_playbook(world.library, {"key": "call"}, {"key": "write", "due": "4d", "needs": ["call"]})


async def runs(world: World) -> list[Run]:
    async with world.database.transaction() as session:
        return list((await session.exec(select(Run).order_by(Run.id))).all())  # type: ignore[arg-type]  # a column


async def waiting(world: World) -> int:
    async with world.database.transaction() as session:
        return len((await session.exec(select(DueEvaluation))).all())


@pytest.mark.usefixtures("playbook")
async def test_a_drop_in_usage_starts_its_playbook_once_and_says_why(world: World) -> None:
    """Row 2.17: drop against a baseline window. Row 1.4: at-risk playbooks are started by signals."""
    await use_rules(world, make_rule())
    await measure(world, "active_users", *DROPPED)
    assert await evaluate_due(services_of(world), world.now) == 1
    (run,) = await runs(world)
    assert (run.playbook_key, run.status) == ("test-play", RunStatus.ACTIVE)
    (firing,) = await firings(world)
    why = "active users: 31 on average over 7 days, 48 on average over 28 days until 7 days ago (-35 %)"
    assert (firing.why, firing.did, firing.run_id) == (why, "Test play is started", run.id)
    assert f"“Use fell” ({why}): Test play is started" in await world.timeline()
    assert await waiting(world) == 0
    await measure(world, "active_users", 30.0, until=world.now + timedelta(days=1))
    assert await evaluate_due(services_of(world), world.now + timedelta(days=1)) == 0
    assert len(await firings(world)) == 1


@pytest.mark.usefixtures("playbook")
async def test_recovery_ends_the_run_and_calls_off_what_was_due(world: World) -> None:
    """Row 2.18: stops when usage recovers, measured by what it was before the run began."""
    await use_rules(world, make_rule(), make_rule(**EXIT, then={"exit": "test-play"}))
    await measure(world, "active_users", *DROPPED)
    await evaluate_due(services_of(world), world.now)
    later = world.now + timedelta(days=40)  # by now the weeks before are low ones, too
    await measure(world, "active_users", *(31.0,) * 40, until=later)
    assert await evaluate_due(services_of(world), later) == 1  # the drop is over, the run is not
    assert (await runs(world))[0].status is RunStatus.ACTIVE
    recovered = later + timedelta(days=7)
    await measure(world, "active_users", *(45.0,) * 7, until=recovered)
    assert await evaluate_due(services_of(world), recovered) == 1
    (run,) = await runs(world)
    assert run.status is RunStatus.COMPLETED
    assert run.end_reason is not None
    assert run.end_reason.startswith("its reason is gone (active users: 45 on average over 7 days, 48 on average")
    assert {step.status for step in (await world.steps(run.id)).values()} == {StepStatus.CANCELLED}
    assert await world.touchpoints(status=TouchpointStatus.PLANNED) == []
    (told,) = await world.deliveries(kind=DeliveryKind.NOTICE)
    assert told.member_id == world.maya.member_id
    assert "Test play has ended on Acme: its reason is gone" in told.payload["text"]


@pytest.mark.usefixtures("playbook")
async def test_late_data_that_show_no_drop_end_what_the_rule_began(world: World) -> None:
    await use_rules(world, make_rule(), make_rule(**EXIT, then={"exit": "test-play"}))
    await measure(world, "active_users", *DROPPED)
    await evaluate_due(services_of(world), world.now)
    await measure(world, "active_users", *(70.0,) * 7)  # of the same week: half of the data had been on its way
    await evaluate_due(services_of(world), world.now + timedelta(minutes=1))
    assert (await runs(world))[0].status is RunStatus.COMPLETED


async def test_a_run_that_somebody_starts_while_all_is_well_is_left_to_them(world: World) -> None:
    """It ends when things have become well, not when they were so all along."""
    run_id = await world.start({"key": "call"})
    await use_rules(world, make_rule(**EXIT, then={"exit": "test-play"}))
    await measure(world, "active_users", *(48.0,) * 40)
    assert await evaluate_due(services_of(world), world.now) == 0
    assert (await world.run(run_id)).status is RunStatus.ACTIVE


@pytest.mark.usefixtures("playbook")
async def test_it_fires_again_after_its_reason_was_gone_and_it_has_rested(world: World) -> None:
    """Row 4.45: no reaction to every chatter."""
    latest = {"now": {"metric": "active_users"}}
    rule = make_rule(measures=latest, when="measures.now < 40", then={"alert": {"to": "csm"}}, cool_down=10)
    await use_rules(world, rule)
    for day, users in ((0, 30.0), (1, 100.0), (2, 30.0), (12, 30.0)):
        at = world.now + timedelta(days=day)
        await measure(world, "active_users", users, until=at)
        await evaluate_due(services_of(world), at)
    found = await firings(world)
    assert [(firing.fired_at - world.now).days for firing in found] == [0, 12]
    assert [firing.cleared_at is None for firing in found] == [False, True]


@pytest.mark.usefixtures("playbook")
async def test_the_end_of_data_is_not_the_end_of_the_reason(world: World) -> None:
    await use_rules(world, make_rule())
    await measure(world, "active_users", *DROPPED)
    await evaluate_due(services_of(world), world.now)
    await run_daily(services_of(world), world.now + timedelta(days=100))
    assert [firing.cleared_at for firing in await firings(world)] == [None]


async def test_a_rule_alerts_and_the_alert_ends_with_its_reason(world: World) -> None:
    await use_rules(
        world, make_rule(then={"alert": {"to": "csm", "playbook": "usage-drop"}}, until="measures.now > 40")
    )
    await measure(world, "active_users", *DROPPED)
    await evaluate_due(services_of(world), world.now)
    async with world.database.transaction() as session:
        alert = (await session.exec(select(Alert))).one()
    assert (alert.title, alert.cause, alert.playbook_key, alert.status) == (
        "Use fell",
        "drop",
        "usage-drop",
        AlertStatus.OPEN,
    )
    later = world.now + timedelta(days=7)
    await measure(world, "active_users", *(48.0,) * 7, until=later)
    await evaluate_due(services_of(world), later)
    async with world.database.transaction() as session:
        assert (await session.exec(select(Alert.status))).all() == [AlertStatus.OVER]


async def test_rules_of_one_cause_share_an_alert_which_ends_with_the_last_of_them(world: World) -> None:
    call = {"alert": {"to": "csm"}}
    await use_rules(
        world,
        make_rule(then=call, cause="usage"),
        make_rule(key="low", title="Low", when="measures.now < 40", then=call, cause="usage"),
    )
    await measure(world, "active_users", *DROPPED)
    assert await evaluate_due(services_of(world), world.now) == 2
    later = world.now + timedelta(days=7)
    await measure(world, "active_users", *(35.0,) * 7, until=later)  # no drop any more, and still low
    await evaluate_due(services_of(world), later)
    async with world.database.transaction() as session:
        assert (await session.exec(select(Alert.status))).all() == [AlertStatus.OPEN]


@pytest.mark.usefixtures("playbook")
async def test_two_weeks_running_is_two_windows(world: World) -> None:
    """Row 4.21: a sustained condition."""
    week = {"using": {"metric": "core_workflow_users", "take": "mean", "over": 7}}
    low = make_rule(measures=week, when="measures.using < 10", sustained={"periods": 2, "every": 7})
    await use_rules(world, low)
    await measure(world, "core_workflow_users", *(30.0,) * 7, *(4.0,) * 7)
    assert await evaluate_due(services_of(world), world.now) == 0
    later = world.now + timedelta(days=7)
    await measure(world, "core_workflow_users", *(5.0,) * 7, until=later)
    assert await evaluate_due(services_of(world), later) == 1
    assert (await firings(world))[0].why == "people in the core workflow: 5 on average over 7 days, 7 days before: 4"


@pytest.mark.usefixtures("playbook")
async def test_tickets_up_while_usage_falls_needs_both(world: World) -> None:
    """Rows 4.23 and 2.35: a compound rule; only both together start something."""
    both = {
        **NOW_AND_BEFORE,
        "tickets": {"metric": "ticket_opened", "take": "count", "over": 14},
        "earlier": {"metric": "ticket_opened", "take": "count", "over": 14, "ago": 14},
    }
    rule = make_rule(measures=both, when=f"measures.tickets >= 5 && measures.tickets > measures.earlier && {DROP}")
    await use_rules(world, rule)
    await measure(world, "active_users", *DROPPED)
    assert await evaluate_due(services_of(world), world.now) == 0
    await measure(world, "ticket_opened", *(1.0,) * 6, label="urgent")
    assert await evaluate_due(services_of(world), world.now) == 1


async def test_a_rule_about_contacts_starts_on_the_contact(world: World) -> None:
    """Rows 1.34 and 1.35: a promoter, and a power user with a high score."""
    use_playbook(world.library, {"key": "thank"}, key="promoter", subject="contact")
    async with world.database.transaction() as session:
        jane = (await session.exec(select(Contact))).one()
        jane.roles, jane.nps = ["power_user"], 10
        john = Contact(account_id=world.account_id, name="John", email="j@acme.example", nps=3, created_at=world.now)
        session.add(john)
    rule = make_rule(
        subject="contact",
        measures={"score": {"metric": "nps", "over": 30}},
        when='"power_user" in contact.roles && contact.nps >= 9 && measures.score >= 9',
        then={"start": "promoter"},
    )
    await use_rules(world, rule)
    await measure(world, "nps", 10, contact_id=jane.id)
    assert await evaluate_due(services_of(world), world.now) == 1
    (run,) = await runs(world)
    assert run.contact_id == jane.id
    assert (await firings(world))[0].why == "NPS answer: 10, NPS 10"


async def test_escalations_milestones_and_steps(world: World) -> None:
    """What else a rule can do."""
    run_id = await world.start({"key": "call", "outcomes": [{"key": "back", "label": "Back", "then": "complete_run"}]})
    await use_rules(
        world,
        make_rule(key="a", then={"escalate": {"to": "leader", "ask": "Please call them."}}),
        make_rule(key="b", then={"milestone": "usage-dropped"}),
        make_rule(key="c", then={"advance": {"playbook": "test-play", "step": "call", "outcome": "back"}}),
    )
    await measure(world, "active_users", *DROPPED, until=world.now + timedelta(days=5))
    assert await evaluate_due(services_of(world), world.now + timedelta(days=5)) == 3
    async with world.database.transaction() as session:
        assert (await session.exec(select(Escalation.ask))).one().startswith("Use fell (active users: 31 ")
        assert (await session.exec(select(Milestone.status))).all() == [MilestoneStatus.REACHED]
    assert (await world.run(run_id)).status is RunStatus.COMPLETED


async def test_a_rule_looks_only_where_it_is_told_to(world: World) -> None:
    """Row 0.5: alerts per journey and variant."""
    call = {"alert": {"to": "csm"}}
    overlay = Overlay.model_validate(
        {"key": "rich", "title": "Rich", "summary": "For a test.", "playbooks": ["all"], "when": "account.arr > 1000"}
    )
    world.library.overlay_files = Overlays((overlay,))
    async with world.database.transaction() as session:
        (await session.get_one(Account, world.account_id)).journey = "year-1"
    scopes = {
        "a": {"journeys": ["year-1"]},
        "b": {"journeys": ["low-touch"]},
        "c": {"stages": ["onboarding"]},
        "d": {"touch": ["high"], "overlays": ["rich"]},
        "e": {"segments": ["enterprise"]},
    }
    await use_rules(world, *(make_rule(key=key, only=only, then=call) for key, only in scopes.items()))
    await measure(world, "active_users", *DROPPED)
    await evaluate_due(services_of(world), world.now)
    assert [firing.rule_key for firing in await firings(world)] == ["a", "d"]


async def test_health_that_falls_is_seen_by_the_daily_pass(world: World) -> None:
    """Row 1.30: on a change, and on crossing a band."""
    call = {"alert": {"to": "leader"}}
    health = {"now": {"metric": "health"}, "before": {"metric": "health", "ago": 7}}
    await use_rules(
        world,
        make_rule(key="delta", measures=health, when="measures.now <= measures.before - 10", then=call),
        make_rule(
            key="band", measures=health, when="measures.before >= bands.yellow && account.band == 'red'", then=call
        ),
    )
    async with world.database.transaction() as session:
        day = (world.now - timedelta(days=8)).date()
        session.add(HealthSnapshot(account_id=world.account_id, day=day, score=80, components={}))
        account = await session.get_one(Account, world.account_id)
        account.sentiment, account.sentiment_at = Sentiment.RED, world.now
    await run_daily(services_of(world), world.now)
    assert [firing.rule_key for firing in await firings(world)] == ["delta", "band"]
    assert (await firings(world))[0].why == "health: 10, 80 until 7 days ago (-88 %)"


async def test_absence_of_data_and_a_renewal_that_comes_near(world: World) -> None:
    """Row 1.20: risk is seen two to three quarters before the renewal."""
    call = {"alert": {"to": "csm"}}
    silence = {
        "lately": {"metric": "logins", "take": "count", "over": 14},
        "ever": {"metric": "logins", "take": "count", "over": 90},
    }
    await use_rules(
        world,
        make_rule(key="silence", measures=silence, when="measures.lately == 0 && measures.ever > 0", then=call),
        make_rule(key="near", measures={}, when="account.days_until_renewal_date <= 180", then=call),
    )
    await measure(world, "logins", 3.0, until=world.now - timedelta(days=20))
    await run_daily(services_of(world), world.now)  # 183 days to go
    assert [firing.why for firing in await firings(world)] == ["logins: none over 14 days, 1 times over 90 days"]
    await run_daily(services_of(world), world.now + timedelta(days=4))
    assert (await firings(world))[1].why == "renewal date in 179 days"


async def test_a_rule_that_cannot_act_stops_no_other(world: World, mocker: MockerFixture) -> None:
    use_playbook(world.library, {"key": "call"})
    await use_rules(world, make_rule(key="bad", then={"alert": {"to": "csm"}}), make_rule())
    mocker.patch("bot.engine.rules.acting.raise_alert", side_effect=RuntimeError("broken"))
    await measure(world, "active_users", *DROPPED)
    assert await evaluate_due(services_of(world), world.now) == 1
    assert [firing.rule_key for firing in await firings(world)] == ["drop"]
    assert await waiting(world) == 0


async def test_accounts_that_nobody_serves_are_left_out(world: World) -> None:
    await use_rules(world, make_rule(then={"alert": {"to": "csm"}}))
    await measure(world, "active_users", *DROPPED)
    async with world.database.transaction() as session:
        (await session.get_one(Account, world.account_id)).stage = Stage.CHURNED
    await evaluate_due(services_of(world), world.now)
    assert (await firings(world), await waiting(world)) == ([], 0)


async def test_a_playbook_under_way_is_not_started_twice_and_no_news(world: World) -> None:
    await world.start({"key": "call"})
    await use_rules(world, make_rule())
    await measure(world, "active_users", *DROPPED)
    await evaluate_due(services_of(world), world.now)
    assert len(await runs(world)) == 1
    assert [firing.did for firing in await firings(world)] == ["Test play was not started; it may be under way already"]
    assert not [entry for entry in await world.timeline() if "Use fell" in entry]
