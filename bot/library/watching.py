"""Whether the files of the library are still the ones that were loaded."""

import os
from collections.abc import Iterator
from pathlib import Path

SUFFIXES = (".yaml", ".j2")

TreeStamp = frozenset[tuple[str, int, int, int]]
"""Of each file: its path, its inode, the nanosecond it was last changed, and its size."""


def stamp_of(*directories: Path) -> TreeStamp:
    """What the YAML files and templates below some directories are like now. A directory that is not there is empty."""
    return frozenset(entry for directory in directories for entry in _entries(directory))


def _entries(directory: Path) -> Iterator[tuple[str, int, int, int]]:
    for folder, _, names in os.walk(directory):
        for name in names:
            if name.endswith(SUFFIXES):
                path = os.path.join(folder, name)  # a Path for each file would take most of the time
                try:
                    found = os.stat(path)
                except OSError:
                    continue  # deleted this moment, or a link to nothing
                yield path, found.st_ino, found.st_mtime_ns, found.st_size
