"""One-tap feedback on a step, suggestions for playbooks, retrospectives of escalations: through signed requests."""

from typing import Any

import pytest
from sqlmodel import select

from bot.models import Retrospective, Suggestion, SuggestionStatus
from tests.support.play import Play, buttons, shown
from tests.support.world import use_playbook


async def finished(play: Play) -> dict[str, Any]:
    """The message of a step that maya has just completed."""
    message = await play.begin({"key": "send-welcome"})
    await play.ws.click("maya", message, "step_complete")
    await play.send()
    return play.again(message)


async def suggestions(play: Play) -> list[Suggestion]:
    async with play.world.database.transaction() as session:
        return list((await session.exec(select(Suggestion))).all())


async def test_a_finished_step_asks_with_two_thumbs_whether_it_helped(play: Play) -> None:
    """Row 4.53."""
    assert buttons(await finished(play)) == ["Undo", "👍", "👎"]


async def test_a_thumb_up_is_one_tap_and_shows(play: Play) -> None:
    """Row 4.53."""
    message = await finished(play)
    assert await play.ws.click("maya", message, "step_helped") == {}
    await play.send()
    assert "you: 👍" in shown(play.again(message))
    (given,) = await suggestions(play)
    assert (given.playbook_key, given.step_key, given.helpful, given.body) == ("test-play", "send-welcome", True, None)


async def test_a_thumb_down_asks_what_to_change_and_can_be_changed(play: Play) -> None:
    """Row 4.53: one for each step and person."""
    message = await finished(play)
    await play.ws.click("maya", message, "step_did_not_help")
    assert (await suggestions(play))[0].helpful is False
    assert await play.ws.submit("maya", play.opened, {"change": "Ask for <!channel> the admin"}) == {}
    assert (await suggestions(play))[0].body == "Ask for <!channel> the admin"
    await play.ws.click("maya", message, "step_helped")
    (given,) = await suggestions(play)
    assert (given.helpful, given.body) == (True, None)


async def test_the_thumbs_go_when_the_step_is_reopened(play: Play) -> None:
    message = await finished(play)
    await play.ws.click("maya", message, "step_undo")
    await play.ws.click("maya", message, "step_helped")
    assert "is open again" in play.whispered()


async def suggested(play: Play, text: str = "Ask for the admin first") -> None:
    answer = await play.ws.command("maya", "/playbook", f"suggest qbr {text}")
    assert "You will hear what becomes of it" in answer["text"]


async def queue(play: Play, user: str = "dana") -> dict[str, Any]:
    """The private answer, as something to click on."""
    return {"channel": "C0GENERAL", "ts": "1.1"} | await play.ws.command(user, "/playbook", "suggestions")


async def test_a_suggestion_waits_in_the_queue_of_the_leaders(play: Play) -> None:
    """Row 4.50."""
    await suggested(play)
    words = shown(await queue(play))
    assert "Suggestions: 1 open" in words
    assert "Ask for the admin first" in words
    assert "Maya Lindt" in words


async def test_a_thumb_up_asks_for_nothing_and_so_is_not_in_the_queue(play: Play) -> None:
    """Row 4.50."""
    await play.ws.click("maya", await finished(play), "step_helped")
    assert "No suggestions are open" in shown(await queue(play))


async def test_taking_a_suggestion_tells_its_author(play: Play) -> None:
    """Row 4.50."""
    await suggested(play)
    await play.ws.click("dana", await queue(play), "suggestion_take")
    assert "No suggestions are open" in shown(play.ws.ephemeral[-1])
    await play.send()
    assert play.last("maya")["text"].startswith("Dana Reyes takes up your suggestion for the playbook qbr")
    assert (await suggestions(play))[0].status is SuggestionStatus.TAKEN


async def test_declining_needs_a_reason_which_the_author_reads(play: Play) -> None:
    """Row 4.50."""
    await suggested(play)
    await play.ws.click("dana", await queue(play), "suggestion_decline")
    assert "reason" in (await play.ws.submit("dana", play.opened, {"reason": " "}))["errors"]
    await play.ws.submit("dana", play.opened, {"reason": "Tried it in spring"})
    await play.send()
    assert play.last("maya")["text"].endswith("leaves it as it is: Tried it in spring")
    (kept,) = await suggestions(play)
    assert (kept.status, kept.decision) == (SuggestionStatus.DECLINED, "Tried it in spring")


