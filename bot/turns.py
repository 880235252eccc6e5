"""Whose turn it is to write to a SQLite database: first among the tasks of a process, then among processes.

SQLite has one writer, and no queue: whoever finds its lock taken sleeps and looks again, up to 0.1 s later. A process
with much to write takes the lock anew before the others look, and they wait for seconds. So the tasks of a process
queue up here; and of several processes only the first in line looks for SQLite's lock, which is then free after one
transaction of another.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

if sys.platform != "win32":  # where processes do not queue up
    import fcntl

SECONDS_BETWEEN_LOOKS = 0.002
LOOKS = 5_000  # ten seconds


class Turns:
    """For one process and one database file; None for a database in memory.

    The lock is flock's and not that of the library filelock, which takes a hundred times as long, for every change.
    """

    def __init__(self, path: str | None) -> None:
        self._path = f"{path}.turn" if path and sys.platform != "win32" else None
        self._file: int | None = None
        self._lock = asyncio.Lock()
        self._holder: asyncio.Task[Any] | None = None
        self._is_in_line = False

    async def __aenter__(self) -> None:
        """Until it ends, no other task of this process writes."""
        if self._holder is asyncio.current_task():
            raise RuntimeError("a transaction inside a transaction would wait for itself")
        await self._lock.acquire()
        self._holder = asyncio.current_task()

    async def __aexit__(self, *_: object) -> None:
        self._holder = None
        self._lock.release()

    @asynccontextmanager
    async def first_in_line(self) -> AsyncIterator[None]:
        """To be held while taking SQLite's lock. The operating system frees it when its holder is gone.

        It is a courtesy, not what keeps writers apart: after ten seconds the block runs all the same.
        """
        if not self._path:
            yield
            return
        if self._file is None:
            self._file = os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        is_first = False
        for _ in range(LOOKS):
            if is_first := _try_to_lock(self._file):
                break
            await asyncio.sleep(SECONDS_BETWEEN_LOOKS)
        self._is_in_line = is_first
        try:
            yield
        finally:
            self._is_in_line = False
            if is_first:
                fcntl.flock(self._file, fcntl.LOCK_UN)

    def another_waits(self) -> bool:
        """Whether another process is in line just now."""
        if self._file is None or self._is_in_line:
            return False
        if _try_to_lock(self._file):
            fcntl.flock(self._file, fcntl.LOCK_UN)
            return False
        return True

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _try_to_lock(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
