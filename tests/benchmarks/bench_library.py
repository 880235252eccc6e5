"""Loading and validating 500 playbooks, against reading the same files with PyYAML and nothing else.

Run by `make bench`. The playbooks are the shipped ones again and again, each with a key and words of its own, so that
nothing kept of one text helps with the next. A first load pays for compiling the emails; a reload looks at all files,
and reads one.
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from shutil import copy2, copytree
from statistics import median

import yaml

from bot.library.library import Library
from bot.settings import ROOT

PLAYBOOKS, ROUNDS = 500, 5
TARGET = 2.0  # seconds for all of them


def write_library(directory: Path) -> list[Path]:
    shipped = sorted((ROOT / "playbooks").glob("*/*.yaml"))
    shipped = [path for path in shipped if path.parent.name in {"lifecycle", "at-risk", "expansion", "reviews"}]
    written = []
    for number in range(PLAYBOOKS):
        path = shipped[number % len(shipped)]
        key = f"{path.stem}-{number}"
        text = path.read_text("utf-8").replace(f"key: {path.stem}\n", f"key: {key}\n", 1)
        copy = directory / path.parent.name / f"{key}.yaml"
        copy.parent.mkdir(exist_ok=True)
        copy.write_text(text.replace("*Good looks like:*", f"*Good looks like, in {number}:*"), "utf-8")
        written.append(copy)
    for configuration in (ROOT / "playbooks").glob("*.yaml"):
        copy2(configuration, directory)
    copytree(ROOT / "playbooks" / "groups", directory / "groups")
    return written


def seconds(act: Callable[[], object]) -> float:
    """Of this processor, so that what else the machine does is not counted: nothing here waits."""
    before = time.process_time()
    act()
    return time.process_time() - before


def load(directory: Path) -> Library:
    library = Library(directory)
    catalog = library.load()
    if len(catalog.playbooks) != PLAYBOOKS:
        raise RuntimeError(f"{len(catalog.playbooks)} playbooks were loaded: {catalog.problems[:1]}")
    return library


def reload(library: Library, changed: Path) -> None:
    changed.write_text(changed.read_text("utf-8") + "# read me again\n", "utf-8")
    if not library.reload_if_changed():
        raise RuntimeError("the change was not noticed")


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        paths = write_library(directory)
        texts = [path.read_text("utf-8") for path in paths]
        floor = median(
            seconds(lambda: [yaml.load(text, Loader=yaml.CSafeLoader) for text in texts]) for _ in range(ROUNDS)
        )
        first = seconds(lambda: load(directory))
        loading = median(seconds(lambda: load(directory)) for _ in range(ROUNDS))
        library = load(directory)
        reloading = median(seconds(lambda: reload(library, paths[0])) for _ in range(ROUNDS))
        looking = median(seconds(library.reload_if_changed) for _ in range(ROUNDS))
    megabytes = sum(map(len, texts)) / 1e6
    print(f"{PLAYBOOKS} playbooks, {megabytes:.1f} MB")
    print(f"PyYAML alone, reading them                   {floor:>8.2f} s")
    print(f"loading and validating them (under {TARGET:.0f} s)     {loading:>8.2f} s")
    print(f"  times PyYAML alone                         {loading / floor:>8.2f}")
    print(f"  the first time in a process                {first:>8.2f} s")
    print(f"one file changed: loading again              {reloading:>8.2f} s")
    print(f"no file changed: finding that out            {looking * 1000:>8.1f} ms")


if __name__ == "__main__":
    main()
