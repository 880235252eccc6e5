"""/playbook show KEY ACCOUNT and /playbook diff KEY ACCOUNT: a playbook as it is for one account (rows 0.8, 3.17)."""

from typing import Any

import pytest

from bot.library.overlay_loading import Overlays
from bot.library.overlays import Overlay
from bot.models import Account, Touch
from bot.slack.limits import violations
from tests.support.play import Play, shown
from tests.support.world import use_playbook


async def say(play: Play, text: str) -> dict[str, Any]:
    answer = await play.ws.command("maya", "/playbook", text)
    assert not violations(answer), violations(answer)
    return answer


async def make_low_touch(play: Play) -> None:
    async with play.world.database.transaction() as session:
        (await session.get_one(Account, play.world.account_id)).touch = Touch.LOW


async def test_show_with_an_account_shows_its_own_version_and_which_overlays_shaped_it(play: Play) -> None:
    await make_low_touch(play)
    words = shown(await say(play, "show usage-drop acme"))
    assert "Day 4: call the champion" not in words
    assert "shaped by Low touch and self-serve" in words
    assert "left out: day-4-call" in words
    assert "`/playbook start usage-drop acme`" in words
    assert "Day 4: call the champion" in shown(await say(play, "show usage-drop"))


async def test_show_says_when_no_overlay_shapes_it(play: Play) -> None:
    assert "no overlay shapes it" in shown(await say(play, "show low-nps acme"))


async def test_show_still_finds_a_playbook_by_a_title_of_several_words(play: Play) -> None:
    assert "`renewal-120`" in shown(await say(play, "show 120 days until renewal"))


async def test_diff_says_step_by_step_what_is_different_and_why(play: Play) -> None:
    await make_low_touch(play)
    words = shown(await say(play, "diff usage-drop acme"))
    assert "~Day 4: call the champion~  ·  left out by Low touch and self-serve" in words
    assert "mode: human → automatic" in words
    assert "`/playbook show usage-drop acme`" in words


async def test_diff_of_what_no_overlay_shapes_says_so(play: Play) -> None:
    assert "Nothing: it is the playbook as it is written." in shown(await say(play, "diff low-nps acme"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("diff", "which playbook"),
        ("diff usage-drop nobody", "There is no account"),
        ("diff usage-dorp acme", "Did you mean `usage-drop`?"),
        ("show usage-dorp acme", "Did you mean `usage-drop`?"),
    ],
)
async def test_what_is_not_there_is_answered_with_the_next_step(play: Play, text: str, words: str) -> None:
    assert words in (await say(play, text))["text"]


async def test_a_hundred_changed_steps_and_overlays_that_disagree_fit_into_one_message(play: Play) -> None:
    library = play.ws.services.library
    playbook = use_playbook(library, *({"key": f"step-{n}", "title": f"Step *{n}* <b>" * 9} for n in range(100)))
    steps = {step.key: {"title": "Other & <much> longer" * 6, "minutes": 5} for step in playbook.steps}
    library.overlay_files = Overlays(
        tuple(
            Overlay.model_validate(
                {
                    "key": key,
                    "title": f"{key} <x>",
                    "summary": "X",
                    "playbooks": ["all"],
                    "priority": n,
                    "steps": changed,
                }
            )
            for n, (key, changed) in enumerate([("weak", steps), ("strong", {k: {"title": "T"} for k in steps})])
        )
    )
    words = shown(await say(play, "diff test-play acme"))
    assert "60 more" in words
    assert "strong &lt;x&gt; wins over weak &lt;x&gt;: priority 1 over 0" in words
    await say(play, "show test-play acme")
