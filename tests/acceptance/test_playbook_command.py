"""/playbook: what there is, what a playbook is like, starting it, and what I have to do."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from bot.library.loading import Catalog, Problem
from bot.models import Contact, Run, RunStatus
from bot.slack.limits import violations
from bot.slack.playbook_list import Shelf, build_playbook_list
from bot.slack.playbook_views import build_playbook_reference
from tests.support.play import Play, buttons, shown
from tests.support.world import use_playbook

STEPS = ({"key": "send-welcome"}, {"key": "hold-kickoff", "needs": ["send-welcome"], "due": "send-welcome + 3d"})


def use(play: Play, *steps: dict[str, Any], **changes: Any) -> None:
    use_playbook(play.ws.services.library, *(steps or STEPS), **changes)


async def say(play: Play, text: str, user: str = "maya") -> dict[str, Any]:
    answer = await play.ws.command(user, "/playbook", text)
    assert not violations(answer), violations(answer)
    return answer


async def run_of(play: Play) -> Run:
    async with play.world.database.transaction() as session:
        return (await session.exec(select(Run))).one()


async def test_the_list_is_by_category(play: Play) -> None:
    words = shown(await say(play, "list"))
    assert words.index("*Life cycle*") < words.index("`basic-onboarding`") < words.index("*At risk*")


async def test_leaders_see_which_files_are_broken_and_others_do_not(play: Play) -> None:
    library = play.ws.services.library
    problem = Problem("at-risk/broken.yaml", 14, "steps[2].due", 'expected an offset such as "-90d", got "soon"')
    library.catalog = Catalog(library.catalog.playbooks, (problem,))
    assert "at-risk/broken.yaml:14" in shown(await say(play, "list", "dana"))
    assert "broken.yaml" not in shown(await say(play, "list"))


async def test_starting_a_broken_playbook_says_what_is_wrong_with_it(play: Play) -> None:
    library = play.ws.services.library
    problem = Problem("at-risk/broken.yaml", 14, "steps[2].due", "expected an offset")
    library.catalog = Catalog(library.catalog.playbooks, (problem,))
    assert "has a mistake and cannot be started" in (await say(play, "start broken acme"))["text"]


@pytest.mark.parametrize("key", ["basic-onboarding", "renewal-120", "qbr", "low-nps", "usage-drop", "new-admin"])
async def test_a_playbook_at_a_glance_names_its_steps_and_when_they_are_due(play: Play, key: str) -> None:
    """Rows 2.1, 3.12 and 4.25."""
    words = shown(await say(play, f"show {key}"))
    playbook = play.ws.services.library.playbook(key)
    assert f"{len(playbook.steps)} steps" in words
    assert "It worked when" in words
    assert f"`/playbook start {key} ACCOUNT`" in words


async def test_an_unknown_playbook_gets_the_nearest(play: Play) -> None:
    assert "Did you mean `basic-onboarding`?" in (await say(play, "show basic-onbording"))["text"]


async def test_an_unknown_sub_command_gets_the_nearest(play: Play) -> None:
    assert "Did you mean `/playbook start`?" in (await say(play, "strat basic-onboarding acme"))["text"]


async def test_nothing_and_help_show_what_there_is(play: Play) -> None:
    assert "/playbook start KEY ACCOUNT" in (await say(play, ""))["text"]
    assert "/playbook today" in (await say(play, "help"))["text"]


async def test_starting_shows_the_plan_with_dates_people_and_who_is_told(play: Play) -> None:
    use(play)
    words = shown(await say(play, "start test-play acme"))
    assert "*Test play has started on Acme.*" in words
    assert "●  Mon 2 Mar  ·  Send welcome  ·  Maya Lindt" in words
    assert "○  Thu 5 Mar  ·  Hold kickoff  ·  Maya Lindt" in words
    assert "○  waits for an earlier step" in words
    assert "Maya Lindt will hear of the first steps now" in words


async def test_a_playbook_that_runs_already_shows_how_far_it_is(play: Play) -> None:
    use(play)
    await say(play, "start test-play acme")
    answer = await say(play, "start test-play acme")
    assert "Test play is active on Acme since 2 Mar 2026." in answer["text"]
    assert "Hold kickoff" in shown(answer)


async def test_an_account_nobody_knows_gets_suggestions(play: Play) -> None:
    use(play)
    assert "Did you mean Acme (acme)?" in (await say(play, "start test-play acmi"))["text"] or (await run_of(play))


async def test_starting_without_an_account_says_how(play: Play) -> None:
    assert "/playbook start basic-onboarding acme" in (await say(play, "start basic-onboarding"))["text"]


async def test_only_the_csm_or_a_leader_starts_a_playbook(play: Play) -> None:
    use(play)
    assert "Only the account's CSM or a leader" in (await say(play, "start test-play acme", "leo"))["text"]


async def test_a_playbook_about_a_contact_asks_which(play: Play) -> None:
    use(play, subject="contact")
    assert await say(play, "start test-play acme") == {}
    answer = await play.ws.submit("maya", play.opened, {"contact": "Jane Doe (jane@acme.example)"})
    assert "Test play has started on Acme (Jane Doe)." in shown(answer["view"])
    assert (await run_of(play)).contact_id is not None


async def test_a_playbook_about_a_contact_needs_one(play: Play) -> None:
    use(play, subject="contact")
    async with play.world.database.transaction() as session:
        await session.delete((await session.exec(select(Contact))).one())
    answer = (await say(play, "start test-play acme"))["text"]
    assert "Acme has none yet. Add one with `/account contact acme NAME EMAIL`." in answer


async def test_a_run_is_paused_resumed_and_cancelled_by_name(play: Play) -> None:
    use(play)
    await say(play, "start test-play acme")
    assert (await say(play, "pause test-play acme"))["text"] == "Maya Lindt paused Test play."
    assert (await run_of(play)).status is RunStatus.PAUSED
    assert (await say(play, "resume test-play acme"))["text"] == "Maya Lindt resumed Test play."
    assert "Say why" in (await say(play, "cancel test-play acme"))["text"]
    answer = await say(play, "cancel test-play acme because they left us")
    assert answer["text"] == "Maya Lindt cancelled Test play: they left us"
    assert "is not running on Acme" in (await say(play, "pause test-play acme"))["text"]


async def test_a_paused_run_says_so_in_its_message(play: Play) -> None:
    message = await play.begin(*STEPS)
    await say(play, "pause test-play acme")
    await play.send()
    assert "the playbook is paused" in shown(play.again(message))


async def test_today_groups_my_steps_by_urgency(play: Play) -> None:
    use(
        play,
        {"key": "late"},
        {"key": "now", "due": "1d"},
        {"key": "friday", "due": "4d"},
        {"key": "april", "due": "30d"},
    )
    await say(play, "start test-play acme")
    play.ws.clock.set(play.ws.clock.now() + timedelta(days=1))
    answer = await say(play, "today")
    words = shown(answer)
    assert answer["text"] == "Your steps: 1 overdue, 1 today, 1 this week"
    assert words.index("*Overdue*") < words.index("1 day overdue") < words.index("*Today*") < words.index("Friday")
    assert "1 later." in words
    assert "April" not in words


async def test_nothing_to_do_is_said_kindly(play: Play) -> None:
    assert "Nothing is due this week" in shown(await say(play, "today", "leo"))


async def test_a_step_is_completed_from_the_private_list_which_is_redrawn(play: Play) -> None:
    await play.begin(*STEPS)
    answer = await say(play, "today")
    message = {**answer, "channel": "C0GENERAL", "ts": "1.1"}
    await play.ws.click("maya", message, "step_complete")
    redrawn = play.ws.ephemeral[-1]
    assert redrawn["replace_original"] is True
    assert "Send welcome" not in shown(redrawn)
    assert "Hold kickoff" in shown(redrawn)


async def test_a_form_opened_from_the_private_list_says_that_it_is_done(play: Play) -> None:
    await play.begin(*STEPS)
    message = {**(await say(play, "today")), "channel": "C0GENERAL", "ts": "1.1"}
    await play.ws.click("maya", message, "step_snooze")
    answer = await play.ws.submit("maya", play.opened, {"until": "2026-03-05"})
    assert "Maya Lindt snoozed “Send welcome” until Thu 05 Mar." in shown(answer["view"])


async def test_forty_steps_fit_into_one_answer(play: Play) -> None:
    use(play, *({"key": f"step-{number}"} for number in range(40)))
    await say(play, "start test-play acme")
    answer = await say(play, "today")
    assert buttons(answer).count("Complete") == 20
    assert "and 20 more this week" in shown(answer)


def test_every_shipped_playbook_fits_into_one_answer(play: Play) -> None:
    playbooks = list(play.ws.services.library.catalog.playbooks.values())
    for text, blocks in [build_playbook_list(Shelf(tuple(playbooks))), *map(build_playbook_reference, playbooks)]:
        assert violations({"text": text, "blocks": blocks}) == []
