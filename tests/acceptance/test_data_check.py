"""The weekly check of the data: who gets it, what it lists, and how it is mended. Rows 3.2, 4.9 and 4.49."""

from datetime import timedelta

from sqlmodel import select

from bot.models import Account, Contact, Member, MemberRole, QuarantinedSignal, Signal
from bot.reports.data_check import bare_name, load_data_check
from bot.schedule.hygiene import send_data_checks
from bot.slack.data_check import AccountCheck, DataCheck, build_data_check
from bot.slack.leading.gaps import Gap
from bot.slack.limits import violations
from tests.support.play import Payload, Play, buttons, shown
from tests.support.world import World


async def checks(play: Play) -> list[Payload]:
    await send_data_checks(play.ws.services, play.ws.clock.now())
    await play.send()
    return [message for message in play.messages("dana") if "Data check" in message["text"]]


async def test_the_data_owner_gets_one_check_a_week(play: Play) -> None:
    """Without an administrator it is the leaders who answer for the data."""
    (first,) = await checks(play)
    assert "1 of 1 accounts" in shown(first)
    assert len(await checks(play)) == 1
    play.ws.clock.set(play.ws.clock.now() + timedelta(days=4))
    assert len(await checks(play)) == 1
    play.ws.clock.set(play.ws.clock.now() + timedelta(days=3))
    assert len(await checks(play)) == 2


async def test_nobody_gets_it_at_night_and_after_a_downtime_it_comes_later(play: Play) -> None:
    monday = play.ws.clock.now()
    play.ws.clock.set(monday.replace(hour=3))
    assert await checks(play) == []
    play.ws.clock.set(monday + timedelta(days=2))
    assert len(await checks(play)) == 1


async def test_it_goes_to_the_administrator_who_is_there(play: Play) -> None:
    """Row 4.9."""
    async with play.world.database.transaction() as session:
        (await session.get_one(Member, play.world.sam.member_id)).role = MemberRole.ADMIN
    assert await checks(play) == []
    assert "Data check" in play.last("sam")["text"]


async def test_each_gap_has_a_button_that_closes_it_and_the_message_shrinks(play: Play) -> None:
    """Row 4.49."""
    (message,) = await checks(play)
    assert "no outcome, executive sponsor, NPS of this year, sentiment" in shown(message)
    assert buttons(message) == ["Fill in", "Add contact", "Log sentiment", "Open account"]
    await play.ws.click("dana", message, "account_contact")
    entered = {"name": "Olive Porter", "email": "olive@acme.example", "roles": ["executive_sponsor"]}
    assert "Saved Olive Porter" in shown((await play.ws.submit("dana", play.opened, entered))["view"])
    await play.ws.click("dana", message, "account_sentiment")
    await play.ws.submit("dana", play.opened, {"sentiment": "green", "comment": "They renewed early"})
    await play.work_until_sent()
    now = play.again(message)
    assert "2 of 4 mended so far." in shown(now)
    assert buttons(now) == ["Fill in", "Open account"]
    await play.ws.click("dana", message, "account_fill")
    assert play.opened["callback_id"] == "account_edit"


async def test_a_contact_without_an_address_is_refused_at_its_input(play: Play) -> None:
    (message,) = await checks(play)
    await play.ws.click("dana", message, "account_contact")
    answer = await play.ws.submit("dana", play.opened, {"name": "Jo", "email": "nowhere"})
    assert "email" in answer["errors"]


async def test_what_is_old_refused_or_there_twice_is_found(world: World) -> None:
    """Rows 4.9 and 4.49: a metric that stopped, bounced mail, doubles, an old sentiment, signals of nobody."""
    now = world.now
    async with world.database.transaction() as session:
        jane = (await session.exec(select(Contact))).one()
        jane.bounced_at = now
        acme = await session.get_one(Account, world.account_id)
        acme.sentiment, acme.sentiment_at = "green", now - timedelta(days=90)  # type: ignore[assignment]
        session.add(Account(key="acme-2", name="ACME Ltd.", created_at=now, updated_at=now))
        for kind, days in (("tickets_open", 20), ("active_users", 1), ("ticket_opened", 300), ("seats_used", 90)):
            session.add(
                Signal(
                    account_id=world.account_id,
                    kind=kind,
                    number=1,
                    source="slack" if kind == "seats_used" else "zendesk",  # by hand: nothing has stopped
                    external_id=kind,
                    observed_at=now - timedelta(days=days),
                    created_at=now,
                )
            )
        session.add(
            QuarantinedSignal(source="zendesk", external_id="q", account_ref="wonka", payload={}, created_at=now)
        )
    world.library.metrics = world.library.metrics.model_validate(
        {
            "metrics": {
                kind: {"title": kind.capitalize().replace("_", " "), "definition": "For a test.", "stale_after_days": d}
                for kind, d in (("tickets_open", 5), ("active_users", 5), ("ticket_opened", 3650), ("seats_used", 14))
            }
        }
    )
    async with world.database.reading() as connection:
        found = await load_data_check(connection, world.library.metrics, now)
    first = next(row for row in found.rows if row.account_id == world.account_id)
    assert first.remarks == (
        "mail to Jane Doe (jane@acme.example) comes back",
        "Tickets open stopped coming in 20 days ago",
        "the same name as ACME Ltd.: perhaps one account, there twice",
        "the sentiment is 90 days old",
    )
    assert (found.waiting_signals, found.unknown_names) == (1, 1)
    assert found.rows[0].name == "Acme"  # it has the revenue


def test_names_are_the_same_but_for_their_legal_form() -> None:
    assert bare_name("Globex Ltd.") == bare_name("GLOBEX") == bare_name("Globex, Inc")
    assert bare_name("Cobalt") != bare_name("Globex")
    assert bare_name("Group") == "group"


def test_a_large_check_stays_within_slacks_limits() -> None:
    rows = tuple(AccountCheck(n, "A" * 200, "C" * 200, tuple(Gap), ("*x* " * 90,) * 9) for n in range(1, 300))
    message = build_data_check(DataCheck(rows, 400, 12, 3), 9_000)
    assert not violations({"text": message.text, "blocks": message.blocks})
    assert "and 289 accounts of less value" in shown({"blocks": message.blocks})
    assert "Nothing is missing" in shown({"blocks": build_data_check(DataCheck((), 4), 7).blocks})
