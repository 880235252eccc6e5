"""A quick reader for plain YAML, which playbooks are written in. It reads a text as YAML 1.2 does, or not at all.

ruamel.yaml needs 40 milliseconds for a playbook, and 500 of them are 20 seconds. This reads the same in one or two,
because it knows little: block mappings and sequences, plain and quoted words, numbers, days, `|` and `>` texts, lists
and mappings on one line. Whatever else a text holds (anchors, tags, escapes, words over several lines, a key that is
there twice, a mistake), it raises NotPlain, and the caller asks ruamel.yaml.
"""

import re
from datetime import date
from typing import Any

# Control characters, and what YAML takes for a line break or a byte order mark. Tabs are rare, and their rules long.
_UNUSUAL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff]")
_KEY = re.compile(r"([A-Za-z_][A-Za-z0-9_-]*):(?: +|$)")
_ITEM = re.compile(r"-( +)(?=[^ #])")
_QUOTED = re.compile(r"\"([^\"\\]*)\"|'((?:[^']|'')*)'")
_COMMENT = re.compile(r"(?:^| +)#.*$")
_HEADER = re.compile(r"([|>])(-?)(?: +#.*)?$")
_FLOW = re.compile(r"\[(?P<items>[^\[\]{}]*)\]|\{(?P<fields>[^\[\]{}]*)\}")
_FLOW_KEY = re.compile(r"([A-Za-z_][A-Za-z0-9_-]*): +")

_FIRST = re.compile(r"[A-Za-z0-9_(/$~<.+]|[^\x00-\xa0]|[-][^ ]|[?:][^ ]")
_NUMBER_LIKE = re.compile(r"[-+.0-9][-+.0-9_a-fA-FoxXiInNtTzZ: ]*")
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
_FLOAT = re.compile(r"-?(?:0|[1-9][0-9]*)\.[0-9]+")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_OFFSET = re.compile(r"[-+]?[0-9]+(?:bd|d|w)")  # is made of digits and letters that numbers have, and is none
_TRUTHS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_NOTHING = frozenset({"~", "null", "Null", "NULL"})
_SPECIAL = frozenset({"<<"})


class NotPlain(ValueError):
    """This text is not plain YAML, or not YAML."""


def read_plain(text: str) -> dict[str, Any]:
    """The mapping a text holds: dicts, lists, texts, numbers, days, truths and None. Raises NotPlain."""
    text = text.replace("\r\n", "\n")
    if _UNUSUAL.search(text) or not text.endswith("\n"):
        raise NotPlain
    reader = _Reader(text.split("\n"))
    if reader.indent() != 0:
        raise NotPlain
    value = reader.mapping(0)
    if reader.indent() is not None:
        raise NotPlain
    return value


