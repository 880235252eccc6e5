"""Reading playbook files. A broken file is reported with its line and left out; the rest are loaded."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedBase
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from bot.library.references import Location
from bot.library.rendering import EmailTemplates
from bot.library.schema import Category, Playbook
from bot.library.wording import wording_problems


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong in a file. `line` counts from 1; `path` is where in the document, such as `steps[2].due`."""

    file: str
    line: int
    path: str
    message: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}"
        return f"{where} {self.path}: {self.message}" if self.path else f"{where} {self.message}"


@dataclass(frozen=True)
class Catalog:
    """The playbooks that can be started, by key, and what is wrong with the files that could not be used."""

    playbooks: Mapping[str, Playbook] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


def load_catalog(directory: Path, templates: EmailTemplates) -> Catalog:
    """Load every playbook below `directory`, in the order of their paths. `templates` holds the emails they name."""
    playbooks: dict[str, Playbook] = {}
    problems: list[Problem] = []
    for path in playbook_files(directory):
        name = str(path.relative_to(directory))
        loaded = load_playbook(path, name, templates)
        if isinstance(loaded, Playbook) and loaded.key in playbooks:
            loaded = [Problem(name, 1, "key", f"another file already has the key {loaded.key!r}")]
        if isinstance(loaded, Playbook):
            playbooks[loaded.key] = loaded
        else:
            problems += loaded
    return Catalog(playbooks, tuple(problems))


def playbook_files(directory: Path) -> Iterator[Path]:
    for category in Category:
        yield from sorted((directory / category).glob("**/*.yaml"))


def load_playbook(path: Path, name: str, templates: EmailTemplates) -> Playbook | list[Problem]:
    """The playbook in a file, or what is wrong with it. `name` is the file's path below the playbooks directory."""
    document = load_yaml(path, name)
    if isinstance(document, Problem):
        return [document]
    if not isinstance(document, Mapping):
        return [Problem(name, 1, "", "the file holds no playbook: expected `key:`, `title:`, `steps:` and so on")]
    try:
        playbook = Playbook.model_validate(document)
    except ValidationError as error:
        return validation_problems(error, document, name)
    expected = {"key": path.stem, "category": Path(name).parts[0]}
    for attribute, value in expected.items():
        if getattr(playbook, attribute) != value:
            line = line_of(document, (attribute,))
            return [Problem(name, line, attribute, f"expected {value!r}, as the file is {name}")]
    wording = wording_problems(playbook, templates)
    return [_problem(document, name, where, message) for where, message in wording] or playbook


def load_yaml(path: Path, name: str) -> Any:
    """The document in a YAML file with its line numbers, or a Problem."""
    try:
        return YAML(typ="rt").load(path.read_text("utf-8"))
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        return Problem(name, line, "", f"not YAML: {error.problem or error.context}")
    except (YAMLError, UnicodeDecodeError) as error:
        return Problem(name, 1, "", f"not YAML: {error}")


def validation_problems(error: ValidationError, document: Any, name: str) -> list[Problem]:
    problems = []
    for item in error.errors(include_url=False):
        where = _written(document, item["loc"])
        if item["type"] == "missing":
            where = (*where, item["loc"][-1])
        problems.append(_problem(document, name, where, _words(item["msg"])))
    return problems


def _problem(document: Any, name: str, location: Location, message: str) -> Problem:
    return Problem(name, line_of(document, location), spelled(location), message)


def _written(document: Any, location: Location) -> Location:
    """The location without pydantic's own parts, such as the tag of a union, which are not in the file."""
    own: list[int | str] = []
    node = document
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


def line_of(document: Any, location: Location) -> int:
    """The line (from 1) of the deepest part of `location` that the file has."""
    line = 1
    node = document
    for part in location:
        if not isinstance(node, CommentedBase):
            break
        try:
            line = node.lc.data[part][0] + 1
            node = node[part]  # type: ignore[index]  # a CommentedBase is a map or a list
        except (KeyError, IndexError, TypeError):
            break  # a field that is missing is reported where it should be
    return line


def spelled(location: Location) -> str:
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.lstrip(".")


def _words(message: str) -> str:
    plain = message.removeprefix("Value error, ")
    return "not a field that exists here" if plain.startswith("Extra inputs") else plain
