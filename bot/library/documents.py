"""YAML files as they were read: what they say at once, on which line it stands when somebody asks."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from yaml.nodes import Node

from bot.library.nearness import did_you_mean
from bot.library.references import Location
from bot.library.yaml_reading import NotYaml, compose, line_of, value_of

_CHOICE = re.compile(r"'([^']*)'")


@dataclass(frozen=True, slots=True)
class Source:
    """A line of a file, below the playbooks directory. Lines count from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong in a file. `line` counts from 1; `path` is where in the document, such as `steps[2].due`.

    `included_by` is set when the file is a group of steps, and a playbook is left out because of it.
    """

    file: str
    line: int
    path: str
    message: str
    included_by: Source | None = None

    @property
    def left_out(self) -> str:
        """The file that cannot be used because of it."""
        return self.included_by.file if self.included_by else self.file

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}"
        said = f"{where} {self.path}: {self.message}" if self.path else f"{where} {self.message}"
        return f"{said} (included by {self.included_by})" if self.included_by else said


class Document:
    """A YAML file that could be read. `file` is its path below the playbooks directory."""

    def __init__(self, file: str, text: str) -> None:
        """Raises NotYaml for a text that cannot be read."""
        self.file = file
        self._text = text
        self.value: Any = value_of(compose(text))

    @cached_property
    def _tree(self) -> Node | None:
        """Made again when somebody asks for a line: trees of all files would be many times as large as their texts."""
        return compose(self._text)

    def source(self, location: Location) -> Source:
        """Where the deepest part of `location` that the file has stands."""
        return Source(self.file, line_of(self._tree, location))

    def problem(self, location: Location, message: str, included_by: Source | None = None) -> Problem:
        return Problem(self.file, self.source(location).line, spelled(location), message, included_by)


def read_document(path: Path, name: str) -> Document | Problem:
    """The document in a file, or why it cannot be read. `name` is what messages call the file."""
    try:
        return Document(name, path.read_text("utf-8"))
    except NotYaml as error:
        return Problem(name, error.line, "", f"not YAML: {error}")
    except UnicodeDecodeError as error:
        return Problem(name, 1, "", f"not YAML: {error}")
    except OSError as error:  # a directory called x.yaml, a link to itself, a file nobody may read
        return Problem(name, 1, "", f"the file cannot be read: {error.strerror}")


class Documents:
    """Reads files and keeps what they said, so that one that did not change is read once."""

    def __init__(self) -> None:
        self._kept: dict[Path, tuple[tuple[int, int, int], Document | Problem]] = {}

    def read(self, path: Path, name: str) -> Document | Problem:
        try:
            found = path.stat()
        except OSError:
            return read_document(path, name)
        stamp = (found.st_ino, found.st_mtime_ns, found.st_size)
        kept = self._kept.get(path)
        if kept is None or kept[0] != stamp:
            kept = (stamp, read_document(path, name))
            self._kept[path] = kept
        return kept[1]


# --- locations --------------------------------------------------------------------------------------------------------


def complaints_of(error: ValidationError, value: Any) -> list[tuple[Location, str]]:
    """What pydantic found wrong in a value, each with where in it."""
    complaints = []
    for item in error.errors(include_url=False):
        where = _written(value, item["loc"])
        if item["type"] == "missing":
            where = (*where, item["loc"][-1])
        complaints.append((where, _words(item)))
    return complaints


def validation_problems(error: ValidationError, document: Document) -> list[Problem]:
    """What pydantic found wrong in the whole value of a document."""
    return [document.problem(where, message) for where, message in complaints_of(error, document.value)]


def _written(value: Any, location: Location) -> Location:
    """The location without pydantic's own parts, such as the tag of a union, which are not in the file."""
    own: list[int | str] = []
    node = value
    parts = [part for part in location if part != "[key]"]
    for index, part in enumerate(parts):
        is_last = index == len(parts) - 1
        if _has(node, part) and (is_last or isinstance(node[part], Mapping | list)):
            own.append(part)
            node = node[part]
    return tuple(own)


def _has(node: Any, part: int | str) -> bool:
    if isinstance(node, Mapping):
        return part in node
    return isinstance(node, list) and isinstance(part, int) and part < len(node)


def spelled(location: Location) -> str:
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.lstrip(".")


def _words(item: ErrorDetails) -> str:
    match item["type"]:
        case "extra_forbidden":
            return "not a field that exists here"
        case "enum" | "literal_error":
            return (
                f"{item['msg']}. {did_you_mean(str(item['input']), _CHOICE.findall(item['ctx']['expected']))}".rstrip()
            )
    return item["msg"].removeprefix("Value error, ")
