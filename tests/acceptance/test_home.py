"""The Home tab."""

from datetime import timedelta
from typing import Any

from bot.slack.limits import violations
from tests.support.play import Play, buttons, shown


async def home_of(play: Play, user: str) -> dict[str, Any]:
    await play.ws.event(user, {"type": "app_home_opened", "tab": "home"})
    published = play.ws.published_homes[-1]
    assert published["user_id"] == f"U0{user.upper()}"
    view: dict[str, Any] = published["view"]
    assert not violations(view), violations(view)
    return view


async def test_home_shows_my_steps_and_my_accounts(play: Play) -> None:
    await play.begin({"key": "send-welcome"}, {"key": "hold-review", "due": "4d"})
    words = shown(await home_of(play, "maya"))
    assert "My steps\n1 today, 1 this week" in words
    assert words.index("*Today*") < words.index("*Send welcome*") < words.index("*This week*")
    assert "*Acme*  `acme`" in words
    assert "renews Tue 1 Sep" in words
    assert "2 open steps" in words


async def test_an_empty_home_says_what_to_do(play: Play) -> None:
    words = shown(await home_of(play, "eve"))
    assert "Nothing is due this week" in words
    assert "My accounts" not in words


async def test_completing_from_home_works_and_refreshes_it(play: Play) -> None:
    await play.begin({"key": "send-welcome"})
    home = await home_of(play, "maya")
    assert await play.ws.click("maya", home, "step_complete") == {}
    await play.send()
    assert "Send welcome" not in shown(play.ws.published_homes[-1]["view"])


async def test_a_stale_home_answers_in_a_modal(play: Play) -> None:
    await play.begin({"key": "send-welcome"})
    home = await home_of(play, "maya")
    await play.ws.click("maya", home, "step_complete")
    await play.ws.click("maya", home, "step_complete")
    assert "Maya Lindt completed “Send welcome” just now." in shown(play.opened)


async def test_details_open_from_home(play: Play) -> None:
    await play.begin({"key": "send-welcome", "guidance": "Say hello."})
    await play.ws.click("maya", await home_of(play, "maya"), "step_menu", "Details")
    assert "Say hello." in shown(play.opened)


async def test_an_escalation_is_with_its_owner_its_raiser_and_the_leaders(play: Play) -> None:
    await play.ws.command("maya", "/escalate", "acme")
    await play.ws.submit("maya", play.opened, {"target": "ae", "severity": "critical", "ask": "Call their CFO"})
    assert "My escalations" in shown(await home_of(play, "leo"))
    assert "My escalations" in shown(await home_of(play, "maya"))
    dana = shown(await home_of(play, "dana"))
    assert "Open escalations of the team" in dana
    assert "🔴  *Acme*  ·  with Leo Park" in dana
    assert "CFO" not in shown(await home_of(play, "eve"))


async def test_an_escalation_is_acknowledged_from_home(play: Play) -> None:
    await play.ws.command("maya", "/escalate", "acme")
    await play.ws.submit("maya", play.opened, {"target": "ae", "severity": "critical", "ask": "Call their CFO"})
    home = await home_of(play, "leo")
    assert buttons(home) == ["Acknowledge", "Resolve"]
    await play.ws.click("leo", home, "escalation_acknowledge")
    assert buttons(await home_of(play, "leo")) == ["Resolve"]


async def test_strangers_get_a_polite_line(play: Play) -> None:
    words = shown(await home_of(play, "mallory"))
    assert "Playcall is for members of the customer team" in words


async def test_forty_steps_and_many_escalations_stay_within_the_limits(play: Play) -> None:
    await play.begin(*({"key": f"step-{number}", "title": "<" * 140} for number in range(40)))
    for number in range(12):
        await play.ws.command("maya", "/escalate", "acme")
        await play.ws.submit("maya", play.opened, {"target": "leader", "severity": "low", "ask": f"{number:02}" * 950})
    for user in ("maya", "dana"):
        assert "and 4 more." in shown(await home_of(play, user))


async def test_overdue_is_counted_in_the_readers_calendar(play: Play) -> None:
    await play.begin({"key": "send-welcome"})
    play.ws.clock.set(play.ws.clock.now() + timedelta(days=3))
    assert "*3 days overdue* (was due Mon 2 Mar)" in shown(await home_of(play, "maya"))
