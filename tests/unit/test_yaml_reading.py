"""What a YAML file says and on which line, with libyaml and without it."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.library import yaml_reading
from bot.library.yaml_reading import NotYaml, compose, line_of, value_of
from bot.settings import ROOT

OWN = ("_depth", "descend_resolver", "ascend_resolver", "resolve")


@pytest.fixture(params=["libyaml", "python"])
def reader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both readers that PyYAML has: libyaml is not on every machine."""
    base = {"libyaml": yaml.CSafeLoader, "python": yaml.SafeLoader}[request.param]
    own = {name: vars(yaml_reading._Loader)[name] for name in OWN}
    monkeypatch.setattr(yaml_reading, "_Loader", type("Loader", (base,), own))


pytestmark = pytest.mark.usefixtures("reader")


def read(text: str) -> Any:
    return value_of(compose(text))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("Off", "Off"),
        ("y", "y"),
        ("true", True),
        ("FALSE", False),
        ("~", None),
        ("null", None),
        ("", None),
        ("7", 7),
        ("-7", -7),
        ("010", 10),
        ("0o17", 15),
        ("0x1F", 31),
        ("0b11", "0b11"),
        ("1_000", "1_000"),
        ("-0.5", -0.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("-.inf", float("-inf")),
        ("12:30", "12:30"),
        ("12:30:45", "12:30:45"),
        ("2026-03-02", date(2026, 3, 2)),
        ("2026-3-2", "2026-3-2"),
        ("2026-03-02T10:00:00Z", "2026-03-02T10:00:00Z"),
        ("'2026-03-02'", "2026-03-02"),
        ("'7'", "7"),
        ("!!str 7", "7"),
        ("=", "="),
        ("<<", "<<"),
        ("-90d", "-90d"),
        ("renewal_date - 90d", "renewal_date - 90d"),
        ("a #b", "a"),
        ("'it''s'", "it's"),
        ('"\\u00e9\\n"', "é\n"),
        ("[a, 2]", ["a", 2]),
        ("{a: b}", {"a": "b"}),
        ("|\n  a\n   b\n", "a\n b\n"),
        (">-\n  a\n  b\n", "a b"),
    ],
)
def test_a_word_means_what_it_means_in_yaml_1_2(written: str, meant: Any) -> None:
    found = read(f"key: {written}\n")["key"]
    assert (found, type(found)) == (meant, type(meant))


def test_on_is_a_key_like_any_other() -> None:
    assert read("on: anchor\n1: a\n") == {"on": "anchor", 1: "a"}


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "\ufeff"])
def test_a_text_that_says_nothing_is_none(text: str) -> None:
    assert read(text) is None
    assert line_of(compose(text), ("key",)) == 1


def test_a_byte_order_mark_and_windows_lines_change_nothing() -> None:
    assert read("\ufeffkey: a\r\ntitle: b\r\n") == {"key": "a", "title": "b"}


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "found duplicate key 'a'"),
        ("a:\n  - {b: 1, b: 2}\n", 2, "found duplicate key 'b'"),
        ("1: a\n0x1: b\n", 2, "found duplicate key '0x1'"),
        ("a:\n  ? [b]\n  : c\n", 2, "a key must be a word"),
        ("a: 1\nb: !secret c\n", 2, "the tag !secret means nothing here"),
        ("a: !!python/object/apply:os.system [ls]\n", 1, "the tag !!python/object/apply:os.system means nothing here"),
        ("a: !!set {b}\n", 1, "the tag !!set means nothing here"),
        ("a: !!bool maybe\n", 1, "neither true nor false (maybe)"),
        ("a: 1\nb: 2026-02-31\n", 2, "day is out of range for month (2026-02-31)"),
        ("a: 1\nb: " + "9" * 5_000, 2, "Exceeds the limit"),
        ("a: 1\nb: \x00\n", 2, "there is a character that cannot be seen (U+0000)"),
        ("é: 1\nb: \x07\n", 2, "there is a character that cannot be seen (U+0007)"),
        ("a: [b\nc: d\n", 2, "while parsing a flow sequence, "),
        ("a: [", 1, "while parsing a flow node, "),
        ("a: b\n---\nc: d\n", 2, "expected a single document in the stream, but found another document"),
        ("a: *b\n", 1, "found undefined alias"),
        ("a:\n" + "- " * 60, 2, "it is nested too deeply"),
        ("a: " + "{b: " * 50_000, 1, "it is nested too deeply"),
        ("a: 1\nb: &b\n  c: *b\n", 2, "it is nested too deeply, or holds itself"),
    ],
)
def test_what_is_not_accepted_is_told_in_a_line_with_its_number(text: str, line: int, message: str) -> None:
    with pytest.raises(NotYaml) as raised:
        read(text)
    assert raised.value.line == line
    assert str(raised.value).startswith(message)
    assert "\n" not in str(raised.value)


def test_an_alias_stands_for_what_its_anchor_holds() -> None:
    text = "a: &a\n  b: [1]\nc: *a\nd: [*a, *a]\n"
    found = read(text)
    assert found == {"a": {"b": [1]}, "c": {"b": [1]}, "d": [{"b": [1]}, {"b": [1]}]}
    found["c"]["b"].append(2)
    assert found["a"] == {"b": [1]}
    assert line_of(compose(text), ("c", "b")) == 2


def test_aliases_of_aliases_do_not_fill_the_memory() -> None:
    levels = "".join(f"a{level}: &a{level} [*a{level - 1}, *a{level - 1}]\n" for level in range(1, 40))
    with pytest.raises(NotYaml, match="more than 100,000 values"):
        read("a0: &a0 ha\n" + levels)


@pytest.mark.parametrize(
    ("location", "line"),
    [
        ((), 1),
        (("key",), 2),
        (("steps",), 3),
        (("steps", 0), 4),
        (("steps", 0, "due"), 5),
        (("steps", 0, "gone"), 4),
        (("steps", 1), 7),
        (("steps", 1, "needs", 1), 10),
        (("steps", 1, "guidance"), 11),
        (("steps", 1, "guidance", "deeper"), 11),
        (("steps", 1, "outcomes", 0, "label"), 13),
        (("steps", 2), 3),
        (("steps", "first"), 3),
        (("gone", "deeper"), 1),
    ],
)
def test_the_line_is_that_of_the_deepest_part_that_is_written(location: tuple[int | str, ...], line: int) -> None:
    text = """\
# a comment
key: a
steps:
  - key: first
    due: 1bd

  - key: second
    needs:
      - first
      - other
    guidance: |
      Words.
    outcomes: [{key: done, label: Done}]
"""
    assert line_of(compose(text), location) == line


@pytest.mark.parametrize("path", sorted((ROOT / "playbooks").glob("**/*.yaml")), ids=lambda path: path.stem)
def test_a_shipped_file_can_be_read(path: Path) -> None:
    assert isinstance(read(path.read_text("utf-8")), dict)
