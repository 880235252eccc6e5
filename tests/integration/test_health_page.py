from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from bot.db import Database
from bot.library.health_config import ComponentKey, HealthConfig
from bot.library.metrics import load_metrics
from bot.models import (
    Account,
    EscalationStatus,
    HealthSnapshot,
    MemberRole,
    MilestoneStatus,
    RunStatus,
    Sentiment,
    StepStatus,
    TouchpointStatus,
)
from bot.reports.finding import find_account, require_found
from bot.reports.health import HealthPage, read_health_page
from bot.settings import ROOT
from bot.signals.health import Direction
from bot.signals.health_facts import among, load_health
from bot.signals.health_snapshots import snapshot_health
from tests.support.accounts import Book

CONFIG = HealthConfig()


@pytest.fixture
def book(database: Database, now: datetime) -> Book:
    return Book(database, now)


async def page_of(book: Book, key: str, now: datetime | None = None) -> HealthPage:
    async with book.database.glance() as reader:
        account = require_found(await find_account(reader, key)).account
        return await read_health_page(reader, account, CONFIG, now or book.now)


async def filled(book: Book) -> int:
    maya = await book.member("maya", timezone="Europe/Berlin")
    leo = await book.member("leo", MemberRole.AE, timezone="America/New_York")
    team = {MemberRole.CSM: maya, MemberRole.AE: leo}
    ten_days_ago = book.now - timedelta(days=10)
    acme = await book.account(
        "acme", team, sentiment=Sentiment.GREEN, sentiment_at=ten_days_ago, last_contact_at=ten_days_ago
    )
    run = await book.run(acme)
    late = await book.step(acme, run, maya, due_on=date(2026, 2, 24))
    await book.step(acme, run, leo, due_on=date(2026, 3, 5), title="Hand over", role=MemberRole.AE)
    await book.step(acme, run, leo, status=StepStatus.WAITING, due_on=date(2026, 1, 1), title="Waits")
    await book.step(
        acme, run, maya, status=StepStatus.DONE, title="Done", finished_at=ten_days_ago, due_on=date(2026, 2, 1)
    )
    paused = await book.run(acme, RunStatus.PAUSED)
    await book.step(acme, paused, maya, due_on=date(2026, 1, 1), title="Paused")
    await book.milestone(acme, "Kick-off", status=MilestoneStatus.REACHED, reached_at=ten_days_ago)
    await book.milestone(acme, "Go-live", target_date=date(2026, 2, 1))
    await book.escalation(acme, leo, "Get the sponsor back")
    await book.escalation(acme, leo, "Old", status=EscalationStatus.RESOLVED)
    await book.touchpoint(acme, late, datetime(2026, 3, 9, 8, tzinfo=UTC))
    await book.touchpoint(acme, late, datetime(2026, 3, 1, 8, tzinfo=UTC), status=TouchpointStatus.FIRED, revision=1)
    return acme


async def test_the_page_shows_what_is_going_on(book: Book) -> None:
    await filled(book)
    page = await page_of(book, "acme")
    assert [(step.title, step.assignee.name, step.late) for step in page.steps] == [
        ("Send the welcome email", "Maya", 6),
        ("Hand over", "Leo", 0),
    ]
    assert [(one.ask, one.owner.name) for one in page.escalations] == [("Get the sponsor back", "Leo")]
    assert page.next_touchpoint is not None
    assert page.next_touchpoint.at == datetime(2026, 3, 9, 8, tzinfo=UTC)
    assert page.next_touchpoint.about == "Send the welcome email"


async def test_the_page_and_the_overview_agree(book: Book) -> None:
    acme = await filled(book)
    await snapshot_health(book.database, CONFIG, book.now - timedelta(days=7))
    page = await page_of(book, "acme")
    async with book.database.reading() as connection:
        overview = await load_health(connection, among([acme]), CONFIG, book.now)
    assert overview[acme][1] == page.health
    assert {part.key: part.score for part in page.health.components} == {
        ComponentKey.OVERDUE_STEPS: 70,
        ComponentKey.SENTIMENT: 100,
        ComponentKey.MILESTONES: 70,
        ComponentKey.LAST_CONTACT: 100,
    }


async def test_what_moved_is_told_from_the_snapshot_of_a_week_ago(book: Book) -> None:
    await filled(book)
    await snapshot_health(book.database, CONFIG, book.now - timedelta(days=7))
    page = await page_of(book, "acme")
    assert page.health.compared_with == date(2026, 2, 23)
    assert [(m.label, m.before, m.after, m.why) for m in page.health.moved] == [
        ("Overdue steps", 100, 70, "1 step became overdue")
    ]


async def test_the_newest_snapshot_that_is_a_week_old_is_compared_with(book: Book) -> None:
    acme = await filled(book)
    for day, score in ((1, 10), (22, 30), (23, 40), (25, 50)):
        await book.snapshot(acme, date(2026, 2, day), score, {})
    assert (await page_of(book, "acme")).health.compared_with == date(2026, 2, 23)


