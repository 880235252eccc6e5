from datetime import datetime

import pytest

from bot.db import Database
from bot.errors import NotFound
from bot.models import MemberRole
from bot.reports.account_head import load_head
from bot.reports.finding import Found, Unsure, find_account, find_account_and_rest, require_found, unsure_words
from bot.slack.incoming import as_typed
from tests.support.accounts import Book


@pytest.fixture
async def book(database: Database, now: datetime) -> Book:
    filled = Book(database, now)
    maya = await filled.member("maya")
    await filled.account("acme", {MemberRole.CSM: maya}, name="Acme Corp", domain="acme.com")
    await filled.account("acme-labs", name="Acme Labs", domain="labs.acme.com")
    await filled.account("globex", name="Globex 🚀", domain="globex.io")
    await filled.account("cafe", name="Café Zürich")
    await filled.account("initech", name="Initech")
    await filled.account("gone", name="Gone Ltd", archived=True)
    return filled


async def found(book: Book, text: str) -> str | list[str]:
    """The key of the account that is found, or the keys that are suggested."""
    async with book.database.glance() as reader:
        answer = await find_account(reader, as_typed(text))
    if isinstance(answer, Found):
        return answer.account.key
    return [candidate.key for candidate in answer.candidates]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("acme", "acme"),
        ("ACME", "acme"),
        ("Acme Corp", "acme"),
        ("acme corp", "acme"),
        ('"Acme Corp"', "acme"),
        ("“Acme Corp”", "acme"),
        ("  acme  ", "acme"),
        ("acme.com", "acme"),
        ("<http://acme.com|acme.com>", "acme"),
        ("<https://www.acme.com/about|www.acme.com/about>", "acme"),
        ("labs.acme.com", "acme-labs"),
        ("globex :rocket:", "globex"),
        ("Globex 🚀", "globex"),
        ("cafe zurich", "cafe"),
        ("innitech", "initech"),
        ("initec", "initech"),
        ("globx", "globex"),
        ("acme lobs", "acme-labs"),
    ],
)
async def test_an_account_is_found_however_its_name_is_typed(book: Book, text: str, key: str) -> None:
    assert await found(book, text) == key


async def test_what_resembles_two_accounts_is_not_guessed(book: Book) -> None:
    assert await found(book, "acm") == ["acme", "acme-labs"]


@pytest.mark.parametrize(
    "text", ["zzzzqqq", "🚀", "%", "____", "zzz' OR '1'='1", "'; DROP TABLE accounts; --", "x" * 3000]
)
async def test_what_resembles_nothing_suggests_nothing(book: Book, text: str) -> None:
    assert await found(book, text) == []


async def test_archived_accounts_are_not_found(book: Book) -> None:
    assert "gone" not in await found(book, "gone")


async def test_two_accounts_of_one_name_or_domain_are_both_suggested(book: Book) -> None:
    for key in ("twin-eu", "twin-us"):
        await book.account(key, name="Twin", domain="twin.example")
    assert await found(book, "Twin") == ["twin-eu", "twin-us"]
    assert await found(book, "TWIN.example") == ["twin-eu", "twin-us"]


async def test_a_key_goes_before_the_name_of_another_account(book: Book) -> None:
    await book.account("other", name="initech")
    assert await found(book, "initech") == "initech"


async def test_at_most_five_are_suggested(book: Book) -> None:
    await book.many_accounts(40, prefix="umbrella")
    assert len(await found(book, "umbrella-")) == 5


@pytest.mark.parametrize(
    ("text", "key", "rest"),
    [
        ("acme spoke to Jane", "acme", "spoke to Jane"),
        ("Acme Corp spoke to Jane", "acme", "spoke to Jane"),
        ("Acme Labs  two  spaces", "acme-labs", "two  spaces"),
        ("“acme corp” spoke to “Jane”", "acme", "spoke to “Jane”"),
        ("'initech' red", "initech", "red"),
        ("initech", "initech", ""),
        ("innitech red", "initech", "red"),
        ("acme line one\nline two", "acme", "line one\nline two"),
    ],
)
async def test_the_account_is_told_from_what_follows(book: Book, text: str, key: str, rest: str) -> None:
    async with book.database.glance() as reader:
        answer, left = await find_account_and_rest(reader, text)
    assert (require_found(answer).account.key, left) == (key, rest)


async def test_a_found_account_comes_with_its_team(book: Book) -> None:
    async with book.database.glance() as reader:
        account = require_found(await find_account(reader, "acme")).account
        assert await load_head(reader, account.id) == account
    assert account.team[MemberRole.CSM].name == "Maya"


async def test_an_account_that_is_gone_is_not_found_by_id(book: Book) -> None:
    async with book.database.glance() as reader:
        with pytest.raises(NotFound, match="not there any more"):
            await load_head(reader, 999_999)


async def test_nothing_typed_asks_which_account(book: Book) -> None:
    async with book.database.glance() as reader:
        answer = await find_account(reader, '""')
    assert isinstance(answer, Unsure)
    assert unsure_words(answer).startswith("Which account?")


async def test_the_question_back_names_the_candidates(book: Book) -> None:
    async with book.database.glance() as reader:
        with pytest.raises(NotFound, match=r"Did you mean Acme Corp \(acme\) or Acme Labs \(acme-labs\)\?"):
            require_found(await find_account(reader, "acm"))


async def test_an_exact_spelling_uses_indexes(sqlite: Database) -> None:
    async with sqlite.reading() as connection:
        plan = await connection.exec_driver_sql(
            "EXPLAIN QUERY PLAN SELECT id FROM accounts WHERE (key IN ('a') OR name IN ('a') OR domain IN ('a')) "
            "AND archived IS 0"
        )
        assert "SCAN" not in str(plan.all())
