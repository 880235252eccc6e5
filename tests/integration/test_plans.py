"""No statement on a hot path reads a big table from end to end.

What is checked is whatever the real functions send, so a new statement on one of these paths is checked by itself.
"""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import col, select

from bot.clock import FixedClock
from bot.db import Database, reading_session
from bot.delivery.claiming import claim
from bot.delivery.writing import Writer
from bot.demo.load.loading import load
from bot.demo.load.scale import Scale
from bot.engine.actors import Actor
from bot.engine.steps import skip_step
from bot.library.library import Library
from bot.library.measures import Measure
from bot.models import Member, MemberRole, Step, StepStatus
from bot.reports.account_card import read_account_card
from bot.reports.finding import find_account, require_found
from bot.reports.health import read_health_page
from bot.reports.home import load_home
from bot.reports.queues import load_queues
from bot.reports.timeline import read_timeline
from bot.schedule.firing import fire_due, next_due_at
from bot.schedule.ruling import evaluate_due
from bot.services import Services
from bot.settings import ROOT, Settings
from bot.signals.ingesting import Sender, take_in
from bot.signals.sent import read_sent
from bot.signals.windows import load_measures
from tests.support.plans import far_only, listening, scans

NOW = datetime(2026, 3, 4, 11, tzinfo=UTC)
SCALE = Scale(accounts=250, open_steps=2_500, signals=3_000, seed=1, now=NOW - timedelta(days=2))


@pytest.fixture
async def services(database: Database) -> Services:
    library = Library(ROOT / "playbooks")
    library.load()
    far = far_only(database)
    await load(far, library, SCALE, lambda _description, _total: lambda _count: None)
    async with far.reading() as connection:
        await library.refresh(connection)
    return Services(Settings(_env_file=None), far, library, FixedClock(NOW), lambda: None)


async def test_no_hot_path_reads_a_big_table_from_end_to_end(services: Services) -> None:
    """Firing, claiming, App Home, cards, a click, signals and rules, on a book as `playcall demo-data` makes it."""
    database, library = services.database, services.library
    with listening(database) as sent:
        await _answer(services, await _csm(database))
        await _click(services, await _csm(database))
        feed = Sender("feed", "the API token feed")
        signal = {"account": "load-7", "kind": "active_users", "number": 3, "external_id": "1"}
        await take_in(database, library, [read_sent(signal | {"observed_at": NOW.isoformat()})], feed, NOW)
        await evaluate_due(services, NOW)
        assert (await fire_due(services, NOW)).fired
        taken = await claim(database, Writer(database), NOW + timedelta(minutes=5), NOW + timedelta(minutes=6), 50)
    assert taken.deliveries
    found = await scans(database, sent)
    assert not found, "\n\n".join(found)


async def test_a_scan_is_noticed(services: Services) -> None:
    with listening(services.database) as sent:
        async with services.database.reading() as connection:
            await connection.execute(select(Step.id).where(col(Step.title) == "Call them"))
    assert [found.split(":")[0] for found in await scans(services.database, sent)] == ["steps"]


async def _answer(services: Services, csm: Actor) -> None:
    """What people ask for: App Home, an account's pages, numbers of several accounts and contacts."""
    database, library = services.database, services.library
    measures = [Measure(metric="active_users", over=28, ago=ago) for ago in (0, 28)]
    async with database.reading() as connection:
        await load_home(reading_session(connection), library, csm, NOW)
        account = require_found(await find_account(connection, "load-7")).account
        await read_health_page(connection, account, library.health_config, NOW)
        await read_account_card(connection, account)
        await read_timeline(connection, account.id)
        await load_measures(connection, [1, 2, 3], measures, NOW)
        await load_measures(connection, [1, 2, 3], measures, NOW, of_contacts=True)
        await load_queues(connection, NOW)
        await next_due_at(connection)


async def _click(services: Services, csm: Actor) -> None:
    """Skip a step, which takes the same way as completing it."""
    query = select(Step.id).where(Step.assignee_id == csm.member_id, Step.status == StepStatus.OPEN).limit(1)
    async with services.database.transaction() as session:
        step_id = (await session.exec(query)).one()
        await skip_step(session, services.library, step_id, csm, NOW, reason="not needed here")


async def _csm(database: Database) -> Actor:
    async with database.reading() as connection:
        query = select(Member).where(Member.role == MemberRole.CSM).order_by(col(Member.id))
        return Actor.of((await reading_session(connection).exec(query.limit(1))).one())