async def test_a_snapshot_of_long_ago_is_not_compared_with(book: Book) -> None:
    acme = await filled(book)
    await book.snapshot(acme, date(2026, 1, 1), 30, {})
    assert (await page_of(book, "acme")).health.direction is Direction.NEW


async def test_a_second_snapshot_of_a_day_replaces_the_first(book: Book) -> None:
    await filled(book)
    await book.account("globex")
    assert await snapshot_health(book.database, CONFIG, book.now) == 1
    assert await snapshot_health(book.database, CONFIG, book.now + timedelta(hours=1)) == 1


async def test_every_account_is_kept_whatever_their_number(sqlite: Database, now: datetime) -> None:
    book = Book(sqlite, now)
    await book.many_accounts(1_201)
    async with sqlite.transaction() as session:
        await session.exec(update(Account).values(sentiment=Sentiment.GREEN, sentiment_at=now))
    assert await snapshot_health(sqlite, CONFIG, now) == 1_201


async def test_a_step_is_overdue_by_the_calendar_of_its_assignee(book: Book) -> None:
    tokyo = await book.member("kenji", timezone="Asia/Tokyo")
    honolulu = await book.member("kai", timezone="Pacific/Honolulu")
    acme = await book.account("acme")
    run = await book.run(acme)
    await book.step(acme, run, tokyo, due_on=date(2026, 3, 2), title="Tokyo")
    await book.step(acme, run, honolulu, due_on=date(2026, 3, 2), title="Honolulu")
    evening = datetime(2026, 3, 2, 16, tzinfo=UTC)  # Tuesday in Tokyo, Monday morning in Honolulu
    page = await page_of(book, "acme", evening)
    assert [(step.title, step.late) for step in page.steps] == [("Tokyo", 1), ("Honolulu", 0)]


async def test_an_account_with_nothing_to_show_has_an_empty_page(book: Book) -> None:
    await book.account("acme")
    page = await page_of(book, "acme")
    assert (page.health.score, page.steps, page.escalations, page.next_touchpoint) == (None, (), (), None)


async def test_snoozing_a_step_changes_nothing_in_the_health(book: Book) -> None:
    """Row 4.5: what is put off counts by the day it was due first."""
    maya = await book.member("maya", timezone="Europe/Berlin")
    acme = await book.account("acme")
    run = await book.run(acme)
    await book.step(acme, run, maya, due_on=date(2026, 3, 20), first_due_on=date(2026, 2, 24))
    page = await page_of(book, "acme")
    assert [(step.late, step.snoozed) for step in page.steps] == [(6, True)]
    async with book.database.reading() as connection:
        overview = await load_health(connection, among([acme]), CONFIG, book.now)
    assert overview[acme][0].steps_overdue == 1
    assert overview[acme][1] == page.health


MEASURED = HealthConfig.model_validate(
    {
        "measured": {
            "usage": {
                "label": "Usage",
                "measure": {"metric": "active_users", "take": "mean", "over": 7},
                "against": {"metric": "active_users", "take": "mean", "over": 28, "ago": 7},
                "points": [[0.5, 0], [1, 100]],
            }
        }
    }
).knowing(load_metrics(ROOT / "playbooks"))


async def test_what_is_measured_is_kept_so_that_it_can_be_told_since_when(sqlite: Database, now: datetime) -> None:
    """Row 1.30: 48 users a day, then 31 since Friday."""
    book = Book(sqlite, now)
    acme = await book.account("acme")
    await book.signals(acme, "active_users", *((days + 0.5, 48) for days in range(3, 50)))
    await book.signals(acme, "active_users", *((days + 0.5, 4) for days in range(3)))
    for days in range(9, 0, -1):
        await snapshot_health(sqlite, MEASURED, now - timedelta(days=days))
    async with sqlite.glance() as reader:
        account = require_found(await find_account(reader, "acme")).account
        page = await read_health_page(reader, account, MEASURED, now)
        kept = (
            await reader.execute(select(col(HealthSnapshot.confidence), col(HealthSnapshot.components)).limit(1))
        ).one()
    assert [(one.key, one.before, one.after, one.why, one.since) for one in page.health.moved] == [
        ("usage", 100, 21, "active users 48 → 29 (-39 %)", date(2026, 3, 1))
    ]
    assert kept == (9, {"usage": {"score": 100, "measure": {"what": "active users", "number": 48, "against": 48}}})


async def test_the_curve_has_a_score_for_each_week_and_gaps_where_none_was_kept(book: Book) -> None:
    acme = await book.account("acme", sentiment=Sentiment.RED, sentiment_at=book.now)
    for days, score in ((9, 30), (13, 77), (14, 50), (30, 90)):
        await book.snapshot(acme, book.now.date() - timedelta(days=days), score, {})
    assert (await page_of(book, "acme")).weeks == (90, None, 50, 30, 10)
