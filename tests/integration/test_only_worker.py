"""SQLite is for one worker: a second one waits for the first to stop, and says so when it does not."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pytest_mock import MockerFixture
from sqlalchemy import make_url

from bot.errors import ConfigurationError
from bot.processes import only_worker


@pytest.fixture
async def worker(tmp_path: Path) -> AsyncIterator[str]:
    url = f"sqlite+aiosqlite:///{tmp_path / 'playcall.db'}"
    async with only_worker(make_url(url)):
        yield url


async def test_a_second_worker_on_sqlite_is_refused(worker: str, mocker: MockerFixture) -> None:
    mocker.patch("bot.processes.SECONDS_FOR_THE_LAST_WORKER", 0.01)
    with pytest.raises(ConfigurationError, match=r"A worker is already running on .*playcall\.db: SQLite is for one"):
        async with only_worker(make_url(worker)):
            pass


async def test_the_next_worker_may_start_when_the_last_has_stopped(tmp_path: Path) -> None:
    url = make_url(f"sqlite+aiosqlite:///{tmp_path / 'playcall.db'}")
    for _ in range(2):
        async with only_worker(url):
            pass


async def test_on_postgresql_there_may_be_many() -> None:
    url = make_url("postgresql+asyncpg://localhost/playcall")
    async with only_worker(url), only_worker(url):
        pass
