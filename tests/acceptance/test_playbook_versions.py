"""A changed file is a draft until its owner approves it in Slack; runs stay on their version until somebody moves them.

Rows 2.3, 4.7, 4.26, 4.31 and 4.53 of the checklist.
"""

from typing import Any

from sqlmodel import col, select

from bot.engine.governance.syncing import sync_versions
from bot.library.loading import Catalog, Problem
from bot.models import Member, PlaybookEntry, PlaybookVersion, Run, Step, StepStatus, VersionStatus
from bot.slack.limits import violations
from tests.support.play import Play, buttons, shown
from tests.support.world import use_playbook

WELCOME = {"key": "welcome", "title": "Send the welcome", "due": "0d"}
KICKOFF = {"key": "kickoff", "title": "Hold the kickoff", "due": "3d", "needs": ["welcome"]}
SURVEY = {"key": "survey", "title": "Send the survey", "due": "10d"}
LATER = {**KICKOFF, "due": "8d", "role": "ae"}


async def sync(play: Play) -> int:
    """What every process does when files have changed."""
    library = play.ws.services.library
    async with play.world.database.transaction() as session:
        changed = await sync_versions(session, library, play.ws.clock.now())
    async with play.world.database.glance() as reader:
        await library.refresh(reader)
    return changed


async def write(play: Play, *steps: dict[str, Any], **changes: Any) -> int:
    """Write the file of the playbook `test-play`, as if the files had just been read."""
    use_playbook(play.ws.services.library, *steps, **changes)
    return await sync(play)


async def say(play: Play, text: str, user: str = "dana") -> dict[str, Any]:
    answer = await play.ws.command(user, "/playbook", text)
    assert not violations(answer), violations(answer)
    return answer


async def draft(play: Play, user: str = "dana") -> dict[str, Any]:
    await play.send()
    return play.last(user)


async def versions(play: Play) -> dict[int, VersionStatus]:
    async with play.world.database.transaction() as session:
        query = select(PlaybookVersion).where(PlaybookVersion.key == "test-play").order_by(col(PlaybookVersion.version))
        return {row.version: row.status for row in (await session.exec(query)).all()}


async def steps_of(play: Play) -> dict[str, Step]:
    async with play.world.database.transaction() as session:
        [run] = (await session.exec(select(Run))).all()
        query = select(Step).where(Step.run_id == run.id).order_by(col(Step.position))
        return {step.key: step for step in (await session.exec(query)).all()}


async def test_on_the_first_day_everything_in_the_box_can_be_started(play: Play) -> None:
    assert await write(play, WELCOME) > 5
    await play.send()
    assert play.messages("dana") == []
    assert "has started" in (await say(play, "start test-play acme"))["text"]
    assert await sync(play) == 0


async def test_a_new_file_waits_for_its_owner_and_says_so(play: Play) -> None:
    """Row 4.53: what is new is a draft."""
    await sync(play)
    assert await write(play, WELCOME, KICKOFF) == 1
    refusal = (await say(play, "start test-play acme", "maya"))["text"]
    assert "`test-play` is new and waits for the approval of a leader" in refusal
    message = await draft(play)
    words = shown(message)
    assert "The playbook Test play is new and waits for your approval." in words
    assert "Hold the kickoff" in words
    await play.ws.click("dana", message, "version_approve")
    assert "Test play: version 1 is in use now." in play.whispered()
    assert "has started" in (await say(play, "start test-play acme", "maya"))["text"]


async def test_the_owner_sees_what_changed_and_nothing_changes_before_the_approval(play: Play) -> None:
    """Row 4.26: a change request with an approve button."""
    await write(play, WELCOME, KICKOFF, SURVEY)
    await write(play, {**WELCOME, "title": "Send a warm welcome"}, LATER, {"key": "demo", "due": "5d"})
    words = shown(await draft(play))
    assert "*Added* “Demo”  ·  CSM, due 5d" in words
    assert "*Removed* “Send the survey”" in words
    assert "*Reworded* “Send the welcome” → “Send a warm welcome”" in words
    assert "*Moved in time* “Hold the kickoff”: 3d → 8d" in words
    assert "*Another role* “Hold the kickoff”: CSM → AE" in words
    assert "Send the survey" in shown(await say(play, "start test-play acme", "maya"))


