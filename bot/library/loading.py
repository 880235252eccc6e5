"""Loading playbook files. A broken file is reported with its line and left out; the rest are loaded."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from pydantic import ValidationError

from bot.errors import InvalidInput
from bot.library.documents import Document, Documents, Problem, Source, complaints_of, read_document
from bot.library.groups import Groups, Layout
from bot.library.references import Location
from bot.library.rendering import EmailTemplates
from bot.library.schema import Category, Playbook
from bot.library.wording import wording_problems

__all__ = ["Catalog", "Problem", "load_catalog", "playbook_files", "with_last_good"]


@dataclass(frozen=True)
class Catalog:
    """The playbooks that can be started, by key, and what is wrong with the files that could not be used."""

    playbooks: Mapping[str, Playbook] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    layouts: Mapping[str, Layout] = field(default_factory=dict)  # by the playbook's key
    groups: Groups = field(default_factory=Groups)
    kept: frozenset[str] = frozenset()  # playbooks whose file has a mistake now: what it said before it had is used

    def source(self, key: str, location: Location) -> Source:
        """The line on which a part of the playbook `key` is written: `("title",)`, `("steps", 2, "due")`.

        The number of a step is its place in the playbook; what an included group says is on a line of the group. A part
        that is not written down is where it would be. The first question about a file reads it again. Raises KeyError
        when there is no such playbook.
        """
        return self.layouts[key].source(location)


def load_catalog(directory: Path, templates: EmailTemplates, documents: Documents | None = None) -> Catalog:
    """Load every playbook below `directory`, in the order of their paths. `templates` holds the emails they name.

    `documents` are kept from one loading to the next; files that did not change are not read again.
    """
    documents = documents or Documents()
    groups = Groups.read(directory, documents)
    layouts: dict[str, Layout] = {}
    playbooks: dict[str, Playbook] = {}
    problems: list[Problem] = []
    for path in playbook_files(directory):
        loaded = _load_playbook(documents.read(path, path.relative_to(directory).as_posix()), groups, templates)
        if isinstance(loaded, list):
            problems += loaded
            continue
        playbook, layout = loaded
        if playbook.key in playbooks:
            problems.append(layout.document.problem(("key",), f"another file already has the key {playbook.key!r}"))
        else:
            playbooks[playbook.key], layouts[playbook.key] = playbook, layout
    return Catalog(playbooks, (*problems, *groups.unused_problems()), layouts, groups)


def with_last_good(now: Catalog, before: Catalog) -> Catalog:
    """The catalog, with what a file said `before` where it has a mistake now. Its problems stay reported."""
    broken = {problem.left_out for problem in now.problems}
    kept = [
        key for key, layout in before.layouts.items() if layout.document.file in broken and key not in now.playbooks
    ]
    return replace(
        now,
        playbooks={**now.playbooks, **{key: before.playbooks[key] for key in kept}},
        layouts={**now.layouts, **{key: before.layouts[key] for key in kept}},
        kept=frozenset(kept),
    )


def playbook_files(directory: Path) -> Iterator[Path]:
    for category in Category:
        yield from sorted((directory / category).glob("**/*.yaml"))


def read_one(path: Path, groups: Groups, templates: EmailTemplates) -> Playbook:
    """The playbook in one file, wherever it lies and whatever it is called. Raises InvalidInput with its mistakes."""
    loaded = _read_playbook(read_document(path, path.name), groups, templates)
    if isinstance(loaded, list):
        raise InvalidInput(f"That playbook has a mistake: {'; '.join(map(str, loaded))}")
    return loaded[0]


def _load_playbook(
    document: Document | Problem, groups: Groups, templates: EmailTemplates
) -> tuple[Playbook, Layout] | list[Problem]:
    """The playbook in a document of the library and how it is laid out, or what is wrong with it."""
    loaded = _read_playbook(document, groups, templates)
    if isinstance(loaded, list) or isinstance(document, Problem):
        return loaded
    path = Path(document.file)
    for attribute, value in {"key": path.stem, "category": path.parts[0]}.items():
        if getattr(loaded[0], attribute) != value:
            return [document.problem((attribute,), f"expected {value!r}, as the file is {document.file}")]
    return loaded


def _read_playbook(
    document: Document | Problem, groups: Groups, templates: EmailTemplates
) -> tuple[Playbook, Layout] | list[Problem]:
    if isinstance(document, Problem):
        return [document]
    if not isinstance(document.value, Mapping):
        return [document.problem((), "the file holds no playbook: expected `key:`, `title:`, `steps:` and so on")]
    layout = groups.lay_out(document)
    if isinstance(layout, list):
        return layout
    try:
        playbook = Playbook.model_validate(layout.value)
    except ValidationError as error:
        return [layout.problem(where, message) for where, message in complaints_of(error, layout.value)]
    wording = wording_problems(playbook, templates)
    return [layout.problem(where, message) for where, message in wording] or (playbook, layout)
