"""Which playbooks a team uses: a starter set is on, the rest is in the box until a leader turns it on. Row 4.60."""

from typing import Any

from bot.engine.governance.syncing import sync_versions
from bot.library.loading import Catalog
from bot.slack.limits import violations
from tests.support.play import Play, shown
from tests.support.world import make_playbook, use_playbook

STEP = {"key": "one", "due": "0d"}


async def sync(play: Play) -> None:
    library = play.ws.services.library
    async with play.world.database.transaction() as session:
        await sync_versions(session, library, play.ws.clock.now())


async def say(play: Play, text: str, user: str = "dana") -> dict[str, Any]:
    answer = await play.ws.command(user, "/playbook", text)
    assert not violations(answer), violations(answer)
    return answer


async def test_an_opt_in_playbook_is_in_the_box_until_a_leader_turns_it_on(play: Play) -> None:
    """Row 4.60: a starter pack; the rest opt-in."""
    use_playbook(play.ws.services.library, STEP, opt_in=True)
    await sync(play)
    words = shown(await say(play, "list test-play"))
    assert words.index("Also in the box") < words.index("`test-play`  Test play")
    assert (
        "`test-play` is switched off. A leader turns it on with `/playbook on test-play`."
        in (await say(play, "start test-play acme", "maya"))["text"]
    )
    assert "Only a leader" in (await say(play, "on test-play", "maya"))["text"]
    assert "Test play is on now." in (await say(play, "on test-play"))["text"]
    assert "Test play is on already." in (await say(play, "on test-play"))["text"]
    words = shown(await say(play, "list test-play"))
    assert "`test-play`  Test play: For a test" in words
    assert "has started" in (await say(play, "start test-play acme", "maya"))["text"]


async def test_turning_a_playbook_off_leaves_its_runs_alone_and_says_how_many(play: Play) -> None:
    use_playbook(play.ws.services.library, STEP, {"key": "two", "due": "5d"})
    await sync(play)
    await say(play, "start test-play acme")
    answer = (await say(play, "off test-play"))["text"]
    assert "Test play is off now. Its 1 open run goes on" in answer
    assert "is switched off" in (await say(play, "start test-play acme"))["text"]
    assert "2" in shown(await say(play, "show test-play"))


async def test_a_playbook_that_is_off_is_not_started_by_what_happens(play: Play) -> None:
    triggers = [{"on": "sentiment", "sentiment": "green"}]
    use_playbook(play.ws.services.library, STEP, triggers=triggers)
    await sync(play)
    await say(play, "off test-play")
    answer = await play.ws.command("maya", "/account", "sentiment acme green they are happy")
    assert "Test play started" not in answer["text"]
    await say(play, "on test-play")
    answer = await play.ws.command("maya", "/account", "sentiment acme green still happy")
    assert "Test play started" in answer["text"]


async def test_the_first_decision_of_an_installation_takes_nothing_else_away(play: Play) -> None:
    use_playbook(play.ws.services.library, STEP)
    await say(play, "off test-play")
    words = shown(await say(play, "list"))
    assert "`basic-onboarding`" in words
    assert "is switched off" in (await say(play, "start test-play acme"))["text"]


async def test_the_list_is_filtered_by_tag_category_stage_and_words(play: Play) -> None:
    """Row 1.2: free tags on playbooks, usable as filter."""
    library = play.ws.services.library
    use_playbook(library, STEP, key="tagged", title="Tagged one", tags=["value"], stages=["renewal"])
    use_playbook(library, STEP, key="other", title="Other one", category="at-risk")
    await sync(play)
    for asked, found in (("#value", "tagged"), ("renewal", "tagged"), ("at-risk", "other"), ("other", "other")):
        words = shown(await say(play, f"list {asked}"))
        assert f"`{found}`" in words, asked
        assert f"`{'other' if found == 'tagged' else 'tagged'}`" not in words, asked
    assert "No playbook is about “#nothing”" in (await say(play, "list #nothing"))["text"]


async def test_a_library_of_two_hundred_is_shown_in_pages(play: Play) -> None:
    library = play.ws.services.library
    many = [make_playbook(STEP, key=f"play-{n}", title=f"Play {n}", opt_in=n % 2 == 0) for n in range(200)]
    library.catalog = Catalog({playbook.key: playbook for playbook in many})
    await sync(play)
    seen = set()
    for page in range(1, 9):
        words = shown(await say(play, f"list {page}"))
        assert f"Page {page} of 8" in words
        seen |= {n for n in range(200) if f"`play-{n}`" in words}
    assert len(seen) == 200


async def test_leaders_see_in_the_list_what_waits_for_approval(play: Play) -> None:
    await sync(play)
    use_playbook(play.ws.services.library, STEP)
    await sync(play)
    assert "⏳  `test-play`  Test play: new, waits for approval" in shown(await say(play, "list"))
    assert "⏳" not in shown(await say(play, "list", "maya"))
