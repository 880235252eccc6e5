"""An exception for one account is asked for with a reason, approved by the owner, listed, and ends. Row 4.27."""

from datetime import date, datetime, timedelta
from typing import Any

from bot.engine.governance.exemptions import is_exempt, request_exemption
from bot.engine.governance.syncing import sync_versions
from bot.slack.limits import violations
from tests.support.play import Play, buttons, shown
from tests.support.world import use_playbook

STEP = {"key": "one", "due": "0d"}
TRIGGERS = [{"on": "sentiment", "sentiment": "green"}]
UNTIL = {"reason": "They merge with Globex", "until": "2026-04-03"}


async def prepare(play: Play, **changes: Any) -> None:
    library = play.ws.services.library
    use_playbook(library, STEP, **{"triggers": TRIGGERS, **changes})
    async with play.world.database.transaction() as session:
        await sync_versions(session, library, play.ws.clock.now())


async def say(play: Play, text: str, user: str = "maya") -> dict[str, Any]:
    answer = await play.ws.command(user, "/playbook", text)
    assert not violations(answer), violations(answer)
    return answer


async def ask(play: Play, user: str = "maya", **values: str) -> dict[str, Any]:
    await say(play, "exempt test-play acme", user)
    return await play.ws.submit(user, play.opened, {**UNTIL, **values})


async def test_the_owner_approves_and_nothing_starts_the_playbook_until_it_ends(play: Play) -> None:
    """Row 4.27: logged, with approver and expiry."""
    await prepare(play)
    answer = await ask(play)
    assert "Asked Dana Reyes. You hear what they decide." in shown(answer["view"])
    await play.send()
    question = play.last("dana")
    assert "Maya Lindt asks to exempt Acme from Test play." in shown(question)
    assert "Until Fri 3 Apr, that day included" in shown(question)
    await play.ws.click("dana", question, "exemption_approve")
    await play.send()
    assert "Approved by Dana Reyes" in shown(play.again(question))
    assert buttons(play.again(question)) == []
    assert "Acme is exempt from Test play until 3 Apr 2026." in play.last("maya")["text"]
    refusal = (await say(play, "start test-play acme"))["text"]
    assert "until 3 Apr 2026 (approved by Dana Reyes): They merge with Globex" in refusal
    logged = await play.ws.command("maya", "/account", "sentiment acme green fine")
    assert "Test play started" not in logged["text"]
    listed = shown(await say(play, "exemptions"))
    assert "*Acme*  Test play  ·  until Fri 3 Apr  ·  approved by Dana Reyes" in listed
    timeline = shown(await play.ws.command("maya", "/account", "timeline acme"))
    assert "asked for an exemption from Test play until 3 Apr 2026" in timeline
    assert "approved the exemption from Test play" in timeline


async def test_the_csm_hears_when_it_has_ended_and_the_playbook_starts_again(play: Play) -> None:
    await prepare(play)
    await ask(play, "dana")
    play.ws.clock.set(datetime.fromisoformat("2026-04-03T12:00:00+00:00"))
    await play.send()
    assert play.messages("maya") == []
    play.ws.clock.set(datetime.fromisoformat("2026-04-07T07:00:00+00:00"))  # after Easter, nine o'clock in Berlin
    await play.send()
    assert "The exemption of Acme from Test play has ended" in play.last("maya")["text"]
    assert "has started" in (await say(play, "start test-play acme"))["text"]


async def test_a_leaders_own_request_is_approved_at_once(play: Play) -> None:
    await prepare(play)
    answer = await ask(play, "dana")
    assert "Acme is exempt from Test play until 3 Apr 2026." in shown(answer["view"])


async def test_what_is_under_way_is_said_and_goes_on(play: Play) -> None:
    await prepare(play)
    await say(play, "start test-play acme")
    answer = await ask(play, "dana")
    assert "It is under way there; to call it off: /playbook cancel test-play acme" in shown(answer["view"])
    assert (await say(play, "pause test-play acme"))["text"] == "Maya Lindt paused Test play."


async def test_a_declined_request_changes_nothing(play: Play) -> None:
    await prepare(play)
    await ask(play)
    await play.send()
    question = play.last("dana")
    await play.ws.click("dana", question, "exemption_decline")
    await play.send()
    assert "Dana Reyes declined the exemption of Acme from Test play" in play.last("maya")["text"]
    assert "has started" in (await say(play, "start test-play acme"))["text"]
    await play.ws.click("dana", question, "exemption_approve")
    assert "That was declined already by Dana Reyes." in play.whispered()


async def test_the_owner_of_the_playbook_is_asked_and_nobody_else_decides(play: Play) -> None:
    await prepare(play, owners={"journey": "ae"})
    await ask(play)
    await play.send()
    question = play.last("leo")
    await play.ws.click("maya", question, "exemption_approve")
    assert "Only the owner of the playbook (Leo Park) or a leader" in play.whispered()
    await play.ws.click("leo", question, "exemption_approve")
    assert "Acme is exempt from Test play" in play.whispered()


async def test_somebody_who_has_nothing_to_do_with_the_account_cannot_ask(play: Play) -> None:
    await prepare(play)
    assert "Only the account's team or a leader" in (await say(play, "exempt test-play acme", "eve"))["text"]


async def test_the_form_says_what_is_wrong_with_it(play: Play) -> None:
    await prepare(play)
    assert "That day is over" in (await ask(play, until="2026-03-01"))["errors"]["until"]
    assert "A year is the longest" in (await ask(play, until="2028-03-01"))["errors"]["until"]
    assert "Say why" in (await ask(play, reason=" "))["errors"]["reason"]


async def test_it_is_not_asked_for_twice(play: Play) -> None:
    await prepare(play)
    await ask(play)
    assert "has been asked for already" in shown((await ask(play))["view"])


async def test_it_can_be_ended_early_and_then_its_end_is_no_news(play: Play) -> None:
    await prepare(play)
    await ask(play, "dana")
    assert "Only the owner" in (await say(play, "exempt test-play acme end"))["text"]
    assert "Acme is no longer exempt" in (await say(play, "exempt test-play acme end", "dana"))["text"]
    assert "has no exemption" in (await say(play, "exempt test-play acme end", "dana"))["text"]
    assert "has started" in (await say(play, "start test-play acme"))["text"]
    play.ws.clock.set(play.ws.clock.now() + timedelta(days=60))
    await play.send()
    assert not any("has ended" in message["text"] for message in play.messages("maya"))


async def test_a_stage_gate_has_exemptions_of_its_own(play: Play) -> None:
    library, now = play.ws.services.library, play.ws.clock.now()
    async with play.world.database.transaction() as session:
        await request_exemption(
            session,
            library,
            play.world.account_id,
            play.world.dana,
            now,
            reason="The kickoff was before we met them",
            until=date(2026, 4, 3),
            stage="adoption",
        )
    async with play.world.database.reading() as reader:
        found = await is_exempt(reader, play.world.account_id, now, stage="adoption")
        assert found is not None
        assert (found.until, found.approver) == (date(2026, 4, 3), "Dana Reyes")
        assert await is_exempt(reader, play.world.account_id, now, stage="renewal") is None
        assert await is_exempt(reader, play.world.account_id, now + timedelta(days=40), stage="adoption") is None
