"""The sample book of business, made by the real engine on a real database."""

from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import col, select

from bot.db import Database
from bot.demo.seeding import is_seeded, seed
from bot.errors import NotFound
from bot.library.library import Library
from bot.models import (
    Account,
    AdvocateStatus,
    Contact,
    Delivery,
    DeliveryKind,
    Escalation,
    EscalationStatus,
    Member,
    Objective,
    ObjectiveStatus,
    Segment,
    Stage,
    Step,
    StepStatus,
)
from bot.signals.health import Band
from bot.signals.health_facts import among, load_health
from tests.conftest import opened_on
from tests.support.shipped import shipped

LONDON = "Europe/London"
MONDAY = datetime(2026, 11, 23, 10, tzinfo=UTC)


@pytest.fixture
def library() -> Library:
    """One for each test: it remembers the versions of one database."""
    return shipped()


@pytest.fixture(scope="module")
async def written_book(sqlite_engines: Database, migrated_sqlite: bytes) -> bytes:
    async with opened_on(sqlite_engines, migrated_sqlite) as database:
        await seed(database, shipped(), MONDAY, LONDON)
    return Path(str(database.url.database)).read_bytes()  # noqa: ASYNC240  # nobody else is waiting


@pytest.fixture
async def book(sqlite_engines: Database, written_book: bytes) -> AsyncIterator[Database]:
    """The book as it is on a Monday, written once for all tests that only read it."""
    async with opened_on(sqlite_engines, written_book) as database:
        yield database


async def test_book_has_every_segment_stage_and_health_band(database: Database, library: Library) -> None:
    await seed(database, library, MONDAY, LONDON)
    async with database.transaction() as session:
        accounts = (await session.exec(select(Account))).all()
        connection = await session.connection()
        healths = await load_health(connection, among(a.id for a in accounts), library.health_config, MONDAY)
    assert 12 <= len(accounts) <= 16
    assert {account.segment for account in accounts} == set(Segment)
    assert {account.stage for account in accounts} == set(Stage)
    bands = Counter(health.band for _, health in healths.values())
    assert {Band.GREEN, Band.YELLOW, Band.RED} <= set(bands)


async def test_maya_has_something_overdue_something_due_today_and_something_this_week(book: Database) -> None:
    today = MONDAY.date()
    async with book.transaction() as session:
        hers = (
            select(col(Step.due_on), Account.key)
            .join(Member, col(Member.id) == Step.assignee_id)
            .join(Account, col(Account.id) == Step.account_id)
            .where(Member.slack_user_id == "U0MAYA", Step.status == StepStatus.OPEN)
        )
        due = (await session.exec(hers)).all()
    days = {day for day, _ in due if day}
    assert min(days) < today
    assert today in days
    assert any(today < day <= today + timedelta(days=4) for day in days)
    assert "acme" in {key for _, key in due}


async def test_only_escalations_that_are_open_are_posted_anew(book: Database) -> None:
    async with book.transaction() as session:
        waiting = (await session.exec(select(Delivery))).all()
        resolved = (
            await session.exec(select(Escalation.id).where(Escalation.status == EscalationStatus.RESOLVED))
        ).all()
    assert resolved
    assert waiting
    assert {delivery.kind for delivery in waiting} == {DeliveryKind.ESCALATION}
    assert not {delivery.payload["escalation_id"] for delivery in waiting} & set(resolved)


@pytest.mark.parametrize(
    "day",
    [
        datetime(2026, 11, 27, 16, tzinfo=UTC),  # a Friday afternoon
        datetime(2027, 1, 4, 10, tzinfo=UTC),  # Christmas and New Year just past
        datetime(2027, 3, 30, 9, tzinfo=UTC),  # the Tuesday after Easter
    ],
    ids=lambda day: f"{day:%Y-%m-%d}",
)
async def test_stories_can_be_played_on_any_working_day(day: datetime, sqlite: Database, library: Library) -> None:
    await seed(sqlite, library, day, LONDON)
    assert await is_seeded(sqlite)


async def test_story_that_fails_leaves_no_half_a_book(sqlite: Database, tmp_path: Path) -> None:
    empty = Library(tmp_path)
    empty.load()
    with pytest.raises(NotFound, match="renewal-120"):
        await seed(sqlite, empty, MONDAY, LONDON)
    async with sqlite.transaction() as session:
        assert (await session.exec(select(Account).order_by(col(Account.id)))).first() is None


async def test_some_customers_have_a_plan_and_an_advocate(book: Database) -> None:
    async with book.transaction() as session:
        planned = select(Account.key, Objective.status, col(Objective.due_on)).join(
            Objective, col(Objective.account_id) == Account.id
        )
        plans = (await session.exec(planned)).all()
        of_advocates = (
            select(Account.key)
            .join(Contact, col(Contact.account_id) == Account.id)
            .where(Contact.advocate == AdvocateStatus.ADVOCATE)
        )
        advocates = (await session.exec(of_advocates)).all()
    assert {key for key, _, _ in plans} == {"acme", "globex", "hooli"}
    acme = [(status, due) for key, status, due in plans if key == "acme"]
    assert Counter(status for status, _ in acme) == {ObjectiveStatus.MET: 1, ObjectiveStatus.OPEN: 2}
    assert any(status is ObjectiveStatus.OPEN and due and due < MONDAY.date() for status, due in acme)
    assert set(advocates) == {"acme", "hooli"}