async def test_an_approval_reaches_the_next_run_and_leaves_those_under_way_alone(play: Play) -> None:
    """Row 2.3: editing makes a new version; running runs stay pinned."""
    await write(play, WELCOME, KICKOFF)
    await say(play, "start test-play acme")
    await write(play, WELCOME, LATER)
    message = await draft(play)
    await play.ws.click("dana", message, "version_approve")
    assert await versions(play) == {1: VersionStatus.SUPERSEDED, 2: VersionStatus.APPROVED}
    assert "1 run is under way on an older version." in play.whispered()
    assert (await steps_of(play))["kickoff"].role == "csm"
    await play.send()
    redrawn = play.again(message)
    assert "was approved by Dana Reyes" in shown(redrawn)
    assert buttons(redrawn) == ["Move runs…"]


async def test_the_team_is_told_what_an_approval_changed(play: Play) -> None:
    """Row 4.31: a change-log message."""
    await write(play, WELCOME, KICKOFF)
    await write(play, WELCOME, LATER)
    await play.ws.click("dana", await draft(play), "version_approve")
    await play.send()
    news = shown(play.last("cs-leaders"))
    assert "The playbook Test play has changed (version 2), approved by Dana Reyes." in news
    assert "*Moved in time* “Hold the kickoff”: 3d → 8d" in news


async def test_a_draft_is_sent_back_with_a_reason_and_what_is_in_use_stays(play: Play) -> None:
    await write(play, WELCOME, KICKOFF)
    await write(play, WELCOME, LATER)
    message = await draft(play)
    await play.ws.click("dana", message, "version_send_back")
    assert await play.ws.submit("dana", play.opened, {"reason": "The AE has no time"}) == {}
    assert await versions(play) == {1: VersionStatus.APPROVED, 2: VersionStatus.REJECTED}
    await play.send()
    assert "was sent back by Dana Reyes: The AE has no time" in shown(play.again(message))
    assert "sent back the change of Test play: The AE has no time" in shown(play.last("cs-leaders"))
    assert await sync(play) == 0


async def test_sending_back_without_a_reason_asks_for_one(play: Play) -> None:
    await write(play, WELCOME)
    await write(play, WELCOME, KICKOFF)
    await play.ws.click("dana", await draft(play), "version_send_back")
    answer = await play.ws.submit("dana", play.opened, {"reason": "  "})
    assert "Say what should be different" in answer["errors"]["reason"]


async def test_what_was_sent_back_can_still_be_approved_from_its_diff(play: Play) -> None:
    await write(play, WELCOME)
    await write(play, WELCOME, KICKOFF)
    await play.ws.click("dana", await draft(play), "version_send_back")
    await play.ws.submit("dana", play.opened, {"reason": "Not now"})
    answer = await say(play, "diff test-play")
    assert "sent back" in shown(answer)
    message = {**answer, "channel": "C0GENERAL", "ts": "1.1"}
    await play.ws.click("dana", message, "version_approve")
    assert (await versions(play))[2] is VersionStatus.APPROVED


async def test_only_the_owner_and_leaders_approve(play: Play) -> None:
    """Row 4.7: the journey owner approves edits, and the version in use says who that is."""
    await write(play, WELCOME, owners={"journey": "sam@ours.example"})
    await write(play, WELCOME, KICKOFF, owners={"journey": "maya@ours.example"})
    message = await draft(play, "sam")
    assert play.messages("dana") == [] == play.messages("maya")
    await play.ws.click("maya", message, "version_approve")
    assert "Only the owner of the playbook (Sam Okoye) or a leader" in play.whispered()
    await play.ws.click("sam", message, "version_approve")
    assert (await versions(play))[2] is VersionStatus.APPROVED


async def test_an_owner_who_has_left_leaves_it_to_the_leaders(play: Play) -> None:
    await write(play, WELCOME, owners={"journey": "sam@ours.example"})
    async with play.world.database.transaction() as session:
        (await session.get_one(Member, play.world.sam.member_id)).active = False
    await write(play, WELCOME, KICKOFF, owners={"journey": "sam@ours.example"})
    assert "waits for your approval" in shown(await draft(play))