class _Reader:
    """Goes through the lines once; `at` is the next one."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.at = 0

    def indent(self) -> int | None:
        """How far the next line that says something is indented; None at the end. Skips the others."""
        lines = self.lines
        while self.at < len(lines):
            line = lines[self.at]
            said = line.lstrip(" ")
            if said and said[0] != "#":
                return len(line) - len(said)
            self.at += 1
        return None

    def mapping(self, indent: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while self.indent() == indent:
            line = self.lines[self.at]
            key = _KEY.match(line, indent)
            if key is None or key[1] in found or key[1] in _TRUTHS or key[1] in _NOTHING:
                raise NotPlain
            self.at += 1
            found[key[1]] = self.value(line[key.end() :], indent)
        return found

    def sequence(self, indent: int) -> list[Any]:
        found: list[Any] = []
        while self.indent() == indent:
            line = self.lines[self.at]
            item = _ITEM.match(line, indent)
            if item is None:
                break
            inner = item.end()
            if _KEY.match(line, inner):
                self.lines[self.at] = " " * inner + line[inner:]
                found.append(self.mapping(inner))
            else:
                self.at += 1
                found.append(self.text_or_scalar(line[inner:], indent))
        return found

    def value(self, rest: str, indent: int) -> Any:
        """What a key has, whose own line goes on with `rest`."""
        if rest and rest[0] != "#":
            return self.text_or_scalar(rest, indent)
        below = self.indent()
        if below is None or below < indent:
            return None
        is_list = _ITEM.match(self.lines[self.at], below) is not None
        if below == indent:  # a list may stand under its key without being indented
            return self.sequence(indent) if is_list else None
        return self.sequence(below) if is_list else self.mapping(below)

    def text_or_scalar(self, rest: str, indent: int) -> Any:
        """Words that go on in the next line stand deeper than whatever could follow, so that nobody takes that line."""
        return self.text(rest, indent) if rest[0] in "|>" else _one_line(rest)

    def text(self, header: str, indent: int) -> str:
        """A text over several lines, indented deeper than `indent`."""
        parts = _HEADER.match(header)
        if parts is None:
            raise NotPlain
        lines = self.text_lines(indent)
        while lines and not lines[-1]:
            lines.pop()
        if not lines:
            return ""
        body = "\n".join(lines) if parts[1] == "|" else _folded(lines)
        return body if parts[2] else body + "\n"

    def text_lines(self, indent: int) -> list[str]:
        found: list[str] = []
        depth = 0
        while self.at < len(self.lines):
            line = self.lines[self.at]
            said = line.lstrip(" ")
            own = len(line) - len(said)
            if not said:
                if own > (depth or indent):
                    raise NotPlain  # spaces that belong to the text, or are too many before it
            elif not depth and own > indent:
                depth = own
            elif not depth or own < depth:
                break
            found.append(line[depth:] if said else "")
            self.at += 1
        return found


def _folded(lines: list[str]) -> str:
    """The lines of a `>` text as one; an empty line between two is a line break."""
    text, breaks = lines[0], 0
    if not text or text[0] == " ":
        raise NotPlain
    for line in lines[1:]:
        if not line:
            breaks += 1
            continue
        if line[0] == " ":
            raise NotPlain
        text += ("\n" * breaks or " ") + line
        breaks = 0
    return text


def _one_line(rest: str) -> Any:
    if rest[0] in "[{":
        return _flow(rest)
    if rest[0] not in "\"'":
        return _scalar((_COMMENT.sub("", rest) if "#" in rest else rest).rstrip(" "))
    quoted = _QUOTED.match(rest)
    if quoted is None or not _only_comment(rest[quoted.end() :]):
        raise NotPlain
    return _unquoted(quoted)


def _only_comment(rest: str) -> bool:
    stripped = rest.lstrip(" ")
    return not stripped or (stripped[0] == "#" and stripped != rest)


def _unquoted(quoted: re.Match[str]) -> str:
    return quoted[1] if quoted[1] is not None else quoted[2].replace("''", "'")


def _flow(rest: str) -> Any:
    """A list or a mapping on one line, with nothing but scalars in it."""
    flow = _FLOW.match(rest)
    if flow is None or not _only_comment(rest[flow.end() :]):
        raise NotPlain
    if flow["items"] is not None:
        return [_flow_scalar(part) for part in _parts(flow["items"])]
    found: dict[str, Any] = {}
    for part in _parts(flow["fields"]):
        key = _FLOW_KEY.match(part)
        if key is None or key[1] in found or key[1] in _TRUTHS or key[1] in _NOTHING:
            raise NotPlain
        found[key[1]] = _flow_scalar(part[key.end() :])
    return found


def _parts(inside: str) -> list[str]:
    if not inside.strip(" "):
        return []
    if "#" in inside or '"' in inside or "'" in inside:
        raise NotPlain
    return [part.strip(" ") for part in inside.split(",")]


def _flow_scalar(part: str) -> Any:
    if part.startswith(("?", ":")):
        raise NotPlain
    return _scalar(part)


def _scalar(word: str) -> Any:
    """What a plain word stands for, by the rules of YAML 1.2: `no` and `on` are words."""
    if not _FIRST.match(word) or ": " in word or word[-1] == ":" or word in _SPECIAL:
        raise NotPlain
    if word in _TRUTHS:
        return _TRUTHS[word]
    if word in _NOTHING:
        return None
    return _number_or_word(word) if _NUMBER_LIKE.fullmatch(word) else word


def _number_or_word(word: str) -> Any:
    if _OFFSET.fullmatch(word):
        return word
    if _INTEGER.fullmatch(word):
        return int(word)
    if _FLOAT.fullmatch(word):
        return float(word)
    try:
        return date.fromisoformat(word if _DAY.fullmatch(word) else "")
    except ValueError:
        raise NotPlain from None
