"""Reading overlay files. One that cannot be used is reported with its line and left out; the rest are used."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import combinations
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bot.library.conditions import ACCOUNT_FIELDS, unknown_fields
from bot.library.documents import Document, Problem, read_document, validation_problems
from bot.library.loading import Catalog, playbook_files
from bot.library.overlays import ALL, Overlay, key_within
from bot.library.references import Location
from bot.library.rendering import EmailTemplates
from bot.library.resolving import Resolved, combine
from bot.library.schema import Mode, Playbook
from bot.library.wording import wording_problems

FOLDER = "overlays"
TEAM = "account.team"
OVERLAY_FIELDS = (TEAM, *(f"account.{name}" for name in sorted(ACCOUNT_FIELDS)))

_ABOUT_TOUCH = re.compile(r"\baccount\s*\.\s*touch\b")
_ABOUT_CONTACT = re.compile(r"\bcontact\b")


@dataclass(frozen=True)
class Overlays:
    """The overlays that can be used, in the order of their keys, and what was found wrong.

    `refused` are pairs of an overlay and a playbook on which it cannot be laid, though it can on others. `remarks` are
    no mistakes: what an author may not have meant.
    """

    usable: tuple[Overlay, ...] = ()
    refused: frozenset[tuple[str, str]] = frozenset()
    problems: tuple[Problem, ...] = ()
    remarks: tuple[Problem, ...] = ()

    def named(self, key: str) -> Overlay | None:
        return next((overlay for overlay in self.usable if overlay.key == key), None)

    def for_playbook(self, key: str) -> list[Overlay]:
        return [overlay for overlay in self.usable if (overlay.key, key) not in self.refused]


@dataclass(frozen=True)
class _File:
    document: Document
    overlay: Overlay

    def problem(self, where: Location, message: str) -> Problem:
        return self.document.problem(where, message)


def overlay_files(directory: Path) -> list[Path]:
    return sorted((directory / FOLDER).glob("*.yaml"))


def load_overlays(directory: Path, catalog: Catalog, templates: EmailTemplates) -> Overlays:
    """Load every overlay below `directory`, and try each on the playbooks it is about."""
    problems: list[Problem] = []
    files: list[_File] = []
    there = {path.stem for path in playbook_files(directory)} | catalog.playbooks.keys()
    for path in overlay_files(directory):
        loaded = _load(path, path.relative_to(directory).as_posix(), there)
        if isinstance(loaded, _File):
            found = [*_name_problems(loaded, catalog.playbooks, there), *_condition_problems(loaded)]
            problems += found
            files += [] if found else [loaded]
        else:
            problems += loaded
    refused: set[tuple[str, str]] = set()
    for file in files:
        for playbook in catalog.playbooks.values():
            tried = try_on(file.overlay, playbook, templates) if file.overlay.covers(playbook) else []
            problems += [file.problem(where, f"not used on {playbook.key}: {message}") for where, message in tried]
            if tried:
                refused.add((file.overlay.key, playbook.key))
    remarks = [*_automatic_remarks(files), *_ties(files, catalog.playbooks.values())]
    return Overlays(tuple(file.overlay for file in files), frozenset(refused), tuple(problems), tuple(remarks))


def _load(path: Path, name: str, playbooks: Collection[str]) -> _File | list[Problem]:
    document = read_document(path, name)
    if isinstance(document, Problem):
        return [document]
    if not isinstance(document.value, Mapping):
        return [document.problem((), "the file holds no overlay: expected `key:`, `playbooks:`, `when:` and so on")]
    try:
        file = _File(document, Overlay.model_validate(document.value))
    except ValidationError as error:
        return validation_problems(error, document)
    if file.overlay.key != path.stem:
        return [file.problem(("key",), f"expected {path.stem!r}, as the file is {name}")]
    if file.overlay.key in playbooks:
        return [file.problem(("key",), f"a playbook already has the key {file.overlay.key!r}")]
    return file


# --- names ------------------------------------------------------------------------------------------------------------


def _name_problems(file: _File, playbooks: Mapping[str, Playbook], there: Collection[str]) -> Iterator[Problem]:
    overlay = file.overlay
    for index, key in enumerate(overlay.playbooks):
        if key != ALL and key not in there:
            yield file.problem(("playbooks", index), f"there is no playbook {key!r}{_meant(key, there)}")
    if any(key not in playbooks for key in overlay.playbooks if key != ALL):
        return  # a playbook that has a mistake itself is not looked into
    covered = [playbook for playbook in playbooks.values() if overlay.covers(playbook)]
    for key in overlay.wording:
        if key not in (keys := [playbook.key for playbook in covered]):
            yield file.problem(("wording", key), f"{key!r} is not a playbook of this overlay{_meant(key, keys)}")
    for where, name in overlay.step_names():
        within, slash, _ = name.rpartition("/")
        if slash and within not in {playbook.key for playbook in covered}:
            keys = [playbook.key for playbook in covered]
            yield file.problem(where, f"{name!r} is in a playbook that this overlay is not about{_meant(within, keys)}")
        elif not any(_has(playbook, overlay, name) for playbook in covered):
            yield file.problem(where, f"there is no step {name!r}{_meant(name, _step_names(covered, qualified=slash))}")


def _has(playbook: Playbook, overlay: Overlay, name: str) -> bool:
    own = {step.key for step in overlay.add}
    return key_within(name, playbook.key) in {step.key for step in playbook.steps} | own


def _step_names(playbooks: Sequence[Playbook], *, qualified: object) -> list[str]:
    return [f"{p.key}/{step.key}" if qualified else step.key for p in playbooks for step in p.steps]


def _meant(word: str, choices: Collection[str]) -> str:
    near = get_close_matches(word, choices, n=1, cutoff=0.5)
    return f"; did you mean {near[0]!r}?" if near else ""


def _condition_problems(file: _File) -> Iterator[Problem]:
    condition = file.overlay.when
    if condition is None:
        return
    if _ABOUT_CONTACT.search(condition):
        yield file.problem(("when",), "an overlay is for accounts: its condition cannot ask about a contact")
    for name in unknown_fields(condition):
        if name != TEAM:
            yield file.problem(("when",), f"{name} is not a field that exists{_meant(name, OVERLAY_FIELDS)}")


# --- the overlay on each of its playbooks -----------------------------------------------------------------------------


def try_on(overlay: Overlay, playbook: Playbook, templates: EmailTemplates) -> list[tuple[Location, str]]:
    """What keeps the overlay from being used on this playbook, each with where in the overlay it stands."""
    result = combine(playbook, [overlay], high_touch=False)
    if result.refused:
        return [(each.where, each.why) for each in result.refused]
    if not overlay.steps and not overlay.add and not result.left_out:
        return []
    return [
        (_written_at(overlay, result, where), message)
        for where, message in wording_problems(result.playbook, templates)
    ]


def _written_at(overlay: Overlay, result: Resolved, where: Location) -> Location:
    """Where in the overlay's file stands what is wrong at this place of the resulting playbook."""
    if len(where) > 2 and isinstance(where[1], int):
        name = ".".join(str(part) for part in where[2:])
        source = result.source(result.playbook.steps[where[1]].key, name)
        if source and source.document != result.base.key:
            return source.where
    return ("leave_out",) if overlay.leave_out else ("steps",)  # what a step asked for is missing elsewhere now


