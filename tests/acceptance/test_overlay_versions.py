"""A changed overlay is approved in Slack by its owner. Rows 3.4, 3.5 and 4.26, through signed requests."""

from typing import Any

import pytest
from sqlmodel import select

from bot.engine.governance.syncing import sync_versions
from bot.models import Step, StepStatus
from bot.slack.limits import violations
from tests.support.overlays import delete_overlay, use_overlay
from tests.support.play import Play, buttons, shown
from tests.support.world import use_playbook

CALL, MAIL = {"key": "call", "due": "1d"}, {"key": "mail", "due": "2d"}


async def sync(play: Play) -> None:
    """What every process does when files have changed."""
    library = play.ws.services.library
    async with play.world.database.transaction() as session:
        await sync_versions(session, library, play.ws.clock.now())
    async with play.world.database.glance() as reader:
        await library.refresh(reader)


async def say(play: Play, text: str, user: str = "maya") -> dict[str, Any]:
    answer = await play.ws.command(user, "/playbook", text)
    assert not violations(answer), violations(answer)
    return answer


@pytest.fixture
async def draft(play: Play) -> dict[str, Any]:
    """The question to leo, who owns the overlay: it left out the mail, and now it leaves out the call."""
    library = play.ws.services.library
    use_playbook(library, CALL, MAIL)
    use_overlay(library, leave_out=["mail"], owner="leo@ours.example", editors=["specialist"])
    await sync(play)
    use_overlay(library, leave_out=["call"], owner="leo@ours.example", editors=["specialist"], stretch=2)
    await sync(play)
    await play.send()
    return play.last("leo")


async def test_the_owner_reads_what_changed_and_approves(play: Play, draft: dict[str, Any]) -> None:
    """Rows 3.5 and 4.26."""
    words = shown(draft)
    assert "The overlay Special has changed and waits for your approval." in words
    assert "*Stretch* of the overlay: _nothing_ → 2" in words
    assert "*Leaves out* “call”" in words
    assert "*No longer leaves out* “mail”" in words
    assert "Approved, it shapes what starts from then on." in words
    assert "left out: mail" in shown(await say(play, "show test-play acme"))
    await play.ws.click("leo", draft, "version_approve")
    assert "Special: version 2 is in use now." in play.whispered()
    assert "left out: call" in shown(await say(play, "show test-play acme"))


async def test_the_team_reads_what_an_approval_changed_and_how_to_take_runs_over(
    play: Play, draft: dict[str, Any]
) -> None:
    await play.ws.click("leo", draft, "version_approve")
    await play.send()
    news = shown(play.last("cs-leaders"))
    assert "The overlay Special has changed (version 2), approved by Leo Park." in news
    assert "`/playbook move KEY ACCOUNT` takes one over" in news


async def test_an_editor_cannot_approve_and_hears_what_became_of_it(play: Play, draft: dict[str, Any]) -> None:
    """Row 3.5."""
    await play.ws.click("sam", draft, "version_approve")
    assert "Only the owner of the overlay (Leo Park) or a leader can decide this." in play.whispered()
    await play.ws.click("leo", draft, "version_send_back")
    assert await play.ws.submit("leo", play.opened, {"reason": "We need the call"}) == {}
    await play.send()
    assert play.last("sam")["text"] == "Leo Park sent back the change of Special: We need the call"


async def test_a_run_under_way_is_taken_over_only_when_somebody_moves_it(play: Play, draft: dict[str, Any]) -> None:
    """Row 3.4."""
    await say(play, "start test-play acme")
    await play.ws.click("leo", draft, "version_approve")
    assert await planned(play) == {"call"}
    await say(play, "move test-play acme")
    assert "Mail" in shown(play.opened)
    await play.ws.submit("maya", play.opened, {})
    assert await planned(play) == {"mail"}


async def planned(play: Play) -> set[str]:
    async with play.world.database.transaction() as session:
        return set((await session.exec(select(Step.key).where(Step.status != StepStatus.CANCELLED))).all())


@pytest.mark.usefixtures("draft")
async def test_the_list_shows_an_overlay_that_waits(play: Play) -> None:
    waits = "`special`  overlay Special: changed, waits for approval (`/playbook diff special`)"
    assert waits in shown(await say(play, "list", "dana"))


@pytest.mark.usefixtures("draft")
async def test_diff_and_history_know_an_overlay_by_its_key_and_title(play: Play) -> None:
    """Row 4.26."""
    answer = await say(play, "diff special", "leo")
    assert "*Leaves out* “call”" in shown(answer)
    assert buttons(answer) == ["Approve", "Send back…"]
    history = shown(await say(play, "history Special"))
    assert "*2*  waits for approval" in history
    assert "*1*  in use" in history


@pytest.mark.usefixtures("draft")
@pytest.mark.parametrize("text", ["start special acme", "show special", "on special", "diff special acme"])
async def test_an_overlay_is_no_playbook_and_says_so(play: Play, text: str) -> None:
    answer = (await say(play, text, "dana"))["text"]
    assert "`special` is an overlay: it shapes playbooks" in answer
    assert "`/playbook diff special`" in answer


@pytest.mark.usefixtures("draft")
async def test_a_misspelled_overlay_is_named(play: Play) -> None:
    assert "Did you mean `special`?" in (await say(play, "diff speciall"))["text"]


async def test_a_deleted_overlay_withdraws_what_waited(play: Play, draft: dict[str, Any]) -> None:
    delete_overlay(play.ws.services.library, "special")
    await sync(play)
    await play.send()
    assert buttons(play.again(draft)) == []
    assert "the file was deleted" in shown(play.again(draft))
