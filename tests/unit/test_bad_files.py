"""Files that nobody should have written: each is reported in a sentence, and the rest are loaded."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.library.library import Library
from bot.library.loading import Catalog
from tests.unit.test_playbook_loading import GOOD


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "playbooks/lifecycle").mkdir(parents=True)
    (tmp_path / "playbooks/lifecycle/good.yaml").write_text(GOOD)
    return tmp_path


def load(home: Path) -> Catalog:
    return Library(home / "playbooks", home / "templates").load()


def complaint(home: Path) -> str:
    catalog = load(home)
    assert list(catalog.playbooks) == ["good"]
    (problem,) = catalog.problems
    return str(problem)


def nested(path: Path) -> None:
    """So deep that libyaml by itself would end the process."""
    path.write_text("key: " + "[" * 100_000)


def laughing(path: Path) -> None:
    """A few lines that mean ten thousand million words."""
    lines = [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]\n" for level in range(1, 11)]
    path.write_text("a0: &a0 ha\n" + "".join(lines))


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda path: path.mkdir(), "lifecycle/bad.yaml:1 the file cannot be read: Is a directory"),
        (lambda path: path.symlink_to(path), "lifecycle/bad.yaml:1 the file cannot be read: Too many levels"),
        (lambda path: path.symlink_to("gone.yaml"), "lifecycle/bad.yaml:1 the file cannot be read: No such file"),
        (lambda path: path.write_bytes(b"key: \xff\xfe"), "lifecycle/bad.yaml:1 not YAML: 'utf-8' codec"),
        (lambda path: path.write_bytes(b"key: \x00\n"), "lifecycle/bad.yaml:1 not YAML: "),
        (lambda path: path.write_text(""), "lifecycle/bad.yaml:1 the file holds no playbook"),
        (lambda path: path.write_text("key: a\nkey: b\n"), "lifecycle/bad.yaml:2 not YAML: found duplicate key 'key'"),
        (lambda path: path.write_text("key: a\nday: 2026-02-31\n"), "lifecycle/bad.yaml:2 not YAML: day is out of"),
        (lambda path: path.write_text("key: *nothing\n"), "lifecycle/bad.yaml:1 not YAML: found undefined alias"),
        (nested, "lifecycle/bad.yaml:1 not YAML: it is nested too deeply"),
        (laughing, "lifecycle/bad.yaml:1 not YAML: it holds more than 100,000 values"),
        (
            lambda path: path.write_text("key: a\nsteps: &all\n  - *all\n"),
            "lifecycle/bad.yaml:2 not YAML: it is nested",
        ),
        (lambda path: path.write_text("key: !!python/name:os.system\n"), "lifecycle/bad.yaml:1 not YAML: the tag"),
        (lambda path: path.write_text("key: a\n---\nkey: b\n"), "lifecycle/bad.yaml:2 not YAML: expected a single"),
    ],
)
def test_a_file_that_cannot_be_read_is_reported_and_stops_nothing(
    home: Path, make: Callable[[Path], None], expected: str
) -> None:
    make(home / "playbooks/lifecycle/bad.yaml")
    assert complaint(home).startswith(expected)


def test_a_directory_that_links_to_itself_is_not_followed_for_ever(home: Path) -> None:
    (home / "playbooks/lifecycle/again").symlink_to(home / "playbooks/lifecycle")
    catalog = load(home)
    assert list(catalog.playbooks) == ["good"]


def test_one_broken_file_of_a_thousand_stops_none_of_the_others(home: Path) -> None:
    for number in range(999):
        text = GOOD.replace("key: good", f"key: p{number}")
        (home / f"playbooks/lifecycle/p{number}.yaml").write_text(text if number != 500 else "key: [")
    catalog = load(home)
    assert len(catalog.playbooks) == 999
    assert [problem.file for problem in catalog.problems] == ["lifecycle/p500.yaml"]


def test_anchors_and_aliases_mean_what_they_mean_in_yaml(home: Path) -> None:
    text = (
        GOOD.replace("key: good", "key: more")
        .replace("title: Good", "title: &name Good")
        .replace("summary: A playbook in order.", "summary: *name")
    )
    (home / "playbooks/lifecycle/more.yaml").write_text(text)
    assert load(home).playbooks["more"].summary == "Good"
