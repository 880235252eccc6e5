"""What leaders ask for in Slack, and the dated lists and searches everybody has: through signed requests."""

from datetime import timedelta
from typing import Any

import pytest

from bot.slack.limits import violations
from tests.acceptance.test_home import home_of
from tests.support.play import Play, buttons, shown


async def ask(play: Play, text: str, user: str = "dana") -> dict[str, Any]:
    answer = await play.ws.command(user, "/playbook", text)
    assert violations(answer) == []
    return answer


async def days_pass(play: Play, days: int) -> None:
    play.ws.clock.set(play.ws.clock.now() + timedelta(days=days))


@pytest.mark.parametrize("text", ["report", "bottlenecks", "gaps", "drift qbr", "review"])
async def test_what_is_for_leaders_is_refused_to_others(play: Play, text: str) -> None:
    assert "This is for leaders" in (await ask(play, text, "maya"))["text"]


async def test_the_report_has_revenue_ratio_health_and_hours(play: Play) -> None:
    """Rows 0.14, 3.1 and 1.41 to 1.43."""
    await play.begin({"key": "send-welcome", "minutes": 120})
    await days_pass(play, 3)
    words = shown(await ask(play, "report by csm 30"))
    assert "Customer success by CSM, last 30 days" in words
    assert "*Maya Lindt*  ·  1 account  ·  USD 120,000" in words
    assert "1 runs started, 0 completed  ·  1 steps overdue  ·  proactive to reactive 1 : 0" in words
    assert "*Hours ahead a week, next 4 weeks*  ·  a person has 30, nobody is over\n•  Maya Lindt  " in words


@pytest.mark.parametrize("text", ["report by planet", "report 5000"])
async def test_a_report_that_is_not_understood_says_how_to_ask(play: Play, text: str) -> None:
    assert "by segment" in (answer := await ask(play, text))["text"] or "1 to 1100 days" in answer["text"]


async def test_bottlenecks_show_the_step_and_its_reason(play: Play) -> None:
    """Row 1.48."""
    message = await play.begin({"key": "send-welcome"})
    await play.ws.click("maya", message, "step_menu", "Skip…")
    await play.ws.submit("maya", play.opened, {"reason": "They asked us to wait"})
    words = shown(await ask(play, "bottlenecks"))
    assert "*Send welcome*  ·  `test-play`" in words
    assert "1 skipped  ·  of 1" in words
    assert "“They asked us to wait”" in words
    assert "Nothing was late" in shown(await ask(play, "bottlenecks renewal-120"))


async def test_gaps_have_a_button_that_opens_the_accounts_form(play: Play) -> None:
    """Row 3.2."""
    answer = await ask(play, "gaps")
    assert "*Acme*  ·  Maya Lindt  ·  no outcome, executive sponsor" in shown(answer)
    await play.ws.click("dana", {"channel": "C0GENERAL", "ts": "1.1"} | answer, "account_fill")
    assert "Acme" in str(play.opened)


async def test_drift_tells_what_is_skipped_put_off_and_done_on_another_day(play: Play) -> None:
    """Row 4.28."""
    message = await play.begin({"key": "one"}, {"key": "two"}, {"key": "three", "due": "2d"})
    await play.ws.click("maya", message, "step_menu", "Skip…", block_id=block_of(message, "One"))
    await play.ws.submit("maya", play.opened, {"reason": "No"})
    await play.ws.click("maya", message, "step_snooze", block_id=block_of(message, "Two"))
    await play.ws.submit("maya", play.opened, {"until": "2026-03-09"})
    words = shown(await ask(play, "drift test-play"))
    assert "1 run begun in the last 365 days" in words
    assert "*One*  ·  day 0\nplanned for day 0  ·  100 % skipped" in words
    assert "*Two*  ·  day 0\n100 % put off" in words
    assert "*Three*  ·  day 2\nplanned for day 2" in words


def block_of(message: dict[str, Any], title: str) -> str:
    """The block with the buttons of the step with this title."""
    blocks = message["blocks"]
    place = next(n for n, block in enumerate(blocks) if f"*{title}*" in str(block))
    return str(next(block["block_id"] for block in blocks[place:] if block["type"] == "actions"))