async def test_approving_twice_says_who_was_first(play: Play) -> None:
    await write(play, WELCOME)
    await write(play, WELCOME, KICKOFF)
    message = await draft(play)
    await play.ws.click("dana", message, "version_approve")
    await play.ws.click("dana", message, "version_approve")
    assert "is approved already by Dana Reyes" in play.whispered()
    assert list((await versions(play)).values()).count(VersionStatus.APPROVED) == 1


async def test_a_newer_change_takes_the_place_of_an_older_draft(play: Play) -> None:
    await write(play, WELCOME)
    await write(play, WELCOME, KICKOFF)
    old = await draft(play)
    await write(play, WELCOME, LATER)
    assert await versions(play) == {
        1: VersionStatus.APPROVED,
        2: VersionStatus.SUPERSEDED,
        3: VersionStatus.DRAFT,
    }
    await play.ws.click("dana", old, "version_approve")
    assert "no longer what waits. `/playbook diff test-play`" in play.whispered()
    await play.send()
    assert buttons(play.again(old)) == []


async def test_a_file_that_says_again_what_is_approved_withdraws_the_draft(play: Play) -> None:
    await write(play, WELCOME)
    await write(play, WELCOME, KICKOFF)
    message = await draft(play)
    await write(play, WELCOME)
    assert await versions(play) == {1: VersionStatus.APPROVED, 2: VersionStatus.SUPERSEDED}
    await play.send()
    assert "the file says again what is approved" in shown(play.again(message))
    await write(play, WELCOME, KICKOFF)
    assert await versions(play) == {1: VersionStatus.APPROVED, 2: VersionStatus.DRAFT}


async def test_a_broken_file_leaves_the_approved_version_in_use(play: Play) -> None:
    await write(play, WELCOME)
    library = play.ws.services.library
    rest = {key: playbook for key, playbook in library.catalog.playbooks.items() if key != "test-play"}
    library.catalog = Catalog(rest, (Problem("lifecycle/test-play.yaml", 3, "steps", "not a list"),))
    assert await sync(play) == 0
    assert "has started" in (await say(play, "start test-play acme"))["text"]


async def test_a_deleted_file_cannot_be_started_and_its_run_goes_on(play: Play) -> None:
    await write(play, WELCOME, KICKOFF)
    await say(play, "start test-play acme")
    library = play.ws.services.library
    rest = {key: playbook for key, playbook in library.catalog.playbooks.items() if key != "test-play"}
    library.catalog = Catalog(rest)
    await sync(play)
    answer = (await say(play, "start test-play acme"))["text"]
    assert "The file of the playbook `test-play` has been deleted" in answer
    await play.work()
    await play.ws.click("maya", play.last("maya"), "step_complete")
    assert (await steps_of(play))["kickoff"].status is StepStatus.OPEN
    assert (await say(play, "pause test-play acme"))["text"] == "Dana Reyes paused Test play."


async def test_the_whole_text_of_a_long_change_is_shown_in_pages(play: Play) -> None:
    await write(play, *({"key": f"step-{n}", "guidance": f"before {n} " + "a <word> & " * 150} for n in range(15)))
    await write(play, *({"key": f"step-{n}", "guidance": f"after {n} " + "a <word> & " * 150} for n in range(15)))
    message = await draft(play)
    assert "/playbook diff test-play" in shown(message)
    first = await say(play, "diff test-play")
    assert "Page 1 of" in shown(first)
    second = shown(await say(play, "diff test-play 2"))
    assert "Page 2 of" in second
    assert shown(first) != second


async def test_the_history_says_who_decided_what(play: Play) -> None:
    await write(play, WELCOME)
    await write(play, WELCOME, KICKOFF)
    await play.ws.click("dana", await draft(play), "version_approve")
    words = shown(await say(play, "history test-play", "maya"))
    assert "*2*  in use  ·  Mon 2 Mar  ·  Dana Reyes" in words
    assert "*1*  superseded" in words
    assert "Dana Reyes: approved version 2" in words
    assert "Playcall: changed the file; it waits for approval" in words


