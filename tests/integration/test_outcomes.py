"""Outcomes for leaders, read from both databases."""

from datetime import date, timedelta

from bot.models import Account, Escalation, HealthSnapshot, MemberRole, Sentiment, Severity, Signal
from bot.reports.leading.book import read_book
from bot.reports.leading.outcomes import load_outcomes
from bot.reports.leading.renewals import load_coming_renewals, load_past
from bot.reports.leading.worth import load_worths
from bot.signals.health import Band
from bot.slack.blocks import Message
from bot.slack.leading.outcomes import DEFINITIONS, OutcomeKey, OutcomeReport, build_outcomes, outcomes_table
from bot.slack.leading.report import By
from bot.slack.limits import violations
from tests.support.play import shown
from tests.support.world import World


async def observe(world: World, kind: str, *observed: tuple[float, float], account_id: int | None = None) -> None:
    """Signals of acme as (days ago, number)."""
    id_ = account_id or world.account_id
    async with world.database.transaction() as session:
        for days, number in observed:
            session.add(
                Signal(
                    account_id=id_,
                    kind=kind,
                    number=number,
                    source="product",
                    external_id=f"{id_}-{kind}-{days}",
                    observed_at=world.now - timedelta(days=days),
                    created_at=world.now,
                )
            )


async def outcomes(world: World, by: By = By.SEGMENT) -> OutcomeReport:
    async with world.database.reading() as connection:
        return await load_outcomes(connection, world.library, world.now, by=by)


async def change_acme(world: World, **changes: object) -> None:
    async with world.database.transaction() as session:
        acme = await session.get_one(Account, world.account_id)
        for name, value in changes.items():
            setattr(acme, name, value)


def words(message: Message) -> str:
    assert not violations({"text": message.text, "blocks": message.blocks})
    return shown({"blocks": message.blocks})


async def test_without_history_each_number_says_what_it_lacks(world: World) -> None:
    """Row 4.47: a definition stands beside each number, and no number is made up."""
    report = await outcomes(world)
    told = words(build_outcomes(report))
    assert "*Net retention*  –  revenue is on record for less than a month" in told
    assert all(definition.words in told for definition in DEFINITIONS.values())
    assert set(report.total.figures) | set(report.total.lacking) == set(OutcomeKey)


async def test_adoption_is_told_of_contracts_that_told_from_the_beginning(world: World) -> None:
    """Rows 4.2 and 4.17."""
    await change_acme(world, contract_start=date(2025, 12, 2))
    await observe(world, "core_workflow_use", (85, 0), (75, 3), (1, 9))
    async with world.database.transaction() as session:
        others = [
            Account(key=key, name=key, contract_start=start, created_at=world.now, updated_at=world.now)
            for key, start in (
                ("never", date(2025, 12, 2)),
                ("late", date(2025, 10, 1)),
                ("new", date(2026, 2, 20)),
                ("told", date(2025, 11, 2)),
            )
        ]
        session.add_all(others)
        await session.flush()
        never, late, new, told = (account.id for account in others)
    await observe(world, "core_workflow_use", (80, 0), (2, 0), account_id=never)
    await observe(world, "core_workflow_use", (10, 5), account_id=late)  # what was before day 30 is not known
    await observe(world, "core_workflow_use", (2, 5), account_id=new)
    await observe(world, "time_to_first_value", (3, 41), account_id=told)
    total = (await outcomes(world)).total
    assert (round(total.figures[OutcomeKey.WORKFLOW].number), total.figures[OutcomeKey.WORKFLOW].of) == (33, 3)
    assert total.figures[OutcomeKey.FIRST_VALUE].number == 28  # of 15 and 41
    assert total.figures[OutcomeKey.FIRST_VALUE].note == "not there yet: 1"


async def test_use_support_and_sentiment_are_told_by_csm(world: World) -> None:
    """Rows 4.17 and 4.18."""
    await change_acme(world, sentiment=Sentiment.GREEN, sentiment_at=world.now - timedelta(days=60))
    await observe(world, "active_users", (1, 110), (29, 100))
    await observe(world, "core_workflow_users", (1, 55))
    await observe(world, "ticket_opened", (3, 1), (5, 1), (100, 1))
    async with world.database.transaction() as session:
        session.add(
            Escalation(
                account_id=world.account_id,
                target=MemberRole.LEADER,
                owner_id=world.dana.member_id,
                severity=Severity.HIGH,
                ask="Help",
                created_at=world.now,
                acknowledge_by=world.now,
            )
        )
    (maya,) = (await outcomes(world, By.CSM)).rows
    assert maya.name == "Maya Lindt"
    figures = maya.figures
    assert (figures[OutcomeKey.ACTIVE].words, figures[OutcomeKey.ACTIVE].note) == ("110", "+10 % in 28 days")
    assert figures[OutcomeKey.CORE].number == 50
    assert figures[OutcomeKey.TICKETS].number == 2
    assert figures[OutcomeKey.ESCALATIONS].number == 100
    assert figures[OutcomeKey.SENTIMENT].note == "🟢 1  🟡 0  🔴 0, 1 older than 45 days"


async def test_retention_is_read_from_the_revenue_on_record(world: World) -> None:
    """Rows 4.3, 4.4 and 4.19."""
    await change_acme(world, contract_start=date(2024, 1, 1))
    await observe(world, "arr", (700, 100_000), (60, 120_000))
    report = await outcomes(world)
    figures = report.total.figures
    assert (figures[OutcomeKey.NET].number, figures[OutcomeKey.GROSS].number) == (120, 100)
    assert figures[OutcomeKey.EXPANDED].number == 100
    assert figures[OutcomeKey.PACE].words == "USD 20,000 (before: nothing)"
    table = outcomes_table(report)
    assert dict(zip(table.headings, table.rows[-1], strict=True))["net retention %"] == 120


async def test_a_renewal_ahead_has_a_chance_with_reasons(world: World) -> None:
    """Row 4.19."""
    await world.escalate()
    await change_acme(world, renewal_date=date(2026, 6, 1), sentiment=Sentiment.RED)
    async with world.database.reading() as connection:
        (row,) = await load_coming_renewals(connection, world.library, world.now)
    assert row.name == "Acme"
    assert {"red sentiment -20", "open escalation -10", "no executive sponsor -5"} <= set(row.chance.reasons)


async def test_past_renewals_are_held_against_the_health_of_then(world: World) -> None:
    """Row 4.19."""
    day = date(2025, 9, 1)
    await change_acme(world, renewal_date=date(2026, 9, 1))
    await observe(world, "arr", (900, 100_000))
    async with world.database.transaction() as session:
        snapshot_day = day - timedelta(days=90)
        session.add(HealthSnapshot(account_id=world.account_id, day=snapshot_day, score=20, components={}))
    async with world.database.reading() as connection:
        book = await read_book(connection)
        worths = await load_worths(connection, book.accounts.values(), world.now)
        past = await load_past(connection, world.library.health_config, book, worths, world.now)
    assert past == {Band.RED: (1, 1)}
