"""The leaders' report, where steps get stuck, what is missing: read from both databases."""

from collections.abc import Mapping
from datetime import date, timedelta

import pytest

from bot.db import reading_session
from bot.engine.runs import start_run
from bot.models import (
    Contact,
    MemberRole,
    Sentiment,
    Step,
    StepStatus,
    TimelineEntry,
    TimelineKind,
)
from bot.reports.leading.bottlenecks import load_bottlenecks
from bot.reports.leading.gaps import load_gaps
from bot.reports.leading.report import load_report
from bot.settings import Settings
from bot.slack.leading.bottlenecks import Bottlenecks
from bot.slack.leading.gaps import Gap
from bot.slack.leading.report import By, Report, ReportRow, build_report, report_table
from bot.slack.limits import violations
from tests.support.accounts import Book
from tests.support.play import shown
from tests.support.world import World, use_playbook

SETTINGS = Settings(_env_file=None, capacity_hours=20, step_minutes=60)


async def report_of(world: World, by: By = By.CSM, days: int = 90) -> Report:
    async with world.database.reading() as connection:
        session = reading_session(connection)
        return await load_report(session, world.library, SETTINGS, world.now, by=by, days=days)


def row(report: Report, name: str) -> ReportRow:
    return next(row for row in report.rows if row.name == name)


@pytest.fixture
def book(world: World) -> Book:
    return Book(world.database, world.now)


async def stuck(world: World, run_id: int, **columns: Mapping[str, object]) -> None:
    """Change the columns of steps of a run, by key."""
    steps = await world.steps(run_id)
    async with world.database.transaction() as session:
        for key, values in columns.items():
            step = await session.get_one(Step, steps[key].id)
            for name, value in values.items():
                setattr(step, name, value)


async def test_a_report_by_csm_counts_accounts_revenue_runs_and_steps(world: World, book: Book) -> None:
    """Rows 0.14, 1.41 and 1.42."""
    globex = await book.account("globex", {MemberRole.CSM: world.eve.member_id}, arr=80_000, currency="EUR")
    await book.account("initech", {MemberRole.CSM: world.maya.member_id}, arr=30_000)
    run_id = await world.start({"key": "late"}, {"key": "punctual"})
    await stuck(
        world,
        run_id,
        late={"due_on": date(2026, 2, 20), "status": StepStatus.DONE, "finished_at": world.now},
        punctual={"status": StepStatus.DONE, "finished_at": world.now},
    )
    long_ago = world.now - timedelta(days=100)
    async with world.database.transaction() as session:
        await start_run(session, world.library, globex, "test-play", long_ago, actor=world.dana)
    report = await report_of(world)
    maya, eve = row(report, "Maya Lindt"), row(report, "Eve Moreau")
    assert (maya.accounts, maya.arr["USD"], maya.started) == (2, 150_000, 1)
    assert (maya.finished, maya.on_time, maya.on_time_share) == (2, 1, 50)
    assert (eve.accounts, eve.arr["EUR"], eve.started, eve.overdue) == (1, 80_000, 0, 2)
    assert (report.total.accounts, report.total.accounts_per_csm) == (3, 1.5)
    assert sum(report.total.bands.values()) == 3


async def test_a_report_by_segment_and_stage_has_a_row_for_each(world: World, book: Book) -> None:
    """Rows 0.14 and 3.1."""
    await book.account("globex", {MemberRole.CSM: world.eve.member_id}, segment="enterprise", stage="renewal")
    assert {r.name for r in (await report_of(world, By.SEGMENT)).rows} == {"smb", "enterprise"}
    assert {r.name for r in (await report_of(world, By.STAGE)).rows} == {"adoption", "renewal"}
    assert row(await report_of(world, By.SEGMENT), "enterprise").accounts_per_csm == 1


async def test_proactive_runs_are_weighed_against_at_risk_runs_and_escalations(world: World, book: Book) -> None:
    """Row 3.1."""
    await world.start({"key": "welcome"}, key="calm")
    await world.start({"key": "grow"}, key="grow", category="expansion")
    await world.start({"key": "save"}, key="rescue", category="at-risk")
    await world.start({"key": "tune"}, key="tune", category="reviews")
    await book.escalation(world.account_id, world.dana.member_id, "Call them")
    total = (await report_of(world)).total
    assert (total.proactive, total.reactive) == (2, 2)


async def test_hours_ahead_are_minutes_of_open_steps_in_four_weeks_beside_a_persons_week(world: World) -> None:
    """Row 1.43."""
    await world.start(
        {"key": "long", "minutes": 2400},
        {"key": "again", "minutes": 2400, "due": "10d"},
        {"key": "more", "minutes": 240, "due": "20d"},
        {"key": "unsaid", "due": "27d"},
        {"key": "leos", "minutes": 120, "role": "ae"},
        {"key": "far", "minutes": 2400, "due": "29d"},
    )
    report = await report_of(world)
    loads = {load.name: load.hours for load in report.loads}
    assert loads == {"Maya Lindt": (2400 + 2400 + 240 + 60) / 60 / 4, "Leo Park": 0.5}
    assert [load.name for load in report.overloaded] == ["Maya Lindt"]
    assert row(report, "Maya Lindt").minutes_ahead == 2400 + 2400 + 240 + 60 + 120


async def test_what_recurs_adds_its_share_of_the_coming_weeks_to_the_accounts_it_is_for(world: World) -> None:
    """Row 1.43."""
    monthly = {"on": "recurring", "every": "month"}
    use_playbook(world.library, {"key": "check-in", "minutes": 60}, key="monthly", triggers=[monthly])
    other = monthly | {"when": 'account.segment == "enterprise"'}
    use_playbook(world.library, {"key": "visit", "minutes": 600}, key="visits", triggers=[other])
    report = await report_of(world)
    assert report.total.minutes_ahead == round(60 * 28 / (365.25 / 12))


