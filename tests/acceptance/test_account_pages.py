"""/account health, show, timeline, list and help, through signed requests."""

from datetime import date, timedelta
from typing import Any

import pytest

from bot.engine.accounts import edit_account, log_sentiment
from bot.engine.notes import add_note
from bot.models import Member, MemberRole, MilestoneStatus, NoteSource, Sentiment, Stage
from bot.signals.health_snapshots import snapshot_health
from tests.support.accounts import Book
from tests.support.reading import dumped, shown
from tests.support.workspace import Workspace
from tests.support.world import World

OUTSIDERS: dict[str, dict[str, Any]] = {  # whose profile has the email of somebody who is on the team
    "guest": {"is_restricted": True},
    "visitor": {"is_ultra_restricted": True},
    "robot": {"is_bot": True},
    "gone": {"deleted": True},
    "neighbour": {"is_stranger": True},
    "partner": {"team_id": "T0THEIRS"},  # of another organisation, in a channel shared with ours
}
NASTY = "<!channel> & *Bold* @channel <@U0EVE> `x`"


@pytest.fixture
async def world(ws: Workspace) -> World:
    return await ws.people()


@pytest.fixture
def book(ws: Workspace, world: World) -> Book:  # noqa: ARG001  # people first
    return Book(ws.services.database, ws.clock.now())


async def with_work(book: Book, world: World) -> None:
    """acme a week ago, healthy; since then a step became overdue and the sponsor left."""
    maya, leo = world.maya.member_id, world.leo.member_id
    run = await book.run(world.account_id)
    late = await book.step(world.account_id, run, maya, due_on=date(2026, 2, 24))
    await book.step(world.account_id, run, leo, due_on=date(2026, 3, 4), title="Hand over", role=MemberRole.AE)
    async with world.database.transaction() as session:
        before = world.now - timedelta(days=8)
        await log_sentiment(session, world.library, world.account_id, Sentiment.GREEN, None, world.maya, before)
    await snapshot_health(world.database, world.library.health_config, world.now - timedelta(days=7))
    async with world.database.transaction() as session:
        comment = "the sponsor left"
        await log_sentiment(session, world.library, world.account_id, Sentiment.RED, comment, world.maya, world.now)
    await book.escalation(world.account_id, leo, "Get the sponsor back")
    await book.touchpoint(world.account_id, late, world.now + timedelta(days=1))
    await book.milestone(world.account_id, "Kick-off", status=MilestoneStatus.REACHED, reached_at=world.now)


# --- health -----------------------------------------------------------------------------------------------------------


async def test_health_explains_itself(ws: Workspace, world: World, book: Book) -> None:
    await with_work(book, world)
    page = shown(await ws.command("maya", "/account", "health acme"))
    for expected in (
        "🟡 Acme  ·  59 ▼ 41",
        "*Needs attention.* Down 41 points, mostly through sentiment: it went from green to red.",
        "renews Tue 1 Sep (in 183 days)",
        "ARR USD 120,000",
        "CSM Maya Lindt",
        "*Sentiment*  10  ·  The team feels red about it.  _today_",
        "*Overdue steps*  70  ·  1 of 2 open steps overdue, by 6 days.",
        "*What moved since Mon 23 Feb*",
        "▼ Sentiment 100 → 10: it went from green to red",
        "▼ Overdue steps 100 → 70: 1 step became overdue",
        "🔴 Send the welcome email  ·  Maya Lindt  ·  6 days overdue",
        "Hand over  ·  Leo Park  ·  due in 2 days",
        "🚨 Get the sponsor back  ·  high  ·  with Leo Park  ·  open",
        "Next touchpoint: Tue 3 Mar, 11:00, “Send the welcome email” (due) for Maya Lindt.",
        "Confidence",
    ):
        assert expected in page


async def test_health_of_a_new_account_says_what_to_do(ws: Workspace, world: World) -> None:  # noqa: ARG001
    page = shown(await ws.command("maya", "/account", "health acme"))
    assert "⚪ Acme  ·  no data yet" in page
    assert "There is nothing to judge by: log a sentiment, or start a playbook." in page


@pytest.mark.parametrize(
    "text", ["health ACME", "health “Acme”", "health <http://acme.example|acme.example>", "HEALTH acme"]
)
async def test_an_account_is_found_as_slack_sends_it(ws: Workspace, world: World, text: str) -> None:  # noqa: ARG001
    assert "Acme  ·" in shown(await ws.command("maya", "/account", text))


