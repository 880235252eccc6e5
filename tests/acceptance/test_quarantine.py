"""Signals of accounts nobody knows, in Slack: asked about once, assigned or dropped, and nothing lost."""

from datetime import timedelta

import pytest

from bot.models import Account, QuarantineStatus
from bot.schedule.quarantine import empty_quarantine
from tests.support.play import Play, buttons, shown
from tests.support.signals import kept_signals, quarantined, send, usage


async def ask(play: Play, *numbers: float, account: str = "cust-9", **more: object) -> None:
    """Signals come in for an account that nobody knows, and the question is posted."""
    await send(
        play.world, *(usage(number, account=account, external_id=f"{account}-{number}", **more) for number in numbers)
    )
    play.ws.clock.set(play.ws.clock.now() + timedelta(minutes=1))
    await play.send()


@pytest.fixture(autouse=True)
def same_library(play: Play) -> None:
    play.ws.services.library.metrics = play.world.library.metrics
    play.world.library = play.ws.services.library


async def test_one_question_is_asked_for_many_signals_and_assigning_takes_in_all_of_them(play: Play) -> None:
    await ask(play, 1, 2, 3)
    await ask(play, 4)  # more of the same is no news
    [question] = play.messages("cs-leaders")
    assert "*cust-9* from feed  ·  3 signals (Active users)" in shown(question)

    await play.ws.click("dana", question, "quarantine_assign")
    assert await play.ws.submit("dana", play.opened, {"other_account": "acme"})
    await play.send()

    assert [s.number for s in await kept_signals(play.world)] == [1, 2, 3, 4]
    assert (await play.world.account()).external_ids == {"feed": "cust-9"}
    answered = play.messages("cs-leaders")[0]
    assert "✓  Acme by Dana Reyes" in shown(answered)
    assert buttons(answered) == []
    assert "assigned 4 signals that came from feed as cust-9" in await play.world.timeline()
    assert [one.taken for one in await send(play.world, usage(5, account="cust-9"))] == ["accepted"]


async def test_what_was_assigned_is_remembered_also_where_the_account_has_another_id_there(play: Play) -> None:
    async with play.world.database.transaction() as session:
        account = await session.get_one(Account, play.world.account_id)
        account.external_ids = {"feed": "cust-1"}
    await ask(play, 1)
    await play.ws.click("maya", play.last("cs-leaders"), "quarantine_assign")
    await play.ws.submit("maya", play.opened, {"account": str(play.world.account_id)})
    assert [one.taken for one in await send(play.world, usage(2, account="cust-9"), usage(3, account="cust-1"))] == [
        "accepted",
        "accepted",
    ]


async def test_only_who_may_edit_the_account_assigns_to_it_and_only_leaders_drop(play: Play) -> None:
    await ask(play, 1)
    question = play.last("cs-leaders")
    await play.ws.click("eve", question, "quarantine_assign")
    refused = await play.ws.submit("eve", play.opened, {"other_account": "acme"})
    assert "Only the account's team or a leader can change this account." in str(refused)
    await play.ws.click("maya", question, "quarantine_drop")
    assert play.whispered() == "Only a leader can do this. Ask yours."
    assert [row.status for row in await quarantined(play.world)] == [QuarantineStatus.WAITING]


async def test_what_is_dropped_is_kept_aside_without_a_word_and_can_still_be_assigned(play: Play) -> None:
    await ask(play, 1)
    await play.ws.click("dana", play.last("cs-leaders"), "quarantine_drop")
    await ask(play, 2)
    assert len(play.messages("cs-leaders")) == 1
    assert "✗  dropped by Dana Reyes" in shown(play.last("cs-leaders"))
    assert [row.status for row in await quarantined(play.world)] == [QuarantineStatus.DROPPED] * 2

    listed = await play.ws.command("dana", "/account", "quarantine")
    assert "Nothing waits in quarantine." in listed["text"]
    assert "*cust-9* from feed  ·  2 signals" in shown(listed)
    listed |= {"channel": "C0GENERAL", "ts": "1.0"}
    await play.ws.click("dana", listed, "quarantine_assign")
    await play.ws.submit("dana", play.opened, {"other_account": "acme"})
    assert [s.number for s in await kept_signals(play.world)] == [1, 2]
    assert "Nothing is in quarantine" in (await play.ws.command("dana", "/account", "quarantine"))["text"]


async def test_an_account_that_is_added_later_gets_what_waited_for_it(play: Play) -> None:
    await ask(play, 1, 2, account="hooli")
    async with play.world.database.transaction() as session:
        session.add(Account(key="hooli", name="Hooli", created_at=play.world.now, updated_at=play.world.now))
    assert await empty_quarantine(play.ws.services, play.ws.clock.now()) == 2
    assert await empty_quarantine(play.ws.services, play.ws.clock.now()) == 0
    await play.send()
    assert "✓  Hooli" in shown(play.last("cs-leaders"))
    assert {row.status for row in await quarantined(play.world)} == {QuarantineStatus.ASSIGNED}