async def test_moving_runs_shows_first_what_changes_and_keeps_what_is_done(play: Play) -> None:
    """Row 2.3: a running run is moved explicitly, with a preview."""
    await write(play, WELCOME, KICKOFF, SURVEY)
    await say(play, "start test-play acme")
    await play.work()
    await play.ws.click("maya", play.last("maya"), "step_complete")
    await write(play, {"key": "demo", "due": "1d"}, {**LATER, "needs": []})
    await play.ws.click("dana", await draft(play), "version_approve")
    await play.send()
    await play.ws.click("dana", play.last("dana"), "version_move")
    words = shown(play.opened)
    assert "*Acme*" in words
    assert "➕  Demo  ·  Tue 3 Mar" in words
    assert "➖  Send the survey  ·  called off" in words
    assert "🕓  Hold the kickoff  ·  Thu 5 Mar → Tue 10 Mar" in words
    answer = await play.ws.submit("dana", play.opened)
    assert "Moved 1 run." in shown(answer["view"])
    steps = await steps_of(play)
    assert {key: step.status for key, step in steps.items()} == {
        "demo": StepStatus.OPEN,
        "kickoff": StepStatus.OPEN,
        "survey": StepStatus.CANCELLED,
        "welcome": StepStatus.DONE,
    }
    assert steps["kickoff"].assignee_id == play.world.leo.member_id
    assert "moved Test play to its current version" in shown(await play.ws.command("maya", "/account", "timeline acme"))
    assert "on the version in use already" in (await say(play, "move test-play acme"))["text"]


async def test_a_moved_run_comes_to_its_end(play: Play) -> None:
    await write(play, WELCOME, KICKOFF, SURVEY)
    await say(play, "start test-play acme")
    await play.work()
    await play.ws.click("maya", play.last("maya"), "step_complete")
    await write(play, SURVEY)
    await play.ws.click("dana", await draft(play), "version_approve")
    await say(play, "move test-play")
    await play.ws.submit("dana", play.opened)
    await play.work()
    survey = (await steps_of(play))["survey"]
    from bot.engine.steps import complete_step

    async with play.world.database.transaction() as session:
        await complete_step(session, play.ws.services.library, survey.id, play.world.maya, play.ws.clock.now())
    async with play.world.database.transaction() as session:
        assert (await session.exec(select(Run.status))).one() == "completed"


async def test_moving_asks_anew_when_the_playbook_changed_since_the_preview(play: Play) -> None:
    await write(play, WELCOME)
    await say(play, "start test-play acme")
    for steps in ((WELCOME, KICKOFF), (WELCOME, LATER)):
        await write(play, *steps)
        await play.ws.click("dana", await draft(play), "version_approve")
        if steps[1] is KICKOFF:
            await say(play, "move test-play")
    answer = await play.ws.submit("dana", play.opened)
    assert "has changed again since you looked" in shown(answer["view"])
    assert list(await steps_of(play)) == ["welcome"]


async def test_somebody_elses_runs_are_not_moved_by_just_anybody(play: Play) -> None:
    await write(play, WELCOME)
    await say(play, "start test-play acme")
    await write(play, WELCOME, KICKOFF)
    await play.ws.click("dana", await draft(play), "version_approve")
    await say(play, "move test-play acme", "eve")
    answer = await play.ws.submit("eve", play.opened)
    assert "Only the account's CSM, the owner of the playbook or a leader" in shown(answer["view"])


async def test_every_decision_is_kept(play: Play) -> None:
    await write(play, WELCOME)
    await write(play, WELCOME, KICKOFF)
    await play.ws.click("dana", await draft(play), "version_approve")
    async with play.world.database.transaction() as session:
        query = select(PlaybookEntry).where(PlaybookEntry.key == "test-play").order_by(col(PlaybookEntry.id))
        entries = (await session.exec(query)).all()
    assert [entry.summary for entry in entries] == [
        "approved with the rest of the box",
        "changed the file; it waits for approval",
        "approved version 2",
    ]
    assert [entry.actor_id for entry in entries] == [None, None, play.world.dana.member_id]
