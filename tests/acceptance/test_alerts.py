"""An alert in Slack: one message that names the recommended play, and what its buttons do. Rows 1.27, 1.29, 1.32."""

from typing import Any

import pytest

from bot.models import AlertStatus, Severity
from tests.acceptance.test_home import home_of
from tests.support.alerts import alert, alerts, reason_gone
from tests.support.play import Play, buttons, shown
from tests.support.world import use_playbook


@pytest.fixture
async def message(play: Play) -> dict[str, Any]:
    """The alert that maya was sent."""
    play.world.library = play.ws.services.library
    use_playbook(play.ws.services.library, {"key": "call"}, title="Usage drop", summary="Find out why. Then act.")
    await alert(play.world, why="Active users 64 → 31 <!channel>")
    await play.send()
    return play.last("maya")


async def test_the_message_says_what_is_the_matter_since_when_and_what_to_do(
    play: Play, message: dict[str, Any]
) -> None:
    """Row 1.29."""
    words = shown(message)
    assert "🟠  *Acme*: *Usage fell by half*" in words
    assert "Active users 64 → 31 &lt;!channel&gt;" in words
    assert "high severity  ·  since 11:00" in words  # maya's clock
    assert "*Recommended: Usage drop*\nFind out why." in words
    assert "Then act" not in words
    assert buttons(message) == ["Start", "Not now", "Wrong data", "Health", "Timeline"]
    assert message["text"] == "Acme: Usage fell by half"
    await play.ws.click("maya", message, "account_health")
    assert "Acme" in play.whispered()


async def test_start_starts_the_playbook_and_redraws_the_message(play: Play, message: dict[str, Any]) -> None:
    await play.ws.click("maya", message, "alert_start")
    assert play.whispered() == "Maya Lindt started Usage drop on Acme."
    await play.ws.click("dana", message, "alert_start")
    assert play.whispered() == "Maya Lindt has started what it recommends already."
    await play.send()
    now = play.again(message)
    assert "✓  *Acme*: *Usage fell by half*" in shown(now)
    assert "Maya Lindt: Usage drop is under way" in shown(now)
    assert buttons(now) == []


async def test_not_now_asks_why_and_for_how_long(play: Play, message: dict[str, Any]) -> None:
    await play.ws.click("maya", message, "alert_not_now")
    assert "reason" in (await play.ws.submit("maya", play.opened, {"reason": " "}))["errors"]
    assert await play.ws.submit("maya", play.opened, {"reason": "They move offices", "until": "14"}) == {}
    await play.send()
    assert "Maya Lindt said not now until Mon 16 Mar: They move offices" in shown(play.again(message))


async def test_wrong_data_asks_what_is_wrong_and_tells_who_mends_it(play: Play, message: dict[str, Any]) -> None:
    await play.ws.click("maya", message, "alert_wrong_data")
    assert await play.ws.submit("maya", play.opened, {"reason": "Counted twice"}) == {}
    await play.send()
    assert "Maya Lindt said that the data are wrong: Counted twice" in shown(play.again(message))


async def test_others_are_told_that_it_is_not_theirs(play: Play, message: dict[str, Any]) -> None:
    await play.ws.click("leo", message, "alert_not_now")
    assert "Only the one who is asked" in play.whispered()


async def test_when_the_reason_is_gone_the_message_says_so(play: Play, message: dict[str, Any]) -> None:
    await reason_gone(play.world)
    await play.send()
    assert "The reason is gone, so nothing is to be done" in shown(play.again(message))
    assert buttons(play.again(message)) == []


@pytest.mark.usefixtures("message")
async def test_a_question_is_confirmed_or_corrected(play: Play) -> None:
    """Rows 1.27 and 1.32: a sponsor who seems to have left; a person confirms before anything starts."""
    await alert(
        play.world, cause="sponsor", title="Has Paula Chen, their sponsor, left?", why="Her role was taken away"
    )
    await play.send()
    asked = play.last("maya")
    assert buttons(asked)[:3] == ["Yes, start", "Not now", "No, wrong data"]


async def test_what_was_kept_for_the_morning_is_one_message_with_the_same_buttons(play: Play) -> None:
    """Row 4.45."""
    for cause in ("usage", "tickets"):
        await alert(play.world, cause=cause, title=f"Something about {cause}", severity=Severity.LOW)
    await play.send()
    assert not play.messages("maya")
    [first, _] = await alerts(play.world)
    play.ws.clock.set(play.ws.clock.now().replace(day=3, hour=8))
    await play.send()
    [gathered] = play.messages("maya")
    assert "*2 alerts for you*" in shown(gathered)
    await play.ws.click("maya", gathered, "alert_not_now", block_id=f"alert:{first.id}:actions")
    await play.ws.submit("maya", play.opened, {"reason": "Later"})
    await play.send()
    now = shown(play.again(gathered))
    assert "*1 alert for you*" in now
    assert "Maya Lindt said not now until Tue 10 Mar: Later" in now


async def test_the_list_shows_open_alerts_and_answers_in_place(play: Play, message: dict[str, Any]) -> None:
    answer = await play.ws.command("maya", "/account", "alerts")
    assert "*My alerts*" in shown(answer)
    assert "*Usage fell by half*" in shown(answer)
    assert "nothing is open" in (await play.ws.command("leo", "/account", "alerts"))["text"]
    assert "with Maya Lindt" in shown(await play.ws.command("leo", "/account", "alerts acme"))
    assert "*Everybody's alerts*" in shown(await play.ws.command("dana", "/account", "alerts all"))
    assert "Only a leader" in (await play.ws.command("maya", "/account", "alerts all"))["text"]
    place = {"channel": message["channel"], "ts": message["ts"]}
    await play.ws.click("maya", answer | place, "alert_start")
    assert "nothing is open" in str(play.ws.ephemeral[-1]["text"])
    assert [one.status for one in await alerts(play.world)] == [AlertStatus.STARTED]


@pytest.mark.usefixtures("message")
async def test_the_home_tab_begins_with_open_alerts(play: Play) -> None:
    home = await home_of(play, "maya")
    assert "My alerts" in shown(home)
    await play.ws.click("maya", home, "alert_start")
    await play.send()
    assert "My alerts" not in shown(await home_of(play, "maya"))


async def test_code_red_is_called_with_what_happened(play: Play) -> None:
    """Row 1.33."""
    assert await play.ws.command("maya", "/account", "code-red acme") == {}
    answer = await play.ws.submit("maya", play.opened, {"ask": "Nobody can log in"})
    assert "Code red is called. Dana Reyes is asked to take it" in shown(answer["view"])
    await play.work_until_sent()
    call = next(m for m in play.messages("cs-escalations") if "thread_ts" not in m or m["thread_ts"] == m["ts"])
    assert "🚨  *Code red: Acme*\n<@U0DANA> please take this one" in shown(call)
    assert "Nobody can log in" in shown(call)
    assert play.last("cs-leaders")["text"].startswith("<@U0DANA>: Code red at Acme, called by Maya Lindt")
    for page in ("health acme", "show acme"):
        assert "CODE RED: Acme" in shown(await play.ws.command("leo", "/account", page))
    again = await play.ws.command("leo", "/account", "code-red acme They called again")
    assert "is in code red already" in again["text"]
