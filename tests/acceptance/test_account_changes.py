"""/account note, sentiment, milestone, contact, add, edit and the shortcut, through signed requests."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlmodel import col, select

from bot.engine.accounts import edit_account
from bot.models import Account, AccountRole, Contact, Member, MemberRole, Milestone, Note, Signal
from tests.support.accounts import Book
from tests.support.reading import shown
from tests.support.slack_double import refused
from tests.support.workspace import Workspace
from tests.support.world import World


@pytest.fixture
async def world(ws: Workspace) -> World:
    return await ws.people()


async def all_of(world: World, model: type) -> list:  # type: ignore[type-arg]  # rows of the model
    async with world.database.transaction() as session:
        return list((await session.exec(select(model).order_by(col(model.id)))).all())  # type: ignore[attr-defined]


# --- notes ------------------------------------------------------------------------------------------------------------


async def test_a_note_is_kept_and_shown_on_the_timeline(ws: Workspace, world: World) -> None:
    answer = await ws.command(
        "sam", "/account", "note acme Jane &lt;3 the new *dashboard*\nwill call <mailto:jane@acme.com|jane@acme.com>"
    )
    assert "Noted for *Acme*" in shown(answer)
    notes = await all_of(world, Note)
    assert [note.body for note in notes] == ["Jane <3 the new *dashboard*\nwill call jane@acme.com"]
    assert "Sam Okoye noted: Jane &lt;3 the new" in shown(await ws.command("maya", "/account", "timeline acme"))


async def test_a_note_without_text_is_asked_for_in_a_modal(ws: Workspace, world: World) -> None:
    assert await ws.command("maya", "/account", "note acme") == {}
    view = ws.opened_views[0]
    assert "Acme" in shown(view)
    answer = await ws.submit("maya", view, {"note": "Renewal is safe."})
    assert "Noted for *Acme*" in shown(answer["view"])
    assert [note.body for note in await all_of(world, Note)] == ["Renewal is safe."]


async def test_an_empty_note_is_refused_at_the_input(ws: Workspace, world: World) -> None:  # noqa: ARG001
    await ws.command("maya", "/account", "note acme")
    answer = await ws.submit("maya", ws.opened_views[0], {"note": "   "})
    assert answer == {"response_action": "errors", "errors": {"note": "The note is empty. Write what happened."}}


async def test_a_note_over_the_limit_is_refused_with_the_numbers(ws: Workspace, world: World) -> None:
    answer = await ws.command("maya", "/account", "note acme " + "x" * 12_001)
    assert "The note has 12,001 characters; the limit is 12,000. Split it in two." in shown(answer)
    assert await all_of(world, Note) == []


async def test_an_expired_trigger_is_told_in_a_sentence(ws: Workspace, world: World) -> None:  # noqa: ARG001
    ws.slack.fail("views.open", refused("expired_trigger_id"))
    assert "too little time" in shown(await ws.command("maya", "/account", "note acme"))


# --- sentiment --------------------------------------------------------------------------------------------------------


async def test_a_sentiment_is_logged_and_its_history_shown(ws: Workspace, world: World) -> None:
    await ws.command("maya", "/account", "sentiment acme green")
    ws.clock.set(world.now + timedelta(days=3))
    answer = shown(await ws.command("maya", "/account", "sentiment acme Yellow the sponsor left"))
    assert "🟡 yellow, Maya Lindt: the sponsor left" in answer
    assert answer.index("yellow, Maya") < answer.index("green, Maya")
    assert (await world.account()).sentiment == "yellow"


async def test_a_sentiment_without_a_colour_shows_the_history_only(ws: Workspace, world: World) -> None:
    assert "Nobody has logged a sentiment" in shown(await ws.command("maya", "/account", "sentiment acme"))
    assert await all_of(world, Signal) == []


async def test_a_sentiment_that_starts_a_playbook_says_so(ws: Workspace, world: World) -> None:
    answer = shown(await ws.command("maya", "/account", "sentiment acme red"))
    started = [summary for summary in await world.timeline() if "started" in summary]
    assert bool(started) == ("started." in answer)


@pytest.mark.parametrize("user", ["eve"])
async def test_only_the_team_logs_a_sentiment(ws: Workspace, world: World, user: str) -> None:
    assert "Only the account's team" in shown(await ws.command(user, "/account", "sentiment acme red"))
    assert await all_of(world, Signal) == []


# --- milestones -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "key", "status", "target"),
    [
        ("go-live reached", "go-live", "reached", None),
        ("Go Live reached all 40 users in", "go-live", "reached", None),
        ("go-live planned 2026-05-01", "go-live", "planned", date(2026, 5, 1)),
        ("go-live planned for 1 May 2026", "go-live", "planned", date(2026, 5, 1)),
        ("first value planned in 3 days", "first-value", "planned", date(2026, 3, 5)),
        ("first value planned tomorrow", "first-value", "planned", date(2026, 3, 3)),
        ("go-live planned Dec 1, 2026", "go-live", "planned", date(2026, 12, 1)),
        ("go-live missed security review", "go-live", "missed", None),
    ],
)
async def test_a_milestone_is_kept(
    ws: Workspace, world: World, text: str, key: str, status: str, target: date | None
) -> None:
    answer = shown(await ws.command("maya", "/account", f"milestone acme {text}"))
    assert f"is {status}" in answer
    kept = await all_of(world, Milestone)
    assert [(one.key, one.status, one.target_date) for one in kept] == [(key, status, target)]


@pytest.mark.parametrize(
    ("text", "reached_at", "evidence"),
    [
        ("reached", datetime(2026, 3, 2, 10, tzinfo=UTC), None),
        ("reached 2026-03-02", datetime(2026, 3, 2, 10, tzinfo=UTC), None),
        ("reached yesterday, all 40 users in", datetime(2026, 3, 1, 11, tzinfo=UTC), "all 40 users in"),
        ("reached on 2026-02-20: first invoice", datetime(2026, 2, 20, 11, tzinfo=UTC), "first invoice"),
    ],
)
async def test_a_milestone_may_have_been_reached_before_it_is_told(
    ws: Workspace, world: World, text: str, reached_at: datetime, evidence: str | None
) -> None:
    """At noon of that day in Berlin, where Maya is; what is told today was reached now."""
    await ws.command("maya", "/account", f"milestone acme go-live {text}")
    [milestone] = await all_of(world, Milestone)
    assert (milestone.reached_at, milestone.evidence) == (reached_at, evidence)


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("acme", "Say which milestone, and how it stands."),
        ("acme go-live", "Say which milestone, and how it stands."),
        ("acme reached", "Say which milestone, and how it stands."),
        ("acme go-live planned", "Say for which day."),
        ("acme go-live planned soon", "“soon” is not a date I know. Write it like `2026-04-01`"),
        ("acme go-live planned 2026-02-30", "is not a date I know"),
        ("acme go-live planned 2026-03-01", "That date is past."),
        ("acme go-live reached 2026-13-01", "“2026-13-01” is not a date I know."),
        ("acme go-live reached 2026-03-09", "2026-03-09 is still to come. Plan the milestone for it"),
        ("acme go-live planned 2226-03-01", "more than ten years away"),
        ("", "`/account milestone ACCOUNT NAME reached|planned|missed"),
    ],
)
async def test_a_milestone_that_is_not_clear_is_refused(ws: Workspace, world: World, text: str, reply: str) -> None:
    assert reply in shown(await ws.command("maya", "/account", f"milestone {text}"))
    assert await all_of(world, Milestone) == []


# --- contacts ---------------------------------------------------------------------------------------------------------


async def test_a_contact_is_added_then_changed(ws: Workspace, world: World) -> None:
    text = "contact acme Ana López <mailto:ana@acme.com|ana@acme.com> admin, power user nps 9"
    assert "Saved Ana López, ana@acme.com (admin, power user) at *Acme*." in shown(
        await ws.command("maya", "/account", text)
    )
    await ws.command("maya", "/account", "contact acme Ana Lopez ANA@acme.com executive-sponsor")
    _, ana = await all_of(world, Contact)
    assert (ana.name, ana.roles, ana.nps) == ("Ana Lopez", ["admin", "power_user", "executive_sponsor"], 9)


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("acme Ana", "Give a name and an email address."),
        ("acme ana@acme.com", "Give a name and an email address."),
        ("acme Ana ana@acme", "Email: give an address such as jane@acme.com."),
        ("acme Ana ana@acme.com boss", "“boss” is not a role I know. Roles are admin, champion, executive sponsor"),
        ("acme Ana ana@acme.com nps 11", "NPS: give a number from 0 to 10."),
    ],
)
async def test_a_contact_that_is_not_clear_is_refused(ws: Workspace, world: World, text: str, reply: str) -> None:
    assert reply in shown(await ws.command("maya", "/account", f"contact {text}"))
    assert len(await all_of(world, Contact)) == 1


# --- add and edit -----------------------------------------------------------------------------------------------------


async def test_an_account_is_added_with_all_its_fields(ws: Workspace, world: World) -> None:
    await ws.command("maya", "/account", "add")
    view = ws.opened_views[0]
    shown(view)
    values = {
        "name": "Umbrella & Sons",
        "domain": "umbrella.example",
        "segment": "enterprise",
        "touch": "low",
        "stage": "adoption",
        "arr": "120k",
        "currency": "eur",
        "country": "de",
        "renewal_date": "2026-12-01",
        "ae_id": "Leo Park",
    }
    answer = await ws.submit("maya", view, values)
    assert "*Umbrella &amp; Sons* is added: enterprise, low touch, on Year 1." in shown(answer["view"])
    account = (await all_of(world, Account))[-1]
    assert (account.key, account.arr, account.currency, account.country) == ("umbrella-sons", 120_000, "EUR", "DE")
    roles = {(role.role, role.member_id) for role in await all_of(world, AccountRole) if role.account_id == account.id}
    assert roles == {(MemberRole.CSM, world.maya.member_id), (MemberRole.AE, world.leo.member_id)}


ENOUGH = {"name": "Umbrella", "segment": "smb", "touch": "low", "stage": "trial"}


@pytest.mark.parametrize(
    ("values", "field", "words"),
    [
        ({"name": "   "}, "name", "give a name"),
        ({"key": "Ünder score"}, "key", "use lower-case letters"),
        ({"key": "acme"}, "key", "There is an account with the key acme already."),
        ({"arr": "a lot"}, "arr", "That is not an amount."),
        ({"currency": "euro"}, "currency", "use three letters"),
        ({"country": "d"}, "country", "use two letters"),
        ({"renewal_date": "2026-02-01"}, "renewal_date", "2026-02-01 is past."),
        ({"trial_end": "2026-02-01"}, "trial_end", "2026-02-01 is past."),
    ],
)
async def test_a_mistake_in_the_form_is_said_at_its_input(
    ws: Workspace, world: World, values: dict[str, str], field: str, words: str
) -> None:
    await ws.command("maya", "/account", "add")
    answer = await ws.submit("maya", ws.opened_views[0], ENOUGH | values)
    assert answer["response_action"] == "errors"
    assert words in answer["errors"][field]
    assert len(await all_of(world, Account)) == 1


async def test_an_edit_says_what_changed_and_which_steps_moved(ws: Workspace, world: World) -> None:
    await world.start({"key": "prepare", "title": "Prepare the renewal", "due": "renewal_date - 90d"})
    await ws.command("maya", "/account", "edit acme")
    view = ws.opened_views[0]
    shown(view)
    answer = await ws.submit("maya", view, {"renewal_date": "2026-10-01", "leader_id": "Dana Reyes", "arr": "130000"})
    told = shown(answer["view"])
    assert "Saved *Acme*:" in told
    assert "renewal date" in told
    assert "Prepare the renewal" in told
    account = await world.account()
    assert (account.renewal_date, account.arr) == (date(2026, 10, 1), 130_000)


async def test_an_edit_left_as_it_was_changes_nothing(ws: Workspace, world: World) -> None:
    await ws.command("maya", "/account", "edit acme")
    answer = await ws.submit("maya", ws.opened_views[0])
    assert "Nothing was different on *Acme*" in shown(answer["view"])
    assert await world.timeline() == []


async def test_an_edit_of_an_account_that_changed_since_saves_nothing(ws: Workspace, world: World) -> None:
    await ws.command("maya", "/account", "edit acme")
    async with world.database.transaction() as session:
        later = world.now + timedelta(minutes=1)
        await edit_account(session, world.library, world.account_id, {"arr": 1}, world.dana, later)
    answer = await ws.submit("maya", ws.opened_views[0], {"industry": "Anvils"})
    told = shown(answer["view"])
    assert "Acme was changed while you had this open, so nothing was saved." in told
    assert "Anvils" in told
    assert (await world.account()).industry is None


async def test_a_menu_left_alone_keeps_what_it_was(ws: Workspace, world: World) -> None:
    """Some clients do not send the initial choice of a menu."""
    await ws.command("maya", "/account", "edit acme")
    view = ws.opened_views[0]
    for block in view["blocks"]:
        block.get("element", {}).pop("initial_option", None)
    await ws.submit("maya", view, {"industry": "Anvils"})
    account = await world.account()
    assert (account.stage, account.industry) == ("adoption", "Anvils")
    assert len([role for role in await all_of(world, AccountRole) if role.account_id == account.id]) == 4


async def test_who_may_not_edit_is_told_before_the_form_opens(ws: Workspace, world: World) -> None:  # noqa: ARG001
    assert "Only the account's team or a leader" in shown(await ws.command("eve", "/account", "edit acme"))
    assert ws.opened_views == []


async def test_a_form_submitted_by_somebody_who_has_left_is_refused(ws: Workspace, world: World) -> None:
    await ws.command("maya", "/account", "edit acme")
    async with world.database.transaction() as session:
        maya = await session.get_one(Member, world.maya.member_id)
        maya.active = False
    answer = await ws.submit("maya", ws.opened_views[0], {"industry": "Anvils"})
    assert "Playcall is for members" in shown(answer["view"])
    assert (await world.account()).industry is None


# --- the shortcut -----------------------------------------------------------------------------------------------------

MESSAGE = {
    "channel": "C0GENERAL",
    "ts": "1700000000.000100",
    "text": "Acme's sponsor &amp; champion left",
    "user": "U0LEO",
}


async def test_a_message_is_logged_once(ws: Workspace, world: World) -> None:
    await ws.shortcut("maya", "log_to_account", MESSAGE)
    view = ws.opened_views[0]
    first = await ws.submit("maya", view, {"account": "Acme"})
    assert "Logged to *Acme*." in shown(first["view"])
    again = await ws.submit("leo", view, {"other_account": "acme"})
    assert "has been logged already" in shown(again["view"])
    assert [note.body for note in await all_of(world, Note)] == ["Acme's sponsor & champion left"]


async def test_a_message_is_logged_to_another_account_by_name(ws: Workspace, world: World) -> None:
    book = Book(ws.services.database, world.now)
    globex = await book.account("globex", name="Globex")
    await ws.shortcut("eve", "log_to_account", MESSAGE)
    await ws.submit("eve", ws.opened_views[0], {"other_account": "globex.example"})
    assert [note.account_id for note in await all_of(world, Note)] == [globex]


@pytest.mark.parametrize(
    ("values", "words"),
    [({}, "Choose an account, or name one."), ({"other_account": "nonesuch"}, "There is no account like “nonesuch”.")],
)
async def test_an_account_that_is_not_clear_is_asked_for_in_the_modal(
    ws: Workspace, world: World, values: dict[str, str], words: str
) -> None:
    await ws.shortcut("maya", "log_to_account", MESSAGE)
    answer = await ws.submit("maya", ws.opened_views[0], values)
    assert words in answer["errors"]["other_account"]
    assert await all_of(world, Note) == []


async def test_a_long_message_is_cut_to_what_the_modal_takes(ws: Workspace, world: World) -> None:  # noqa: ARG001
    await ws.shortcut("maya", "log_to_account", MESSAGE | {"text": "word " * 2_000})
    shown(ws.opened_views[0])


@pytest.mark.parametrize(
    ("command", "text"),
    [
        ("/account", "note acmee They are happy"),
        ("/account", "sentiment acmee red They are unhappy"),
        ("/account", "milestone acmee go-live reached"),
        ("/account", "contact acmee add Jim Poe jim@acme.example"),
        ("/playbook", "start basic-onboarding acmee"),
    ],
)
async def test_nothing_is_changed_on_a_guess(command: str, text: str, ws: Workspace, world: World) -> None:
    answer = await ws.command("maya", command, text)
    assert answer["text"].startswith("There is no account “acmee”. Did you mean Acme (acme)?")
    assert await world.timeline() == []


async def test_another_spelling_of_the_name_is_no_guess(ws: Workspace, world: World) -> None:
    await ws.command("maya", "/account", "note ACME! They are happy")
    assert await world.timeline()