# --- remarks ----------------------------------------------------------------------------------------------------------


def _automatic_remarks(files: Sequence[_File]) -> Iterator[Problem]:
    for file in files:
        written: list[tuple[Location, Any]] = [
            *((("steps", name, "mode"), change.written().get("mode")) for name, change in file.overlay.steps.items()),
            *((("add", index, "mode"), step.mode) for index, step in enumerate(file.overlay.add)),
        ]
        where = next((place for place, mode in written if mode is Mode.AUTOMATIC), None)
        if where and not _ABOUT_TOUCH.search(file.overlay.when or ""):
            yield file.problem(
                where, "accounts with high touch are left out of this: they are never written to by a machine"
            )


def _ties(files: Sequence[_File], playbooks: Collection[Playbook]) -> Iterator[Problem]:
    """Where two overlays of one priority say different things, so that only their keys decide."""
    for first, second in combinations(files, 2):
        if first.overlay.priority != second.overlay.priority or _exclude_each_other(first.overlay, second.overlay):
            continue
        for playbook in playbooks:
            if not (first.overlay.covers(playbook) and second.overlay.covers(playbook)):
                continue
            disagreeing = combine(playbook, [second.overlay, first.overlay], high_touch=False).conflicts
            if disagreeing:
                yield second.problem(
                    ("priority",),
                    f"has the priority of {first.overlay.key}, which therefore wins on {playbook.key}: "
                    + ", ".join(f"{conflict.step}.{conflict.field}".strip(".") for conflict in disagreeing),
                )


_EQUALS = re.compile(r"""\baccount\s*\.\s*(\w+)\s*==\s*["']([\w-]+)["']""")


def _exclude_each_other(first: Overlay, second: Overlay) -> bool:
    """Whether the conditions ask for two values of one field, and nothing but that."""
    one, other = (_EQUALS.fullmatch((overlay.when or "").strip()) for overlay in (first, second))
    return bool(one and other and one[1] == other[1] and one[2] != other[2])