@pytest.mark.parametrize("subcommand", ["health", "show"])
async def test_revenue_is_hidden_from_those_outside_the_team(ws: Workspace, world: World, subcommand: str) -> None:  # noqa: ARG001
    assert "120,000" in dumped(await ws.command("leo", "/account", f"{subcommand} acme"))
    assert "120,000" in dumped(await ws.command("dana", "/account", f"{subcommand} acme"))
    assert "120,000" not in dumped(await ws.command("eve", "/account", f"{subcommand} acme"))


@pytest.mark.parametrize("subcommand", ["health", "show", "timeline", "list", "sentiment"])
async def test_names_do_nothing_in_slack(ws: Workspace, world: World, book: Book, subcommand: str) -> None:
    """No mention, no broadcast, no formatting comes out of what people typed."""
    async with world.database.transaction() as session:
        changes = {"name": NASTY, "outcome": NASTY, "industry": NASTY}
        await edit_account(session, world.library, world.account_id, changes, world.maya, world.now)
        await add_note(session, world.account_id, world.maya, world.now, body=NASTY, source=NoteSource.COMMAND)
        await log_sentiment(session, world.library, world.account_id, Sentiment.YELLOW, NASTY, world.maya, world.now)
    run = await book.run(world.account_id, title=NASTY)
    await book.step(world.account_id, run, world.maya.member_id, title=NASTY)
    await book.milestone(world.account_id, NASTY, target_date=date(2026, 5, 1))
    await book.escalation(world.account_id, world.leo.member_id, NASTY)
    answer = await ws.command("maya", "/account", "list" if subcommand == "list" else f"{subcommand} acme")
    shown(answer)
    assert "<!channel>" not in _mrkdwn(answer)
    assert "<@U0EVE>" not in _mrkdwn(answer)
    assert "*Bold*" not in _mrkdwn(answer)


def _mrkdwn(answer: dict) -> str:  # type: ignore[type-arg]  # a payload
    """What Slack reads as markup: everything but plain text."""
    texts = [answer.get("text", "")]

    def walk(node: object) -> None:
        if isinstance(node, dict):
            if node.get("type") == "mrkdwn":
                texts.append(node["text"])
            for value in node.values():
                walk(value)
        if isinstance(node, list):
            for value in node:
                walk(value)

    walk(answer.get("blocks", []))
    return "\n".join(texts)


# --- the card, the timeline, the list ---------------------------------------------------------------------------------


async def test_the_card_shows_who_and_what_is_running(ws: Workspace, world: World, book: Book) -> None:
    """Rows 1.38 and 2.38."""
    await with_work(book, world)
    card = shown(await ws.command("maya", "/account", "show acme"))
    for expected in ("Maya Lindt  ·  CSM", "Leo Park  ·  AE", "Jane Doe", "champion", "jane@acme.example", "Renewal"):
        assert expected in card
    assert "Basic onboarding  ·  0 of 2 steps done" in card
    assert "Kick-off  ·  reached Mon 2 Mar" in card


async def test_the_timeline_is_newest_first_and_paged(ws: Workspace, world: World) -> None:
    for number in range(20):
        async with world.database.transaction() as session:
            at = world.now + timedelta(minutes=number)
            await add_note(
                session, world.account_id, world.maya, at, body=f"note {number:02}", source=NoteSource.COMMAND
            )
    first = shown(await ws.command("maya", "/account", "timeline acme"))
    assert first.index("note 19") < first.index("note 18")
    assert "Page 1 of 2" in first
    assert "`/account timeline acme 2`" in first
    second = shown(await ws.command("maya", "/account", "timeline acme 2"))
    assert "note 00" in second
    assert "note 19" not in second
    assert "Page 2 of 2" in shown(await ws.command("maya", "/account", "timeline acme 99"))


async def test_an_account_whose_name_ends_in_a_number_has_a_timeline(ws: Workspace, world: World, book: Book) -> None:  # noqa: ARG001
    await book.account("studio-54", name="Studio 54")
    assert "Nothing has happened yet on Studio 54." in shown(await ws.command("maya", "/account", "timeline studio-54"))
    assert "Studio 54" in shown(await ws.command("maya", "/account", "timeline Studio 54"))


async def test_the_list_begins_with_what_needs_attention(ws: Workspace, world: World, book: Book) -> None:
    await with_work(book, world)
    mine = {MemberRole.CSM: world.maya.member_id}
    await book.account("globex", mine, sentiment=Sentiment.GREEN, sentiment_at=world.now)
    await book.account("initech", mine, sentiment=Sentiment.YELLOW, sentiment_at=world.now)
    await book.account("hooli", {MemberRole.CSM: world.eve.member_id})
    page = shown(await ws.command("maya", "/account", "list"))
    assert page.index("Acme") < page.index("Initech") < page.index("Globex")
    assert "1 of 2 open steps overdue" in page
    assert "Hooli" not in page


