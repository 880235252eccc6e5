"""Whole rows in short transactions: whatever loads and writes them, the same comes of it."""

from datetime import date, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.db import Database
from bot.engine.state import lock_account
from bot.models import Account, Lane, Member, MemberRole, Sentiment, Touch
from tests.support.accounts import Book


def some_account(key: str, now: datetime) -> Account:
    return Account(
        key=key,
        name="It's “Acme”",
        touch=Touch.LOW,
        sentiment=Sentiment.RED,
        renewal_date=date(2026, 9, 1),
        attributes={"seats": 5, "none": None},
        last_contact_at=now,
        created_at=now,
        updated_at=now,
    )


async def acme(database: Database, now: datetime) -> int:
    book = Book(database, now)
    return await book.account("acme", {MemberRole.CSM: await book.member("maya")}, arr=5)


async def name_of(database: Database, account_id: int) -> str:
    async with database.long_transaction() as session:
        return (await session.get_one(Account, account_id)).name


async def test_a_row_is_the_same_whichever_way_it_was_written_and_read(database: Database, now: datetime) -> None:
    async with database.transaction() as session:
        session.add(some_account("near", now))
    async with database.long_transaction() as session:
        session.add(some_account("far", now))
    values = []
    for transaction in (database.transaction, database.long_transaction):
        async with transaction() as session:
            ids = (await session.exec(select(Account.id).order_by(col(Account.id)))).all()
            accounts = [await lock_account(session, account_id) for account_id in ids]
            values += [account.model_dump(exclude={"id", "key"}) for account in accounts]
    assert len(values) == 4
    assert all(value == some_account("any", now).model_dump(exclude={"id", "key"}) for value in values)


async def test_a_loaded_row_is_the_one_object_of_its_session_and_its_changes_are_saved(
    database: Database, now: datetime
) -> None:
    account_id = await acme(database, now)
    async with database.transaction() as session:
        account = await lock_account(session, account_id)
        assert account is await session.get(Account, account_id) is await lock_account(session, account_id)
        assert not session.dirty
        account.name = "Renamed"
        assert list(session.dirty) == [account]
    assert await name_of(database, account_id) == "Renamed"


async def test_loading_keeps_what_was_changed_and_takes_over_what_a_statement_changed(
    database: Database, now: datetime
) -> None:
    account_id = await acme(database, now)
    async with database.transaction() as session:
        account = await lock_account(session, account_id)
        account.arr = 6
        await (await session.connection()).execute(text("UPDATE accounts SET name = 'Renamed'"))
        await lock_account(session, account_id)
        assert (account.name, account.arr) == ("Renamed", 6)


async def test_a_new_row_has_its_number_once_it_is_flushed_and_can_be_changed_on(
    database: Database, now: datetime
) -> None:
    async with database.transaction() as session:
        account = some_account("acme", now)
        session.add(account)
        await session.flush()
        assert account is await session.get(Account, account.id)
        account.name = "Renamed"
    assert await name_of(database, account.id) == "Renamed"


async def test_a_row_that_somebody_took_away_is_not_changed_in_silence(database: Database, now: datetime) -> None:
    account_id = await acme(database, now)
    with pytest.raises(StaleDataError):
        async with database.transaction() as session:
            account = await lock_account(session, account_id)
            await (await session.connection()).execute(text("DELETE FROM accounts"))
            account.name = "Renamed"
    assert await name_of(database, account_id) == "Acme"


async def test_what_must_be_unique_is_refused_and_nothing_is_kept(database: Database, now: datetime) -> None:
    account_id = await acme(database, now)
    with pytest.raises(IntegrityError):
        async with database.transaction() as session:
            (await lock_account(session, account_id)).name = "Renamed"
            session.add(some_account("acme", now))
    assert await name_of(database, account_id) == "Acme"


async def lanes(session: AsyncSession) -> set[str]:
    return set((await session.exec(select(Lane.name))).all())


async def test_what_is_out_of_the_ordinary_is_written_all_the_same(database: Database, now: datetime) -> None:
    """A number worked out by the database, a savepoint that is rolled back, and a row that is deleted."""
    account_id = await acme(database, now)
    async with database.transaction() as session:
        account = await lock_account(session, account_id)
        account.arr = Account.arr + 1  # type: ignore[operator]  # an expression, not a number
        session.add(Lane(name="kept", free_at=now))
        with pytest.raises(RuntimeError):
            async with session.begin_nested():
                session.add(Lane(name="dropped", free_at=now))
                await session.flush()
                raise RuntimeError
        assert await lanes(session) == {"kept"}
        await session.delete(await session.get_one(Lane, "kept"))
        await session.flush()
        assert await lanes(session) == set()
        await session.refresh(account)
        assert account.arr == 6


async def test_several_rows_are_written_in_the_order_in_which_they_were_added(
    database: Database, now: datetime
) -> None:
    people = [Member(email=f"{n}@a.example", name=n, role=MemberRole.CSM, created_at=now) for n in ("zoe", "al", "mo")]
    async with database.transaction() as session:
        session.add_all(people)
    assert sorted(people, key=lambda person: person.id) == people
