"""What opens a door stands in nothing that anybody reads: the database, errors, answers, the documentation."""

import hashlib
import sqlite3
from contextlib import closing

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from bot.api import access
from bot.clock import FixedClock
from bot.db import Database
from bot.engine.tokens import create_token
from bot.settings import Settings
from bot.web import build_web_app
from tests.support.api import TOKEN, bare_services, open_api
from tests.support.world import World

SECRETS = {
    "slack_bot_token": "xoxb-hidden",
    "slack_signing_secret": "hidden-signing",
    "slack_app_token": "xapp-hidden",
    "smtp_url": "smtp://bob:hidden@mail.example",
    "segment_secret": "hidden-segment",
    "zendesk_secret": "hidden-zendesk",
    "hubspot_secret": "hidden-hubspot",
    "database_url": "postgresql://bob:hidden@db/playcall",
}


def test_settings_do_not_show_their_secrets() -> None:
    assert "hidden" not in repr(Settings(_env_file=None, **SECRETS))  # type: ignore[arg-type]  # as the environment has them


async def test_a_token_is_kept_as_its_hash_and_nothing_else(sqlite: Database, clock: FixedClock) -> None:
    """So it is compared by its hash, which tells nothing of how near a guess is."""
    async with sqlite.transaction() as session:
        token = await create_token(session, "feed", [], clock.now())
    with closing(sqlite3.connect(str(sqlite.url.database))) as connection:
        dumped = "\n".join(connection.iterdump())
    assert token not in dumped
    assert token.removeprefix("playcall_")[4:] not in dumped
    assert hashlib.sha256(token.encode()).hexdigest() in dumped


async def test_settings_leave_nothing_in_the_database(world_on_sqlite: World, clock: FixedClock) -> None:
    given = {name: value for name, value in SECRETS.items() if name != "database_url"}
    async with open_api(world_on_sqlite, clock, **given) as api:
        assert (await api.http.get("/readyz")).status_code == 200
    with closing(sqlite3.connect(str(world_on_sqlite.database.url.database))) as connection:
        assert "hidden" not in "\n".join(connection.iterdump())


async def test_an_error_of_the_database_does_not_repeat_what_people_wrote(sqlite: Database) -> None:
    insert = text("INSERT INTO members (name) VALUES (:name)")
    for opened in (sqlite.transaction, sqlite.long_transaction):
        with pytest.raises(IntegrityError) as raised:
            async with opened() as session:
                await (await session.connection()).execute(insert, {"name": "Hidden"})
        assert "Hidden" not in str(raised.value)


async def test_what_goes_wrong_inside_is_not_told_outside(
    world_on_sqlite: World, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise RuntimeError("xoxb-hidden")

    monkeypatch.setattr(access, "find_holder", fail)
    web = build_web_app(bare_services(world_on_sqlite.database, clock))
    transport = httpx.ASGITransport(app=web, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://playcall.test") as http:
        answer = await http.get("/api/v1/accounts/acme", headers={"Authorization": f"Bearer {TOKEN}"})
    assert (answer.status_code, answer.text) == (500, "Internal Server Error")


async def test_the_pages_anybody_may_open_hold_nothing_of_accounts_or_secrets(
    world_on_sqlite: World, clock: FixedClock
) -> None:
    given = {name: value for name, value in SECRETS.items() if name != "database_url"}
    async with open_api(world_on_sqlite, clock, **given) as api:
        for path in ("/docs", "/openapi.json", "/healthz", "/readyz", "/metrics"):
            answer = await api.http.get(path, headers={"Authorization": ""})
            assert answer.status_code == 200
            for inside in ("hidden", "Acme", "maya", "jane", TOKEN):
                assert inside not in answer.text, (path, inside)


async def test_no_page_leads_anywhere_else(world_on_sqlite: World, clock: FixedClock) -> None:
    """Not even to where the Host header says, which a slash too many would do."""
    async with open_api(world_on_sqlite, clock) as api:
        for path in (
            "/docs/",
            "/healthz/",
            "/api/v1/signals/",
            "//evil.example/",
            "/unsubscribe/x?next=//evil.example",
        ):
            answer = await api.http.get(path, headers={"Host": "evil.example"})
            assert (answer.status_code, answer.headers.get("location")) == (404, None)
