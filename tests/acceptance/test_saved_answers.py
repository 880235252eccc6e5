"""What is saved stays saved, and is never called unchanged, when only the answer to it goes wrong."""

import re
from pathlib import Path
from typing import Any

import pytest

import handlers
from handlers import call as calls
from handlers import step_answers
from tests.acceptance.test_threads import notes, reply
from tests.support.play import Play
from tests.support.slack_double import refused

SAVED = "That is saved, but showing what came of it went wrong."


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """What the listeners told the outbox: whether the change was saved by then."""
    heard: list[bool] = []
    whole = calls.Call.changing

    def changing(self: calls.Call) -> Any:
        object.__setattr__(self.services, "wake", lambda: heard.append(self.changed))
        return whole(self)

    monkeypatch.setattr(calls.Call, "changing", changing)
    return heard


async def test_a_note_that_is_kept_is_not_called_lost_when_saying_so_fails(play: Play, woken: list[bool]) -> None:
    message = await play.begin({"key": "send-welcome"})
    woken.clear()
    play.ws.slack.fail("chat.postEphemeral", refused("user_not_in_channel"))
    await reply(play, message)
    assert len(await notes(play)) == 1
    assert SAVED in play.whispered()
    assert woken == [True]


async def test_a_step_that_is_completed_is_not_called_unchanged_when_the_list_cannot_be_drawn(
    play: Play, woken: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    await play.begin({"key": "send-welcome"}, {"key": "hold-kickoff"})
    today = await play.ws.command("maya", "/playbook", "today")
    woken.clear()

    async def broken(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(step_answers, "load_agenda", broken)
    await play.ws.click("maya", {**today, "channel": "C0GENERAL", "ts": "1.1"}, "step_complete")
    assert SAVED in play.whispered()
    assert woken == [True]
    assert any("completed" in entry for entry in await play.world.timeline())


async def test_what_fails_before_anything_is_saved_says_that_nothing_was_changed(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = await play.begin({"key": "send-welcome"})

    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("handlers.actions.step_complete.complete_step", broken)
    await play.ws.click("maya", message, "step_complete")
    assert "nothing was changed" in play.whispered()


def test_every_listener_changes_things_through_its_call() -> None:
    """Otherwise the boundary would not know that something is saved, nor the outbox that it has something to send."""
    directory = Path(handlers.__file__).parent
    opening = {
        str(path.relative_to(directory))
        for path in directory.rglob("*.py")
        if re.search(r"database\s*\.transaction\(", path.read_text())
    }
    assert opening == {"call.py", "identity.py"}
