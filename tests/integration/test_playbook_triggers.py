"""The shipped playbooks in the engine: each can be started, and what starts some of them by itself does."""

from datetime import UTC, date, datetime

import pytest
from sqlmodel import select

from bot.db import Database
from bot.engine.accounts import ContactDraft, log_sentiment, save_contact
from bot.engine.governance.switches import switch_playbook
from bot.engine.runs import start_run
from bot.engine.triggers import start_for_anchors
from bot.library.library import Library
from bot.library.quarters import quarter_end
from bot.library.schema import AnchorTrigger
from bot.models import Account, Contact, ContactRole, Escalation, Run, Sentiment, Stage, Step, StepStatus
from bot.settings import ROOT
from tests.support.world import World, make_world, use_playbook


@pytest.fixture
async def world(database: Database, now: datetime) -> World:
    world = await make_world(database, now)
    world.library = Library(ROOT / "playbooks")
    world.library.load()
    return world


async def test_every_shipped_playbook_can_be_started_and_has_something_to_do_at_once(world: World) -> None:
    async with world.database.transaction() as session:
        contact_id = (await session.exec(select(Contact.id))).one()
        for playbook in world.library.catalog.playbooks.values():
            on = contact_id if playbook.subject == "contact" else None
            run = await start_run(
                session, world.library, world.account_id, playbook.key, world.now, actor=world.maya, contact_id=on
            )
            steps = (await session.exec(select(Step).where(Step.run_id == run.id))).all()
            assert {StepStatus.OPEN} & {step.status for step in steps}, playbook.key
            assert all(step.due_on for step in steps if step.status is StepStatus.OPEN), playbook.key


async def started_by_the_calendar(world: World, now: datetime) -> list[str]:
    async with world.database.transaction() as session:
        return [
            run.playbook_key
            for run in await start_for_anchors(session, world.library, now, account_id=world.account_id)
        ]


@pytest.mark.parametrize(
    ("day", "end"),
    [
        (date(2026, 1, 1), date(2026, 3, 31)),
        (date(2026, 6, 30), date(2026, 6, 30)),
        (date(2026, 7, 1), date(2026, 9, 30)),
        (date(2026, 12, 31), date(2026, 12, 31)),
    ],
)
def test_a_quarter_ends_with_its_third_month(day: date, end: date) -> None:
    assert quarter_end(day) == end


async def test_the_review_starts_three_weeks_before_the_quarter_ends_and_once(world: World) -> None:
    assert "qbr" not in await started_by_the_calendar(world, datetime(2026, 3, 9, 10, tzinfo=UTC))
    assert await started_by_the_calendar(world, datetime(2026, 3, 10, 10, tzinfo=UTC)) == ["qbr"]
    assert await started_by_the_calendar(world, datetime(2026, 3, 11, 10, tzinfo=UTC)) == []


@pytest.mark.parametrize(("key", "starts"), [("our-team", True), ("acme", False)])
async def test_reviews_start_on_the_account_of_the_team_once_they_are_on(world: World, key: str, starts: bool) -> None:
    """Rows 4.49 and 4.50: on the first and the fifth business day of the month, and never on a customer."""
    async with world.database.transaction() as session:
        (await session.get_one(Account, world.account_id)).key = key
        for review in ("data-quality-weekly", "tuning-monthly"):
            await switch_playbook(session, world.library, review, True, world.dana, world.now)
    assert set(await started_by_the_calendar(world, datetime(2026, 4, 1, 10, tzinfo=UTC))) == (
        {"data-quality-weekly"} if starts else set()
    )
    assert ("tuning-monthly" in await started_by_the_calendar(world, datetime(2026, 4, 10, 10, tzinfo=UTC))) is starts


async def test_what_is_opt_in_does_not_start_by_itself(world: World) -> None:
    """Row 4.60: the renewal is 176 days away, and nobody has turned the look at 180 days on."""
    (look,) = world.library.playbook("renewal-180").triggers
    assert isinstance(look, AnchorTrigger)
    renewal = {"on": "anchor", "anchor": "renewal_date", "offset": str(look.offset)}
    use_playbook(world.library, {"key": "look"}, key="turned-on", triggers=[renewal])
    started = await started_by_the_calendar(world, datetime(2026, 3, 9, 10, tzinfo=UTC))
    assert {"turned-on", "renewal-180"} & set(started) == {"turned-on"}


async def score(world: World, email: str, nps: int, roles: list[ContactRole]) -> None:
    draft = ContactDraft(name="Kim Park", email=email, roles=roles, nps=nps)
    async with world.database.transaction() as session:
        await save_contact(session, world.library, world.account_id, draft, world.maya, world.now)


async def test_a_low_score_of_somebody_who_decides_starts_the_playbook(world: World) -> None:
    await score(world, "a@acme.example", 10, [ContactRole.POWER_USER])
    await score(world, "b@acme.example", 10, [ContactRole.POWER_USER])
    await score(world, "c@acme.example", 5, [ContactRole.EXECUTIVE_SPONSOR])
    assert await running(world) == ["low-nps"]


async def test_a_low_score_of_a_user_starts_nothing_while_the_average_is_good(world: World) -> None:
    await score(world, "a@acme.example", 10, [ContactRole.POWER_USER])
    await score(world, "b@acme.example", 5, [ContactRole.POWER_USER])
    assert await running(world) == []


async def test_a_low_average_starts_the_playbook(world: World) -> None:
    await score(world, "a@acme.example", 7, [ContactRole.POWER_USER])
    await score(world, "b@acme.example", 5, [ContactRole.POWER_USER])
    assert await running(world) == ["low-nps"]


async def test_red_during_onboarding_asks_the_leader_in_so_many_words(world: World) -> None:
    async with world.database.transaction() as session:
        (await session.get_one(Account, world.account_id)).stage = Stage.ONBOARDING
    async with world.database.transaction() as session:
        await log_sentiment(session, world.library, world.account_id, Sentiment.RED, "no data", world.maya, world.now)
    async with world.database.transaction() as session:
        escalation = (await session.exec(select(Escalation))).one()
    assert escalation.ask.startswith("The onboarding of Acme is red. Please read what Maya wrote")


async def running(world: World) -> list[str]:
    async with world.database.transaction() as session:
        return [run.playbook_key for run in (await session.exec(select(Run))).all()]
