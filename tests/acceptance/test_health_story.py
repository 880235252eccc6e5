"""/account health with what is measured, /account metrics and chart, through signed requests."""

from datetime import timedelta

import pytest

from bot.engine.accounts import log_sentiment
from bot.models import Sentiment
from tests.support.accounts import Book
from tests.support.reading import shown
from tests.support.slack_double import refused
from tests.support.workspace import Workspace
from tests.support.world import World

PNG = b"\x89PNG"


@pytest.fixture
async def world(ws: Workspace) -> World:
    return await ws.people()


@pytest.fixture
def book(ws: Workspace, world: World) -> Book:  # noqa: ARG001  # people first
    return Book(ws.services.database, ws.clock.now())


async def with_a_drop(book: Book, world: World) -> None:
    """Everything but the mood says that acme is leaving."""
    await book.signals(world.account_id, "active_users", *((days + 0.5, 48) for days in range(7, 40)))
    await book.signals(world.account_id, "active_users", *((days + 0.5, 24) for days in range(7)))
    await book.signals(world.account_id, "tickets_urgent", (1, 4), source="zendesk")
    async with world.database.transaction() as session:
        before = world.now - timedelta(days=4)
        await log_sentiment(session, world.library, world.account_id, Sentiment.GREEN, None, world.maya, before)


async def test_health_tells_the_numbers_what_they_mean_and_the_story(ws: Workspace, world: World, book: Book) -> None:
    """Rows 4.17, 4.18, 4.46, 4.47: numbers with age, source and definition; what works, the friction, what next."""
    await with_a_drop(book, world)
    await book.escalation(world.account_id, world.leo.member_id, "Get the sponsor back.")
    page = shown(await ws.command("leo", "/account", "health acme"))
    for expected in (
        "⚖️ The numbers say red (2), Maya Lindt says green since Thu 26 Feb: ask Maya why.",
        "*What works*  The team feels green about it.",
        "*Where the friction is*  Escalated: “Get the sponsor back”; nobody has taken it yet.",
        "Active users 24, 48 in the 28 days before (-50 %).",
        "*Next*  Leo Park takes the escalation “Get the sponsor back”.",
        "🔴 *Usage*  0  ·  Active users 24, 48 in the 28 days before (-50 %).  _today  ·  from product_",
        "🔴 *Urgent tickets*  10  ·  Urgent tickets 4.  _1 day old  ·  from zendesk_",
        "*Usage*: Different people who did something in the product in the last 7 days",
        "⚪ *No data*",
    ):
        assert expected in page
    assert "what do you know that they do not?" in shown(await ws.command("maya", "/account", "health acme"))


async def test_the_card_begins_with_the_story(ws: Workspace, world: World, book: Book) -> None:
    """Row 4.46."""
    await with_a_drop(book, world)
    card = shown(await ws.command("maya", "/account", "show acme"))
    for expected in ("health 🔴 29", "*What works*", "*Where the friction is*", "*Next*"):
        assert expected in card


async def test_every_number_is_listed_with_its_definition(ws: Workspace, world: World, book: Book) -> None:
    """Rows 1.23-1.26 and 4.47."""
    await with_a_drop(book, world)
    await book.signals(world.account_id, "csat", (120, 4), source="zendesk")
    page = shown(await ws.command("maya", "/account", "metrics acme"))
    for expected in (
        "*Active users*  24  ·  -50 %, worse  ·  today  ·  from product",
        "_Different people who did something in the product in the last 7 days, told once a day._",
        "*Urgent tickets*  4  ·  1 day old  ·  from zendesk",
        "*CSAT answer*  4  ·  120 days old, stale  ·  from zendesk",
        "No data: ",
    ):
        assert expected in page


async def test_many_metrics_are_paged(ws: Workspace, world: World, book: Book) -> None:
    for kind in list(world.library.metrics.metrics)[:15]:
        await book.signals(world.account_id, kind, (1, 4))
    first = shown(await ws.command("maya", "/account", "metrics acme"))
    assert "Page 1 of 2: `/account metrics acme 2` shows the next" in first
    assert "Oldest ticket" in shown(await ws.command("maya", "/account", "metrics acme 2")) + first


async def test_without_data_the_metrics_say_where_they_come_from(ws: Workspace, world: World) -> None:  # noqa: ARG001
    assert "Nothing is measured yet." in shown(await ws.command("maya", "/account", "metrics acme"))
    assert "`/account metrics ACCOUNT [PAGE]`" in shown(await ws.command("maya", "/account", "metrics"))


async def test_revenue_is_not_listed_for_those_outside_the_team(ws: Workspace, world: World, book: Book) -> None:
    await book.signals(world.account_id, "arr", (1, 120_000))
    assert "120,000" in shown(await ws.command("leo", "/account", "metrics acme"))
    assert "120,000" not in shown(await ws.command("eve", "/account", "metrics acme"))


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first picture of a process waits for the drawing library, which a busy machine loads slowly."""
    monkeypatch.setattr("handlers.patience.PATIENCE", 60)


@pytest.mark.usefixtures("patience")
async def test_the_chart_is_sent_to_who_asked(ws: Workspace, world: World, book: Book) -> None:
    """Rows 1.46 and 4.20: health over time and the timeline, as pictures."""
    await with_a_drop(book, world)
    await book.snapshot(world.account_id, (ws.clock.now() - timedelta(days=9)).date(), 80, {})
    await book.milestone(world.account_id, "Go-live", target_date=(ws.clock.now() + timedelta(days=20)).date())
    answer = await ws.command("maya", "/account", "chart acme")
    assert "The chart of Acme is in your messages with Playcall." in shown(answer)
    (message,) = ws.slack.messages("U0MAYA")
    assert [file["title"] for file in message["files"]] == ["Health", "Timeline"]
    assert all(png.startswith(PNG) for png in ws.slack.state.files.values())


@pytest.mark.usefixtures("patience")
async def test_a_workspace_that_takes_no_files_is_told_what_to_do(ws: Workspace, world: World, book: Book) -> None:
    await with_a_drop(book, world)
    ws.slack.fail("files.getUploadURLExternal", refused("missing_scope"))
    page = await ws.command("maya", "/account", "health acme") | {"channel": "C0GENERAL", "ts": "1.2"}
    await ws.click("maya", page, "account_chart")
    assert "add the scope files:write" in shown(ws.ephemeral[-1])