async def test_tasks_are_ones_steps_of_the_next_days_by_week(play: Play) -> None:
    """Row 0.12."""
    await play.begin({"key": "now"}, {"key": "next-week", "due": "8d"}, {"key": "much-later", "due": "60d"})
    words = shown(await ask(play, "tasks 30d", "maya"))
    assert "Your steps of the next 30 days: 2" in words
    assert "*Week of Mon 2 Mar*\n•  Mon 2 Mar  ·  Now  ·  Acme  ·  Test play" in words
    assert "*Week of Mon 9 Mar*\n•  Tue 10 Mar  ·  Next week" in words
    assert "Nothing is due in that time" in shown(await ask(play, "tasks", "eve"))


async def test_documents_and_templates_are_found_by_words_with_their_step(play: Play) -> None:
    """Rows 3.7 and 3.18."""
    deck = {"title": "Kick-off deck", "url": "https://ours.example/deck"}
    await play.begin({"key": "hold-kickoff", "assets": [deck]})
    found = shown(await ask(play, "assets kickof deck", "eve"))
    assert "<https://ours.example/deck|Kick-off deck>  ·  Hold kickoff  ·  Test play (`test-play`)" in found
    everything = shown(await ask(play, "assets", "maya"))
    assert "✉" in everything
    assert "Nothing fits" in shown(await ask(play, "assets zebra quantum", "maya"))


async def test_the_review_pack_has_the_quarters_numbers(play: Play) -> None:
    """Row 4.48."""
    outcome = {"key": "signed", "label": "Signed", "then": "complete_run"}
    message = await play.begin({"key": "sign", "outcomes": [outcome]})
    await play.ws.click("maya", message, "step_complete")
    await play.ws.submit("maya", play.opened, {"outcome": "signed"})
    await play.ws.command("maya", "/playbook", "suggest qbr Shorter slides")
    words = shown(await ask(play, "review"))
    assert "Review of 2026-Q1, so far" in words
    assert "1 playbooks started, 1 completed, 1 ended" in words
    assert "Test play: Signed 1" in words
    assert "1 came in" in words
    assert "0 playbooks started" in shown(await ask(play, "review 2025-Q4"))
    assert "like 2026-Q3" in (await ask(play, "review soon"))["text"]


async def test_the_timeline_begins_with_a_picture(play: Play) -> None:
    """Row 1.46."""
    await play.begin({"key": "now"}, {"key": "later", "due": "40d"})
    answer = await play.ws.command("maya", "/account", "timeline acme")
    assert violations(answer) == []
    picture = shown(answer).replace("\N{NO-BREAK SPACE}", " ")
    assert "`Test play                            ○    ○" in picture
    assert "started Test play" in shown(answer)


async def test_a_leaders_home_has_a_glance_with_lists_behind_it(play: Play) -> None:
    """Row 4.20."""
    await play.begin({"key": "send-welcome"}, key="rescue", title="Rescue", category="at-risk")
    await days_pass(play, 3)
    home = await home_of(play, "dana")
    assert "*1* account  ·  *1* step overdue with 1 person  ·  *0* open escalations  ·  *1* at-risk" in shown(home)
    assert buttons(home)[:4] == ["Overdue by person", "At risk", "Report", "Bottlenecks"]
    expected = {
        "drill_overdue": "*Maya Lindt*  ·  1, the oldest of Mon 2 Mar",
        "drill_at_risk": "*Acme*  ·  Rescue since Mon 2 Mar  ·  Maya Lindt  ·  1 overdue",
        "drill_report": "*Maya Lindt*",
        "drill_bottlenecks": "1 overdue now",
    }
    for action, words in expected.items():
        await play.ws.click("dana", home, action)
        assert words in shown(play.opened)


async def test_a_csms_home_has_no_glance(play: Play) -> None:
    """Row 4.20."""
    assert "at a glance" not in shown(await home_of(play, "maya"))