async def test_what_is_archived_or_gone_is_not_counted(world: World, book: Book) -> None:
    await book.account("old", {MemberRole.CSM: world.maya.member_id}, archived=True)
    assert (await report_of(world)).total.accounts == 1


async def test_a_report_of_hundreds_of_people_is_paged_and_stays_within_slacks_limits() -> None:
    rows = []
    for number in range(200):
        one = ReportRow("<&*" * 60 + str(number), started=number, minutes_ahead=number)
        for account in range(40):
            one.count_account(10**9, "USD", account)
        rows.append(one)
    report = Report(By.CSM, 90, 4, 30, tuple(rows), ())
    for page in (1, 2, 14, 99):
        message = build_report(report, page)
        assert violations({"text": message.text, "blocks": message.blocks}) == []
    assert "`/playbook report by csm 90 page 2`" in shown({"blocks": build_report(report).blocks})
    assert len(report_table(report).rows) == 201


# --- where steps get stuck --------------------------------------------------------------------------------------------


async def bottlenecks_of(world: World, key: str | None = None) -> Bottlenecks:
    async with world.database.reading() as connection:
        return await load_bottlenecks(connection, world.now, key=key)


async def test_bottlenecks_count_late_overdue_skipped_and_blocked_steps_with_their_reasons(world: World) -> None:
    """Rows 1.48 and 3.2."""
    run_id = await world.start(
        {"key": "late"}, {"key": "waits"}, {"key": "left-out"}, {"key": "fine"}, {"key": "stuck"}
    )
    ten_days_ago = world.now - timedelta(days=10)
    done = {"status": StepStatus.DONE, "finished_at": world.now, "finished_by_id": world.maya.member_id}
    skipped = done | {"status": StepStatus.SKIPPED, "reason": "Nobody answers"}
    await stuck(
        world,
        run_id,
        late=done | {"due_on": date(2026, 2, 26), "opened_at": ten_days_ago},
        waits={"due_on": date(2026, 2, 23)},
        fine=done,
        **{"left-out": skipped},
    )
    await block(world, run_id, "stuck", "marked “Stuck” as blocked: Waiting for legal", {"category": "decision"})
    await block(world, run_id, "stuck", "marked “Stuck” as blocked: Waiting for legal", {})
    found = await bottlenecks_of(world)
    steps = {step.key: step for step in found.steps}
    assert set(steps) == {"late", "waits", "left-out", "stuck"}
    assert (steps["late"].late, steps["late"].median_days_late, steps["late"].median_days_open) == (1, 4, 10)
    assert (steps["waits"].overdue, steps["waits"].median_days_late) == (1, 7)
    assert steps["left-out"].top_reasons() == ["Nobody answers"]
    assert (steps["stuck"].blocked, steps["stuck"].top_reasons()) == (2, ["Waiting for legal"])
    assert found.blockers == {"decision": 1, "unsorted": 1}
    assert found.steps[0].key == "stuck"


async def block(world: World, run_id: int, key: str, summary: str, details: dict[str, str]) -> None:
    step = (await world.steps(run_id))[key]
    async with world.database.transaction() as session:
        session.add(
            TimelineEntry(
                account_id=world.account_id,
                run_id=run_id,
                step_id=step.id,
                kind=TimelineKind.STEP_BLOCKED,
                summary=summary,
                details=details,
                at=world.now,
            )
        )


async def test_bottlenecks_of_one_playbook_leave_out_the_others(world: World) -> None:
    """Row 1.48."""
    first = await world.start({"key": "one"}, key="first")
    second = await world.start({"key": "two"}, key="second")
    for run_id, key in ((first, "one"), (second, "two")):
        await stuck(world, run_id, **{key: {"due_on": date(2026, 2, 23)}})
    assert [step.playbook for step in (await bottlenecks_of(world, "second")).steps] == ["second"]


# --- what is missing --------------------------------------------------------------------------------------------------


async def test_gaps_name_what_an_account_lacks_the_most_first(world: World, book: Book) -> None:
    """Row 3.2."""
    await book.account("bare")
    full = {MemberRole.CSM: world.maya.member_id, MemberRole.LEADER: world.dana.member_id}
    whole = await book.account(
        "whole", full, arr=1, renewal_date=date(2027, 1, 1), outcome="Faster", sentiment=Sentiment.GREEN
    )
    roles = ["champion", "executive_sponsor"]
    async with world.database.transaction() as session:
        session.add(
            Contact(
                account_id=whole, name="Jo", email="jo@w.example", roles=roles, nps_at=world.now, created_at=world.now
            )
        )
    await book.account("gone", stage="churned")
    async with world.database.reading() as connection:
        report = await load_gaps(connection, world.now)
    assert [one.key for one in report.rows] == ["bare", "acme"]
    assert set(report.rows[0].gaps) == set(Gap)
    assert set(report.rows[1].gaps) == {Gap.OUTCOME, Gap.SPONSOR, Gap.SURVEY, Gap.SENTIMENT}


async def test_a_survey_of_more_than_a_year_ago_is_a_gap(world: World) -> None:
    """Row 3.2."""
    async with world.database.transaction() as session:
        session.add(
            Contact(
                account_id=world.account_id,
                name="Al",
                email="al@acme.example",
                nps=9,
                nps_at=world.now - timedelta(days=366),
                created_at=world.now,
            )
        )
    async with world.database.reading() as connection:
        (acme,) = (await load_gaps(connection, world.now)).rows
    assert Gap.SURVEY in acme.gaps
