"""The demo workspace for the end-to-end tests: skipped, with the reason, where its executable cannot be had."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.demo.executable import DemoUnavailable, find_executable
from tests.e2e.running import Demo, started_demo


@pytest.fixture(scope="session")
def executable() -> Path:
    try:
        return find_executable(print)
    except DemoUnavailable as error:
        pytest.skip(error.message)


@pytest.fixture
async def demo(executable: Path, tmp_path: Path) -> AsyncIterator[Demo]:
    """A demo that has been started, on a Monday morning."""
    async with started_demo(executable, tmp_path / "data") as started:
        yield started