async def test_only_owners_and_leaders_see_and_decide(play: Play) -> None:
    await suggested(play)
    seen = await queue(play)
    assert "Only leaders and owners" in (await queue(play, "eve"))["text"]
    await play.ws.click("eve", seen, "suggestion_take")
    assert "Only the playbook's owner or a leader decides" in play.whispered()


async def test_the_owner_of_a_playbook_sees_and_takes_what_is_suggested_for_it(play: Play) -> None:
    """Rows 4.26 and 4.50."""
    use_playbook(play.ws.services.library, {"key": "one"}, owners={"journey": "eve@ours.example"})
    await play.ws.command("maya", "/playbook", "suggest test-play Ask for the admin first")
    await play.ws.command("maya", "/playbook", "suggest qbr Another")
    seen = await queue(play, "eve")
    assert "Suggestions: 1 open" in shown(seen)
    await play.ws.click("eve", seen, "suggestion_take")
    assert [one.status for one in await suggestions(play)] == [SuggestionStatus.TAKEN, SuggestionStatus.OPEN]


@pytest.mark.parametrize("text", ["", "qbr", "nothing-like-it at all"])
async def test_a_suggestion_needs_a_playbook_and_words(play: Play, text: str) -> None:
    answer = await play.ws.command("maya", "/playbook", f"suggest {text}")
    assert "playbook" in answer["text"]
    assert not await suggestions(play)


# --- looking back at an escalation ------------------------------------------------------------------------------------

LESSON = {"happened": "Exports failed", "cause": "Nobody watched", "change": "Support tells us the same day"}


async def resolved(play: Play) -> dict[str, Any]:
    """The message of an escalation that dana has just resolved."""
    await play.ws.command("maya", "/escalate", "acme")
    await play.ws.submit("maya", play.opened, {"target": "leader", "severity": "high", "ask": "Call their CFO"})
    await play.send()
    message = play.last("cs-escalations")
    await play.ws.click("dana", message, "escalation_resolve")
    await play.ws.submit("dana", play.opened, {"resolution": "They renew"})
    await play.work_until_sent()
    return play.again(message)


async def test_a_resolved_escalation_offers_a_retrospective_that_goes_into_its_thread(play: Play) -> None:
    """Row 4.30."""
    message = await resolved(play)
    assert buttons(message) == ["Retrospective"]
    await play.ws.click("dana", message, "retrospective")
    assert await play.ws.submit("dana", play.opened, LESSON) == {}
    await play.send()
    assert not buttons(play.again(message))
    reply = play.last("cs-escalations")
    assert reply["thread_ts"] == message["ts"]
    assert "Cause: Nobody watched" in reply["text"]
    async with play.world.database.transaction() as session:
        kept = (await session.exec(select(Retrospective))).one()
    assert (kept.happened, kept.cause, kept.change) == tuple(LESSON.values())
    assert "looked back at the escalation: Support tells us the same day" in await play.world.timeline()


async def test_what_changes_can_become_a_suggestion_for_a_playbook(play: Play) -> None:
    """Rows 4.30 and 4.50."""
    await play.ws.click("maya", await resolved(play), "retrospective")
    await play.ws.submit("maya", play.opened, {**LESSON, "playbook": "qbr"})
    words = shown(await queue(play))
    assert "Support tells us the same day" in words
    assert "after an escalation" in words


async def test_a_second_retrospective_is_given_back(play: Play) -> None:
    await play.ws.click("dana", await resolved(play), "retrospective")
    form = play.opened
    await play.ws.submit("dana", form, LESSON)
    answer = await play.ws.submit("maya", form, {**LESSON, "cause": "Something else"})
    assert "Dana Reyes has written the retrospective already" in shown(answer["view"])
    assert "Something else" in shown(answer["view"])


async def test_only_who_may_answer_an_escalation_looks_back_at_it(play: Play) -> None:
    await play.ws.click("eve", await resolved(play), "retrospective")
    answer = await play.ws.submit("eve", play.opened, LESSON)
    assert "Only the escalation's owner" in shown(answer["view"])
