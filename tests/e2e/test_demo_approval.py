"""A playbook is written while the demo runs: it becomes a draft, Dana approves it in Slack, Maya starts it on acme."""

from collections.abc import AsyncIterator
from pathlib import Path
from shutil import copytree

import pytest

from bot.demo.people import LEADERS_CHANNEL, channel_id
from bot.settings import ROOT
from tests.e2e.playing import Actor, enter, words_of
from tests.e2e.running import Demo, started_demo

pytestmark = pytest.mark.e2e

FILE = """\
key: reference-call
title: Reference call
category: expansion
summary: Ask a happy customer to talk to a prospect.
success: The prospect heard the truth from somebody like them.
steps:
  - key: ask-the-champion
    title: Ask the champion whether they would do it
    due: 2bd
"""


@pytest.fixture
def playbooks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the shipped playbooks that the demo reads, and a test may write into."""
    directory = copytree(ROOT / "playbooks", tmp_path / "playbooks")
    monkeypatch.setenv("PLAYBOOKS_DIR", str(directory))
    return directory


@pytest.fixture
async def demo(executable: Path, tmp_path: Path, playbooks: Path) -> AsyncIterator[Demo]:  # noqa: ARG001  # read by it
    async with started_demo(executable, tmp_path / "data") as started:
        yield started


async def test_a_file_written_while_the_demo_runs_is_approved_started_changed_and_its_run_moved(
    demo: Demo, playbooks: Path
) -> None:
    """Row 4.26: a change request with an approve button, in the demo."""
    path = playbooks / "expansion" / "reference-call.yaml"
    async with enter(demo.address) as workspace:
        maya, dana = Actor(workspace, "maya"), Actor(workspace, "dana")
        assert "Life cycle" in words_of(await maya.command("/playbook list"))

        path.write_text(FILE)
        question = await workspace.message(dana.dm, "Reference call is new and waits for your approval")
        assert "waits for the approval of a leader" in words_of(
            await maya.command("/playbook start reference-call acme")
        )
        await dana.click(question, "Approve")
        await workspace.message(channel_id(LEADERS_CHANNEL), "The playbook Reference call is new, approved by Dana")
        assert "has started" in words_of(await maya.command("/playbook start reference-call acme"))

        path.write_text(FILE.replace("2bd", "5bd"))
        question = await workspace.message(dana.dm, "Reference call has changed", "2bd → 5bd")
        await dana.click(question, "Approve")
        answered = await workspace.message(dana.dm, "was approved by Dana", "1 run is under way on an older version")
        await dana.click(answered, "Move runs…")
        shown = words_of(await dana.modal("Move runs"))
        assert "Acme Robotics" in shown
        await dana.submit()
        await workspace.until(lambda: "Moved 1 run" in words_of((workspace.modals or [{}])[-1]), "the run to be moved")

    assert await demo.stop() == 0
