"""/playbook rehearse: a playbook carried out on a copy, a page at a time (rows 1.49 and 4.31)."""

import asyncio
from typing import Any

import pytest
from pytest_mock import MockerFixture
from sqlalchemy import func, select

from bot.models import Contact, Delivery, Run
from bot.slack.ids import ActionId
from bot.slack.limits import violations
from handlers import patience
from tests.support.play import Play, buttons, shown
from tests.support.world import use_playbook


@pytest.fixture(autouse=True)
def no_hurry(mocker: MockerFixture) -> None:
    """However slow the machine, the answer is in the answer."""
    mocker.patch.object(patience, "PATIENCE", None)


async def rehearsal_of(play: Play, text: str, user: str = "maya") -> dict[str, Any]:
    answer = await play.ws.command(user, "/playbook", f"rehearse {text}")
    assert not violations(answer), violations(answer)
    return answer


def as_clicked(page: dict[str, Any]) -> dict[str, Any]:
    return {"channel": "C0GENERAL", "ts": "1.0", **page}


async def test_a_rehearsal_shows_what_would_happen_and_nothing_does(play: Play) -> None:
    """Row 1.49."""
    answer = await rehearsal_of(play, "basic-onboarding acme")
    words = shown(answer)
    assert "*Rehearsal: Basic onboarding on Acme*" in words
    assert "nothing was sent to anybody, and nothing is stored. Times are those of Europe/Berlin." in words
    assert "*Tue 3 Mar*" in words
    assert "15:00  *Leo Park* gets" in words
    assert "→  11:00  Maya Lindt completed “Send the welcome email”" in words
    assert "Acme has no go live date" in words
    async with play.world.database.reading() as connection:
        for table in (Run, Delivery):
            assert (await connection.execute(select(func.count()).select_from(table))).scalar_one() == 0
    await play.send()
    assert play.ws.messages == []


async def test_the_pages_of_a_long_playbook_are_turned_by_buttons(play: Play) -> None:
    """Row 4.31: the whole of it can be read, in place of the page before."""
    page = await rehearsal_of(play, "onboarding-90 acme")
    assert buttons(page) == ["Next page"]
    pages = [shown(page)]
    while "Next page" in buttons(page):
        await play.ws.click("maya", as_clicked(page), ActionId.REHEARSAL_NEXT)
        page = play.ws.ephemeral[-1]
        assert not violations(page), violations(page)
        assert page["replace_original"] is True
        pages.append(shown(page))
    assert len(set(pages)) == len(pages) > 1
    assert "Onboarding in 90 days is completed" in pages[-1]
    await play.ws.click("maya", as_clicked(page), ActionId.REHEARSAL_PREVIOUS)
    assert shown(play.ws.ephemeral[-1]) == pages[-2]


async def test_the_file_is_rehearsed_though_nobody_has_approved_it(play: Play) -> None:
    use_playbook(play.ws.services.library, {"key": "kickoff", "title": "Meet *them* <b>"}, opt_in=True)
    words = shown(await rehearsal_of(play, "test-play acme"))
    assert "Meet" in words
    assert "&lt;b&gt;" in words


async def test_only_the_accounts_team_and_leaders_rehearse_on_it(play: Play) -> None:
    assert "Rehearsal" in (await rehearsal_of(play, "usage-drop acme", "leo"))["text"]
    assert "Rehearsal" in (await rehearsal_of(play, "usage-drop acme", "dana"))["text"]
    assert "Only the account's team" in (await rehearsal_of(play, "usage-drop acme", "eve"))["text"]
    page = await rehearsal_of(play, "onboarding-90 acme")
    await play.ws.click("eve", as_clicked(page), ActionId.REHEARSAL_NEXT)
    assert "Only the account's team" in play.whispered()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Say which playbook"),
        ("usage-drop", "Say which playbook and on which account"),
        ("usage-dorp acme", "Did you mean `usage-drop`"),
        ("usage-drop acne", "Acme"),
    ],
)
async def test_what_cannot_be_rehearsed_is_answered_with_the_next_step(play: Play, text: str, words: str) -> None:
    assert words in (await rehearsal_of(play, text))["text"]


async def test_a_rehearsal_that_takes_long_is_announced_and_comes_later(play: Play, mocker: MockerFixture) -> None:
    mocker.patch.object(patience, "PATIENCE", 0)
    answer = await rehearsal_of(play, "onboarding-90 acme")
    assert answer["text"] == "Rehearsing Onboarding in 90 days on Acme. It comes here in a moment."
    await asyncio.gather(*patience._under_way)
    page = play.ws.ephemeral[-1]
    assert page["replace_original"] is False
    assert not violations(page), violations(page)
    assert await play.ws.click("maya", as_clicked(page), ActionId.REHEARSAL_NEXT) == {}
    await asyncio.gather(*patience._under_way)
    assert play.ws.ephemeral[-1]["replace_original"] is True
    assert "Previous page" in buttons(play.ws.ephemeral[-1])


async def test_what_goes_wrong_later_is_said_later(play: Play, mocker: MockerFixture) -> None:
    mocker.patch.object(patience, "PATIENCE", 0)
    use_playbook(play.ws.services.library, {"key": "greet"}, subject="contact")
    async with play.world.database.transaction() as session:
        await session.delete(await session.get_one(Contact, 1))
    await rehearsal_of(play, "test-play acme")
    await asyncio.gather(*patience._under_way)
    assert "Add one with `/account contact acme" in play.whispered()
    mocker.patch("bot.rehearsal.performing.set_scene", side_effect=RuntimeError)
    await rehearsal_of(play, "test-play acme")
    await asyncio.gather(*patience._under_way)
    assert "Something went wrong" in play.whispered()
