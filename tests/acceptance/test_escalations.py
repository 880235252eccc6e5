"""A call for help: raised from a step or by command, posted with its context, answered by buttons."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from bot.models import DeliveryKind, Escalation, EscalationStatus
from tests.support.play import Play, buttons, shown

FORM = {
    "target": "leader",
    "severity": "high",
    "ask": "Please call <!channel> their CFO & ask",
    "tried": "Two mails",
    "deadline": "2026-03-05",
}


async def escalate(play: Play, **changes: str) -> dict[str, Any]:
    """Escalate acme as maya, and return the message in the channel."""
    await play.ws.command("maya", "/escalate", "acme")
    answer = await play.ws.submit("maya", play.opened, {**FORM, **changes})
    assert "Dana Reyes has been asked in #cs-escalations" in shown(answer["view"])
    await play.send()
    return play.last("cs-escalations")


async def escalation(play: Play) -> Escalation:
    async with play.world.database.transaction() as session:
        return (await session.exec(select(Escalation))).one()


async def test_the_form_offers_the_people_by_name(play: Play) -> None:
    assert await play.ws.command("maya", "/escalate", "acme") == {}
    words = shown(play.opened)
    assert "*Acme*" in words
    options = next(b for b in play.opened["blocks"] if b.get("block_id") == "target")["element"]["options"]
    assert [o["text"]["text"] for o in options] == ["Leo Park (account executive)", "Dana Reyes (leader)"]


async def test_the_message_has_the_ask_the_context_and_the_person(play: Play) -> None:
    message = await escalate(play)
    words = shown(message)
    assert "*High escalation: Acme*\n<@U0DANA> please take this one" in words
    assert "ARR *USD 120,000*" in words
    assert "renews *Tue 1 Sep*" in words
    assert "health *" in words
    assert "Please call &lt;!channel&gt; their CFO &amp; ask" in words
    assert "Two mails" in words
    assert "needed by *Thu 5 Mar*" in words
    assert buttons(message) == ["Acknowledge", "Need info", "Resolve"]
    assert message["text"].startswith("<@U0DANA>: high escalation for Acme.")


async def test_acknowledging_shows_who_is_on_it_and_tells_the_thread(play: Play) -> None:
    message = await escalate(play)
    await play.ws.click("dana", message, "escalation_acknowledge")
    await play.send()
    now = play.again(message)
    assert "<@U0DANA> is on it" in shown(now)
    assert "acknowledged by Dana Reyes" in shown(now)
    assert buttons(now) == ["Need info", "Resolve"]
    reply = play.last("cs-escalations")
    assert (reply["thread_ts"], reply["text"]) == (message["ts"], "Dana Reyes acknowledged this and is on it.")


async def test_whoever_asked_for_help_is_told_directly_what_came_of_it(play: Play) -> None:
    message = await escalate(play)
    await play.ws.click("dana", message, "escalation_acknowledge")
    await play.send()
    assert play.last("maya")["text"] == "Your escalation for Acme: Dana Reyes has it now."
    await play.ws.click("dana", message, "escalation_resolve")
    assert await play.ws.submit("dana", play.opened, {"resolution": "They renew"}) == {}
    await play.work_until_sent()
    assert play.last("maya")["text"] == "Your escalation for Acme: Dana Reyes resolved this: They renew"


async def test_a_second_acknowledgement_is_told_privately(play: Play) -> None:
    message = await escalate(play)
    await play.ws.click("dana", message, "escalation_acknowledge")
    await play.ws.click("maya", message, "escalation_acknowledge")
    assert play.whispered() == "Dana Reyes has acknowledged this already."


async def test_who_has_nothing_to_do_with_it_may_not_answer(play: Play) -> None:
    message = await escalate(play)
    await play.ws.click("eve", message, "escalation_acknowledge")
    assert "Only the escalation's owner" in play.whispered()


async def test_asking_back_tells_the_thread_and_the_one_who_raised_it(play: Play) -> None:
    message = await escalate(play)
    await play.ws.click("dana", message, "escalation_ask")
    assert await play.ws.submit("dana", play.opened, {"question": "Which <contract>?"}) == {}
    await play.send()
    assert "waits for an answer in the thread" in shown(play.again(message))
    assert play.last("cs-escalations")["text"] == "Dana Reyes asks: Which &lt;contract&gt;?"
    assert "About your escalation" in play.last("maya")["text"]


async def test_resolving_needs_words_and_ends_the_message(play: Play) -> None:
    message = await escalate(play)
    await play.ws.click("dana", message, "escalation_resolve")
    assert "resolution" in (await play.ws.submit("dana", play.opened, {"resolution": " "}))["errors"]
    assert await play.ws.submit("dana", play.opened, {"resolution": "They renew for a year"}) == {}
    await play.send()
    now = play.again(message)
    assert "✓  *High escalation: Acme*  ·  resolved" in shown(now)
    assert "They renew for a year" in shown(now)
    assert buttons(now) == ["Retrospective"]


async def test_resolving_what_is_resolved_gives_the_text_back(play: Play) -> None:
    message = await escalate(play)
    await play.ws.click("dana", message, "escalation_resolve")
    form = play.opened
    await play.ws.submit("dana", form, {"resolution": "They renew"})
    answer = await play.ws.submit("maya", form, {"resolution": "I also spoke with them"})
    assert "Dana Reyes has resolved this already: They renew" in shown(answer["view"])
    assert "I also spoke with them" in shown(answer["view"])


@pytest.mark.parametrize(("changes", "block_id"), [({"ask": " "}, "ask"), ({"deadline": "2026-03-01"}, "deadline")])
async def test_what_is_missing_or_past_is_said_at_its_input(play: Play, changes: dict[str, str], block_id: str) -> None:
    await play.ws.command("maya", "/escalate", "acme")
    answer = await play.ws.submit("maya", play.opened, {**FORM, **changes})
    assert block_id in answer["errors"]
    assert not await play.world.deliveries(kind=DeliveryKind.ESCALATION)


async def test_who_and_how_serious_must_be_chosen(play: Play) -> None:
    await play.ws.command("maya", "/escalate", "acme")
    answer = await play.ws.submit("maya", play.opened, {"ask": "Help"})
    assert "target" in answer["errors"]
    answer = await play.ws.submit("maya", play.opened, {"ask": "Help", "target": "leader"})
    assert "severity" in answer["errors"]


async def test_escalating_without_an_account_says_how(play: Play) -> None:
    assert "`/escalate acme`" in (await play.ws.command("maya", "/escalate", ""))["text"]


async def test_escalating_an_unknown_account_says_so(play: Play) -> None:
    assert "There is no account" in (await play.ws.command("maya", "/escalate", "zzz"))["text"]


async def test_an_escalation_from_a_step_names_the_step(play: Play) -> None:
    message = await play.begin({"key": "send-welcome"})
    await play.ws.click("maya", message, "step_escalate")
    await play.ws.submit("maya", play.opened, {**FORM, "target": "ae"})
    await play.send()
    posted = play.last("cs-escalations")
    assert "Test play: Send welcome" in shown(posted)
    assert "<@U0LEO>" in posted["text"]
    assert (await escalation(play)).status is EscalationStatus.OPEN


async def test_an_answer_that_overtakes_the_message_waits_for_it(play: Play) -> None:
    await play.ws.command("maya", "/escalate", "acme")
    await play.ws.submit("maya", play.opened, FORM)
    row = await escalation(play)
    value = f'{{"v":1,"escalation":{row.id}}}'
    home = {"type": "home", "blocks": [{"type": "actions", "block_id": "b", "elements": [_button(value)]}]}
    await play.ws.click("dana", home, "escalation_acknowledge")
    await play.work_until_sent()
    first, reply = play.messages("cs-escalations")
    assert reply["thread_ts"] == first["ts"]
    assert "is on it" in shown(first)


def _button(value: str) -> dict[str, Any]:
    text = {"type": "plain_text", "text": "Acknowledge"}
    return {"type": "button", "action_id": "escalation_acknowledge", "text": text, "value": value}


async def test_a_csm_cannot_take_what_they_asked_of_somebody_else(play: Play) -> None:
    message = await escalate(play)
    await play.ws.click("maya", message, "escalation_acknowledge")
    await play.send()
    assert play.whispered() == "Only who is asked, their deputy or a leader can take this. You can still resolve it."
    assert "<@U0DANA> please take this one" in shown(play.again(message))


async def test_the_next_person_is_mentioned_in_the_thread_and_told_directly(play: Play) -> None:
    await play.ws.command("maya", "/escalate", "acme")
    await play.ws.submit("maya", play.opened, {**FORM, "target": "ae"})
    await play.send()
    message = play.last("cs-escalations")
    play.ws.clock.set(play.ws.clock.now() + timedelta(days=1))
    await play.work()
    reply = play.last("cs-escalations")
    assert reply["thread_ts"] == message["ts"]
    assert reply["text"] == (
        "<@U0DANA>: Leo Park has not acknowledged this in time. It is now with Dana Reyes (leader)."
    )
    told = play.last("dana")["text"]
    assert "The high escalation for Acme: Leo Park has not acknowledged it in time" in told
    assert "Please call &lt;!channel&gt; their CFO &amp; ask" in told


async def test_who_may_not_escalate_is_told_before_writing_anything(play: Play) -> None:
    answer = await play.ws.command("eve", "/escalate", "acme")
    assert answer["text"] == "Only the account's team or a leader can escalate for this account."
    assert not play.ws.opened_views


RAISED = "Raised in the escalation channel; it completes when that is resolved."
SHOUT = {"key": "shout", "kind": "escalation", "escalation": {"to": "leader", "ask": "Call them."}}


async def test_an_escalation_step_has_no_complete_button_until_its_escalation_is_resolved(play: Play) -> None:
    message = await play.begin(SHOUT, {"key": "send-welcome"})
    today = await play.ws.command("maya", "/playbook", "today")
    assert RAISED in shown(today)
    assert buttons(today).count("Complete") == 1  # of the other step
    assert RAISED not in shown(message)  # the escalation itself is the message


async def test_an_escalation_step_that_is_overdue_is_told_without_a_complete_button(play: Play) -> None:
    await play.begin(SHOUT, {"key": "send-welcome"})
    play.ws.clock.set(play.ws.clock.now() + timedelta(days=7))
    await play.work()
    message = next(m for m in reversed(play.messages("maya")) if "Shout" in shown(m))
    assert RAISED in shown(message)
    own = next(b for b in message["blocks"] if b["type"] == "actions")
    assert "Complete" not in buttons({"blocks": [own]})
