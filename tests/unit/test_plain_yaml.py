"""The quick reader says what ruamel.yaml says, or leaves it to it."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from bot.library.plain_yaml import NotPlain, read_plain
from bot.settings import ROOT

FILES = [path for path in sorted((ROOT / "playbooks").glob("*/*.yaml")) if path.parent.name != "overlays"]
LINES = [
    "a: 1\n",
    "b: no\n",
    "on: yes\n",
    "c: 2026-01-02\n",
    "d: |\n",
    "  e: >-\n",
    "    words that go on\n",
    "    and on # not a comment\n",
    "\n",
    "   \n",
    "# a comment\n",
    "f:\n",
    "  - g\n",
    "- h: i\n",
    "  j: 'it''s' # so\n",
    '  k: "a # b"\n',
    "l: [m, n o, 3bd]\n",
    "p: {q: r, s: 4.5}\n",
    "t: u: v\n",
    "w: &x y\n",
    "z: *x\n",
    "aa: -90d\n",
    "bb: 010\n",
    "cc: 1e3\n",
    "dd: ~\n",
    "ee: http://x.example/#y\n",
    "ff: 12:30\n",
    "a: twice\n",
    "  gg: deeper\n",
    "- - hh\n",
    "ii: !tag jj\n",
    "---\n",
    "kk: 2026-02-31\n",
    "ll: .5\n",
    "mm: [a: b]\n",
    "nn: -\n",
]


def as_ruamel_reads(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text)


def assert_the_same(one: Any, other: Any) -> None:
    assert type(one) is type(other)
    assert one == other
    if isinstance(one, dict):
        assert list(one) == list(other)
        for key in one:
            assert_the_same(one[key], other[key])
    if isinstance(one, list):
        for mine, theirs in zip(one, other, strict=True):
            assert_the_same(mine, theirs)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_shipped_file_is_plain_and_read_as_yaml_1_2_reads_it(path: Path) -> None:
    text = path.read_text("utf-8")
    assert_the_same(read_plain(text), as_ruamel_reads(text))


@given(st.lists(st.sampled_from(LINES), max_size=8).map("".join))
def test_whatever_is_read_is_read_as_yaml_1_2_reads_it(text: str) -> None:
    try:
        mine = read_plain(text)
    except NotPlain:
        return
    assert_the_same(mine, as_ruamel_reads(text))


@given(st.text(alphabet="ab1 -:#'\"[]{},|>&*!?%@.~é\n", max_size=40))
def test_whatever_stands_behind_a_key_is_read_as_yaml_1_2_reads_it(words: str) -> None:
    text = f"key: {words}\n"
    try:
        mine = read_plain(text)
    except NotPlain:
        return
    assert_the_same(mine, as_ruamel_reads(text))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("true", True),
        ("~", None),
        ("", None),
        ("7", 7),
        ("-0.5", -0.5),
        ("2026-03-02", date(2026, 3, 2)),
        ("-90d", "-90d"),
        ("renewal_date - 90d", "renewal_date - 90d"),
        ("a #b", "a"),
        ("'it''s'", "it's"),
        ("[a, 2]", ["a", 2]),
        ("{a: b}", {"a": "b"}),
    ],
)
def test_a_word_means_what_it_means_in_yaml_1_2(written: str, meant: Any) -> None:
    read = read_plain(f"key: {written}\n")["key"]
    assert (read, type(read)) == (meant, type(meant))


@pytest.mark.parametrize(
    "text",
    [
        "a: 1\na: 2\n",
        "a: {b: 1, b: 2}\n",
        "a: &b c\n",
        "a: *b\n",
        "a: !c d\n",
        "<<: a\n",
        "a: b\n  c\n",
        "a:\tb\n",
        'a: "\\n"\n',
        "a: 010\n",
        "a: 2026-02-31\n",
        "a: b: c\n",
        "a: b",
        "- a\n",
        "---\na: b\n",
        "%YAML 1.1\n---\na: b\n",
        "",
    ],
)
def test_what_is_not_plain_is_left_to_the_slow_reader(text: str) -> None:
    with pytest.raises(NotPlain):
        read_plain(text)
