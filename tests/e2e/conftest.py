"""The demo workspace for the end-to-end tests: skipped, with the reason, where its executable cannot be had."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.demo.executable import DemoUnavailable, find_executable
from tests.e2e.running import MONDAY_MORNING, Demo, set_clock


@pytest.fixture(scope="session")
def executable() -> Path:
    try:
        return find_executable(print)
    except DemoUnavailable as error:
        pytest.skip(error.message)


@pytest.fixture
async def demo(executable: Path, tmp_path: Path) -> AsyncIterator[Demo]:
    """A demo that has been started, on a Monday morning."""
    directory = tmp_path / "data"
    directory.mkdir()
    set_clock(directory, MONDAY_MORNING)
    started = Demo(executable, directory)
    await started.start()
    yield started
    await started.close()
    print(started.said)  # shown when the test failed
