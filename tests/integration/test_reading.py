"""The ways to read: `reading()`, `glance()`, and prepared statements through either."""

import asyncio
from datetime import date, datetime

import pytest
from sqlalchemy import text

from bot import migrating
from bot.db import Database, reading_session
from bot.errors import ConfigurationError, DatabaseUnavailable
from bot.models import Account, MemberRole, Sentiment
from bot.reports.account_card import read_account_card
from bot.reports.account_head import AccountHead, load_head, load_heads
from bot.reports.parts import part
from tests.support.accounts import Book


async def some_account(database: Database, now: datetime) -> AccountHead:
    book = Book(database, now)
    maya = await book.member("maya")
    team = {MemberRole.CSM: maya}
    account_id = await book.account(
        "acme", team, sentiment=Sentiment.RED, sentiment_at=now, renewal_date=date(2026, 9, 1), arr=5
    )
    await book.milestone(account_id, "Kick-off", reached_at=now)
    async with database.glance() as reader:
        return await load_head(reader, account_id)


async def test_both_ways_read_the_same_values(database: Database, now: datetime) -> None:
    account = await some_account(database, now)
    async with database.glance() as near, database.reading() as far:
        assert await load_heads(near, ["acme"]) == await load_heads(far, ["acme"]) == [account]
        assert await read_account_card(near, account) == await read_account_card(far, account)
    assert (account.sentiment, account.sentiment_at, account.renewal_date) == (Sentiment.RED, now, date(2026, 9, 1))


async def test_a_glance_sees_what_was_committed_before_it(database: Database, now: datetime) -> None:
    account = await some_account(database, now)
    async with database.transaction() as session:
        await (await session.connection()).execute(text("UPDATE accounts SET name = 'Renamed'"))
    async with database.glance() as reader:
        assert (await load_head(reader, account.id)).name == "Renamed"


async def test_a_glance_goes_on_while_a_transaction_is_open(database: Database, now: datetime) -> None:
    account = await some_account(database, now)
    async with database.transaction() as session:
        await (await session.connection()).execute(text("UPDATE accounts SET name = 'Renamed'"))
        async with database.glance() as reader:
            assert (await load_head(reader, account.id)).name == "Acme"


async def test_many_glances_at_once_do_not_wait_for_each_other(database: Database, now: datetime) -> None:
    account = await some_account(database, now)

    async def look() -> str:
        async with database.glance() as reader:
            await asyncio.sleep(0)
            return (await load_head(reader, account.id)).name

    assert set(await asyncio.gather(*(look() for _ in range(40)))) == {"Acme"}


async def test_a_glance_at_an_unmigrated_database_says_what_to_run(database: Database) -> None:
    async with database.engine.begin() as connection:
        await connection.run_sync(migrating.downgrade, "base")
    for _ in range(2):
        with pytest.raises(ConfigurationError, match="playcall migrate"):
            async with database.glance() as reader:
                await load_head(reader, 1)
    await migrating.migrate(database)
    async with database.glance() as reader:
        assert await load_heads(reader, ["acme"]) == []


async def test_a_glance_at_a_database_that_is_down_is_one_sentence() -> None:
    database = Database("sqlite+aiosqlite:////nowhere/at/all/playcall.db")
    with pytest.raises(DatabaseUnavailable, match="try again"):
        async with database.glance() as reader:
            await load_head(reader, 1)
    await database.close()


def test_a_part_that_says_what_a_row_has_no_room_for_is_refused() -> None:
    with pytest.raises(ValueError, match="no room for"):
        part("step", colour="red")


async def test_a_session_can_read_on_the_connection_of_another(database: Database, now: datetime) -> None:
    account = await some_account(database, now)
    async with database.transaction() as session:
        await (await session.connection()).execute(text("UPDATE accounts SET name = 'Renamed'"))
        other = reading_session(await session.connection())
        assert (await other.get_one(Account, account.id)).name == "Renamed"
