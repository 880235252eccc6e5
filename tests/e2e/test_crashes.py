"""The short version of `make crash`: some kills under load, on SQLite."""

from pathlib import Path

import pytest

from tests.crash.__main__ import crash
from tests.crash.victims import FORKING, PRELOADED

KILLS = 8


@pytest.mark.e2e
def test_nothing_is_lost_or_repeated_when_processes_are_killed(tmp_path: Path) -> None:
    FORKING.set_forkserver_preload(PRELOADED)
    result = crash("sqlite", KILLS, tmp_path)
    assert result.kills["web"] + result.kills["worker"] == KILLS
    assert result.verdict.steps_done > 0
    assert result.verdict.messages > 0
    assert result.verdict.mails > 0
    assert (result.verdict.lost, result.verdict.twice) == (0, 0), result.verdict
