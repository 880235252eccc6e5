"""From the text of a YAML file to its values, and to the line on which each of them stands.

PyYAML reads the text, with libyaml where it has it. What a word stands for is said by the core schema of YAML 1.2:
`no`, `on` and `12:30` are words. A day written in full (2026-03-02) is a date besides.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.reader import ReaderError

from bot.library.references import Location

if TYPE_CHECKING:
    from yaml import SafeLoader as FastLoader
else:  # without libyaml it reads the same, ten times as slowly
    FastLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

MAX_DEPTH = 50  # libyaml's composer calls itself for each level, and would take the process down with it
MAX_VALUES = 100_000  # aliases of aliases can make a few lines mean billions

_STANDARD = "tag:yaml.org,2002:"
_MAP, _LIST, _TEXT = f"{_STANDARD}map", f"{_STANDARD}seq", f"{_STANDARD}str"
_NULL, _BOOL, _INT = f"{_STANDARD}null", f"{_STANDARD}bool", f"{_STANDARD}int"
_FLOAT, _DAY = f"{_STANDARD}float", f"{_STANDARD}timestamp"


class NotYaml(ValueError):
    """A text that cannot be read, or is not accepted. `line` counts from 1."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


def _by_first_letter(*words: tuple[str, str, str]) -> Mapping[str, list[tuple[str, re.Pattern[str]]]]:
    """What a word that is not quoted may stand for: tags with the letters it begins with and its pattern."""
    found: dict[str, list[tuple[str, re.Pattern[str]]]] = {}
    for tag, letters, pattern in words:
        for letter in letters or [""]:
            found.setdefault(letter, []).append((tag, re.compile(pattern)))
    return found


_WORDS = _by_first_letter(
    (_NULL, "", r""),
    (_NULL, "~nN", r"~|null|Null|NULL"),
    (_BOOL, "tTfF", r"true|True|TRUE|false|False|FALSE"),
    (_INT, "-+0123456789", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+"),
    (_FLOAT, "-+.0123456789", r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"),
    (_FLOAT, "-+.", r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"),
    (_DAY, "0123456789", r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
)


class _Loader(FastLoader):
    _depth = 0

    def descend_resolver(self, current_node: Node | None, current_index: Any) -> None:  # noqa: ARG002  # theirs
        """Called before each node is made. PyYAML would look for paths with a meaning here; there are none."""
        self._depth += 1
        if self._depth > MAX_DEPTH and current_node is not None:
            raise _too_deep(current_node)

    def ascend_resolver(self) -> None:
        self._depth -= 1

    def resolve(self, kind: type[Node], value: str | None, implicit: Any) -> str:
        """The tag of a node that has none. `implicit[0]` is true of a word that is not quoted."""
        if kind is MappingNode:
            return _MAP
        if kind is SequenceNode or value is None:
            return _LIST
        if implicit[0]:
            for tag, pattern in _WORDS.get(value[:1], ()):
                if pattern.fullmatch(value):
                    return tag
        return _TEXT


def compose(text: str) -> Node | None:
    """The tree of a text, whose nodes know their lines; None for one that says nothing. Raises NotYaml."""
    try:
        return yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        line = min(line, text.count("\n") + 1)  # libyaml's end of a text is a line behind its last
        raise NotYaml(line, ", ".join(filter(None, (error.context, error.problem)))) from None
    except ReaderError as error:
        line = text.count("\n", 0, text.index(chr(error.character))) + 1
        raise NotYaml(line, f"there is a character that cannot be seen (U+{error.character:04X})") from None


def value_of(root: Node | None) -> Any:
    """What a tree says: dicts, lists, texts, numbers, truths, dates and None. Raises NotYaml."""
    return None if root is None else _Builder().value(root, 1)


def line_of(root: Node | None, location: Location) -> int:
    """The line (from 1) of the deepest part of `location` that the tree has."""
    line, node = 1, root
    for part in location:
        found = _entry(node, part)
        if found is None:
            break  # a field that is missing is reported where it should be
        line, node = found
    return line


class _Builder:
    """Makes the values of one tree. What an alias stands for is made anew each time, and counted."""

    def __init__(self) -> None:
        self.left = MAX_VALUES

    def value(self, node: Node, depth: int) -> Any:
        self.left -= 1
        if self.left < 0:
            raise NotYaml(1, f"it holds more than {MAX_VALUES:,} values, each alias (*name) counted in full")
        if isinstance(node, ScalarNode):
            return _scalar(node)
        if depth > MAX_DEPTH:
            raise _too_deep(node)
        if isinstance(node, MappingNode) and node.tag == _MAP:
            return self.mapping(node, depth + 1)
        if isinstance(node, SequenceNode) and node.tag == _LIST:
            return [self.value(item, depth + 1) for item in node.value]
        raise _unknown_tag(node)

    def mapping(self, node: MappingNode, depth: int) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, ScalarNode):
                raise NotYaml(_line(key_node), "a key must be a word, not a list or a mapping")
            key = _scalar(key_node)
            if key in found:
                raise NotYaml(_line(key_node), f"found duplicate key {key_node.value!r}")
            found[key] = self.value(value_node, depth)
        return found


def _entry(node: Node | None, part: int | str) -> tuple[int, Node] | None:
    """The line of an entry of a mapping or a list, and what it holds."""
    if isinstance(node, MappingNode):
        return next(((_line(key), value) for key, value in node.value if _scalar(key) == part), None)
    if isinstance(node, SequenceNode) and isinstance(part, int) and part < len(node.value):
        return _line(node.value[part]), node.value[part]
    return None


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1


def _too_deep(node: Node) -> NotYaml:
    return NotYaml(_line(node), "it is nested too deeply, or holds itself")


def _unknown_tag(node: Node) -> NotYaml:
    tag = str(node.tag)
    shown = f"!!{tag.removeprefix(_STANDARD)}" if tag.startswith(_STANDARD) else tag
    return NotYaml(_line(node), f"the tag {shown} means nothing here: take it out")


# --- words ------------------------------------------------------------------------------------------------------------


def _scalar(node: ScalarNode) -> Any:
    if node.tag == _TEXT:
        return node.value
    make = _MAKERS.get(node.tag)
    if make is None:
        raise _unknown_tag(node)
    try:
        return make(node.value)
    except ValueError as error:  # such as 2026-02-31, or a number of 5,000 digits
        raise NotYaml(_line(node), f"{error} ({node.value[:40]})") from None


def _truth(word: str) -> bool:
    if word.lower() not in {"true", "false"}:
        raise ValueError("neither true nor false")
    return word.lower() == "true"


def _integer(word: str) -> int:
    return int(word, 0 if word.startswith(("0o", "0x")) else 10)


def _float(word: str) -> float:
    return float(word.lower().replace(".inf", "inf").replace(".nan", "nan"))


_MAKERS: Mapping[str, Callable[[str], Any]] = {
    _NULL: lambda _: None,
    _BOOL: _truth,
    _INT: _integer,
    _FLOAT: _float,
    _DAY: date.fromisoformat,
}