async def test_who_has_left_comes_last_and_does_not_renew(ws: Workspace, world: World, book: Book) -> None:
    left = {"stage": Stage.CHURNED, "sentiment": Sentiment.RED, "renewal_date": world.now.date()}
    await book.account("dunder", {MemberRole.CSM: world.maya.member_id}, sentiment_at=world.now, **left)
    await ws.event("maya", {"type": "app_home_opened", "tab": "home"})
    home = shown(ws.published_homes[-1]["view"])
    for page in (home, shown(await ws.command("maya", "/account", "list"))):
        assert page.index("Acme") < page.index("Dunder")
        assert "renews" not in page[page.index("Dunder") :]


async def test_leaders_list_everybodys_accounts(ws: Workspace, world: World, book: Book) -> None:
    await book.account("hooli", {MemberRole.CSM: world.eve.member_id})
    assert "Hooli" in shown(await ws.command("dana", "/account", "list all"))
    assert "Only leaders" in shown(await ws.command("maya", "/account", "list all"))


async def test_a_long_list_is_paged(ws: Workspace, world: World, book: Book) -> None:  # noqa: ARG001
    await book.many_accounts(350)
    first = shown(await ws.command("dana", "/account", "list all"))
    assert "All accounts, page 1 of 18" in first
    assert "`/account list all 2`" in first
    assert "page 18 of 18" in shown(await ws.command("dana", "/account", "list all 18"))


async def test_who_has_no_accounts_is_told_how_to_get_one(ws: Workspace, world: World) -> None:  # noqa: ARG001
    assert "You have no accounts yet" in shown(await ws.command("eve", "/account", "list"))


async def test_the_buttons_of_a_page_lead_to_the_others(ws: Workspace, world: World) -> None:  # noqa: ARG001
    message = await ws.command("maya", "/account", "health acme") | {"channel": "C0GENERAL", "ts": "1.2"}
    await ws.click("maya", message, "account_show")
    await ws.click("maya", message, "account_timeline")
    await ws.click("maya", message, "account_note")
    card, timeline = ws.ephemeral
    assert "Maya Lindt  ·  CSM" in shown(card)
    assert "Nothing has happened yet" in shown(timeline)
    assert "Acme" in shown(ws.opened_views[0])


# --- what cannot be answered ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("health nonesuch", "There is no account like “nonesuch”. `/account list` shows yours"),
        ("health", "`/account health ACCOUNT`"),
        ("show", "For example: `/account show acme`"),
        ("timeline", "`/account timeline ACCOUNT [PAGE]`"),
        ("helth acme", "There is no `/account helth`. Did you mean `/account health`?"),
        ("zzz", "`/account help` shows what there is."),
        ("list mine please", "`/account list [all] [PAGE]`"),
        ("*bold* <!here>", "There is no `/account"),
    ],
)
async def test_what_is_not_understood_gets_the_next_step(ws: Workspace, world: World, text: str, reply: str) -> None:  # noqa: ARG001
    assert reply in shown(await ws.command("maya", "/account", text))


async def test_an_ambiguous_account_is_asked_back(ws: Workspace, world: World, book: Book) -> None:  # noqa: ARG001
    await book.account("globex-eu", name="Globex Europe")
    await book.account("globex-us", name="Globex America")
    answer = shown(await ws.command("maya", "/account", "health globex"))
    assert answer.startswith("There is no account “globex”. Did you mean Globex")
    assert "(globex-eu)" in answer
    assert "(globex-us)" in answer


@pytest.mark.parametrize("text", ["", "help", "HELP"])
async def test_help_names_every_subcommand(ws: Workspace, world: World, text: str) -> None:  # noqa: ARG001
    answer = shown(await ws.command("maya", "/account", text))
    for subcommand in (
        "health",
        "show",
        "timeline",
        "list",
        "note",
        "sentiment",
        "milestone",
        "contact",
        "add",
        "edit",
    ):
        assert f"/account {subcommand}" in answer


@pytest.mark.parametrize("text", ["health acme", "note acme hello", "list", "help", "add"])
async def test_strangers_get_a_polite_refusal_and_nothing_else(ws: Workspace, world: World, text: str) -> None:
    """Row 3.3: what is known of an account stays inside."""
    async with world.database.transaction() as session:
        session.add(Member(name="New", email="new@ours.example", role=MemberRole.LEADER, created_at=world.now))
    for name, flags in OUTSIDERS.items():
        ws.slack.state.add_person(name, email="new@ours.example", **flags)
    for user in ("stranger", *OUTSIDERS):
        answer = await ws.command(user, "/account", text)
        assert answer["text"].startswith("Playcall is for members of the customer team.")
        assert "Acme" not in dumped(answer)
    assert await world.timeline() == []
    assert ws.opened_views == []
