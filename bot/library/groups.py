"""Groups of steps, playbooks/groups/*.yaml: written once, included by several playbooks.

An entry `- include: kickoff-calls` in a playbook's steps is replaced by the steps of the group before anything else is
done with the playbook. So a run is pinned to the steps as they were, and a changed group makes a changed playbook.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag, ValidationError

from bot.library.conditions import Condition
from bot.library.documents import Document, Documents, Problem, Source, complaints_of
from bot.library.nearness import did_you_mean
from bot.library.offsets import START, Due, DueText
from bot.library.references import Location
from bot.library.schema import Authored, Key, StepSpec, Title
from bot.library.tags import answers_key
from bot.models import MemberRole

FOLDER = "groups"

_ANSWER = re.compile(r"(?<![\w.])answers\.(\w+)")


class Include(Authored):
    """An entry of `steps` that stands for all steps of a group."""

    include: Key = Field(description="the key of the group, a file in playbooks/groups")
    prefix: Key | None = Field(
        None, description="put before the keys of its steps, with a hyphen; needed to include a group twice"
    )
    needs: list[Key] = Field(
        default_factory=list, description="steps that must be finished before the group's first steps"
    )
    when: Condition | None = Field(None, description="a CEL condition over `account`, for every step of the group")
    due: DueText = Field(Due(), description="the day from which the group counts: `go_live_date - 5d`")
    role: MemberRole | None = Field(None, description="whose steps they are, where the group does not say")


def _kind(entry: Any) -> str:
    return "an included group" if _is_include(entry) else "a step"


def _is_include(entry: Any) -> bool:
    return isinstance(entry, Include) or (isinstance(entry, Mapping) and "include" in entry)


Entry = Annotated[
    Annotated[StepSpec, Tag("a step")] | Annotated[Include, Tag("an included group")], Discriminator(_kind)
]


class StepGroup(Authored):
    """One file of a group."""

    key: Key = Field(description="its name in `include`; the file is called the same")
    title: Title = Field(description="its name for people")
    summary: str = Field(
        min_length=1, max_length=500, description="what the steps are for, and who should include them"
    )
    steps: list[Entry] = Field(min_length=1, max_length=100, description="in the order people read them")


# --- where the steps of a playbook are written ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a step is written. `fields` are those that an `include` gave it: they are written elsewhere."""

    document: Document
    location: Location
    fields: Mapping[str, tuple[Document, Location]] = field(default_factory=dict)

    def place(self, rest: Location) -> tuple[Document, Location]:
        if rest and rest[0] in self.fields:
            document, location = self.fields[str(rest[0])]
            return document, (*location, *rest[1:])
        return self.document, (*self.location, *rest)


@dataclass(frozen=True, slots=True)
class LaidStep:
    value: Mapping[str, Any]
    origin: Origin
    entry: Location  # of the playbook: its own step, or its `include`


@dataclass(frozen=True, slots=True)
class Layout:
    """A playbook with the steps of its groups in their places, before it is validated.

    `steps` is empty when the playbook includes nothing: everything is then where the document has it.
    """

    document: Document
    value: Any
    steps: tuple[LaidStep, ...] = ()

    def source(self, location: Location) -> Source:
        document, where = self._place(location)
        return document.source(where)

    def problem(self, location: Location, message: str) -> Problem:
        document, where = self._place(location)
        if document is self.document:
            return document.problem(where, message)
        entry = self.steps[int(location[1])].entry
        return document.problem(where, message, self.document.source(entry))

    def _place(self, location: Location) -> tuple[Document, Location]:
        match location:
            case ("steps", int(index), *rest) if index < len(self.steps):
                return self.steps[index].origin.place(tuple(rest))
        return self.document, location


# --- laying out -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Trail:
    """The includes that led to a document: the entry of the playbook it began with, and the groups since."""

    playbook: Document
    entry: Location
    groups: tuple[str, ...]

    def problem(self, document: Document, location: Location, message: str) -> Problem:
        if document is self.playbook:
            return document.problem(location, message)
        return document.problem(location, message, self.playbook.source(self.entry))


class CannotInclude(Exception):
    """A group cannot be put where it is wanted."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(*problems)
        self.problems = list(problems)


class Groups:
    """The groups of a playbooks directory, and which of them somebody includes."""

    def __init__(self, documents: Mapping[str, Document | Problem] | None = None) -> None:
        self.documents = documents or {}
        self.used: set[str] = set()
        self._checked: dict[str, list[tuple[Location, str]]] = {}

    @classmethod
    def read(cls, directory: Path, documents: Documents) -> "Groups":
        paths = sorted((directory / FOLDER).glob("*.yaml"))
        return cls({path.stem: documents.read(path, path.relative_to(directory).as_posix()) for path in paths})

    def lay_out(self, document: Document) -> Layout | list[Problem]:
        """The playbook with its groups' steps in their places, or why a group cannot be included."""
        entries = document.value.get("steps")
        if not isinstance(entries, list) or not any(_is_include(entry) for entry in entries):
            return Layout(document, document.value)
        steps: list[LaidStep] = []
        problems: list[Problem] = []
        for index, entry in enumerate(entries):
            here: Location = ("steps", index)
            try:
                steps += self._steps_of(entry, document, here, Trail(document, here, ()))
            except CannotInclude as error:
                problems += error.problems
        value = {**document.value, "steps": [step.value for step in steps]}
        return problems or Layout(document, value, tuple(steps))

    def unused_problems(self) -> Iterator[Problem]:
        """What is wrong with groups that no playbook includes, and so nobody has heard of yet."""
        for key in sorted(self.documents.keys() - self.used):
            document = self.documents[key]
            if isinstance(document, Problem):
                yield document
                continue
            complaints = self._complaints(key, document)
            yield from (document.problem(where, message) for where, message in complaints)
            layout = [] if complaints else self.lay_out(document)
            yield from layout if isinstance(layout, list) else ()

    def _steps_of(self, entry: Any, document: Document, here: Location, trail: Trail) -> list[LaidStep]:
        if not _is_include(entry):
            return [LaidStep(entry, Origin(document, here), trail.entry)]
        try:
            include = Include.model_validate(entry)
        except ValidationError as error:
            complaints = complaints_of(error, entry)
            raise CannotInclude(
                [trail.problem(document, (*here, *where), words) for where, words in complaints]
            ) from None
        group = self._group(include.include, document, here, trail)
        inner = replace(trail, groups=(*trail.groups, include.include))
        laid: list[LaidStep] = []
        for index, step in enumerate(group.value["steps"]):
            laid += self._steps_of(step, group, ("steps", index), inner)
        return [_fitted(step, include, document, here, laid, trail) for step in laid]

    def _group(self, key: str, document: Document, here: Location, trail: Trail) -> Document:
        """The document of a group that can be included. Raises CannotInclude."""
        where = (*here, "include")
        if key in trail.groups:
            circle = " -> ".join((*trail.groups[trail.groups.index(key) :], key))
            message = f"groups include each other in a circle: {circle}. Take one of the includes out."
            raise CannotInclude([trail.problem(document, where, message)])
        group = self.documents.get(key)
        if group is None:
            message = f"there is no group {key!r} in playbooks/{FOLDER}. {did_you_mean(key, self.documents)}".rstrip()
            raise CannotInclude([trail.problem(document, where, message)])
        self.used.add(key)
        included_by = trail.playbook.source(trail.entry)
        if isinstance(group, Problem):
            raise CannotInclude([replace(group, included_by=included_by)])
        if complaints := self._complaints(key, group):
            raise CannotInclude([group.problem(place, message, included_by) for place, message in complaints])
        return group

    def _complaints(self, key: str, document: Document) -> list[tuple[Location, str]]:
        if key not in self._checked:
            self._checked[key] = _group_complaints(key, document)
        return self._checked[key]


def _group_complaints(key: str, document: Document) -> list[tuple[Location, str]]:
    """What is wrong with a group wherever it is included."""
    if not isinstance(document.value, Mapping):
        return [((), "the file holds no group: expected `key:`, `title:`, `summary:` and `steps:`")]
    try:
        group = StepGroup.model_validate(document.value)
    except ValidationError as error:
        return complaints_of(error, document.value)
    if group.key != key:
        return [(("key",), f"expected {key!r}, as the file is {document.file}")]
    return []


# --- fitting a group's step into its place ----------------------------------------------------------------------------


def _fitted(
    step: LaidStep, include: Include, document: Document, here: Location, siblings: Sequence[LaidStep], trail: Trail
) -> LaidStep:
    """The step as an include has it. Raises CannotInclude when its due date cannot be counted from the include's."""
    value, given = dict(step.value), dict(step.origin.fields)
    keys = {sibling.value["key"] for sibling in siblings}

    def give(name: str, what: Any) -> None:
        value[name] = what
        given[name] = (document, (*here, name))

    if include.prefix:
        _rename(value, {key: f"{include.prefix}-{key}" for key in keys})
    if include.due != Due():
        _move(value, include.due, step, trail)
    if include.needs and not keys.intersection(step.value.get("needs") or ()):
        give("needs", [*include.needs, *(value.get("needs") or ())])
    if include.when:
        own = value.get("when")
        give("when", f"({include.when}) && ({own})" if own else include.when)
    if include.role and "role" not in value:
        give("role", include.role.value)
    return LaidStep(value, replace(step.origin, fields=given), step.entry)


def _move(value: dict[str, Any], start: Due, step: LaidStep, trail: Trail) -> None:
    """Count a step's due date from another day than the run's start."""
    due = Due.parse(value["due"])
    if due.reference != START:
        return
    together = start.offset.plus(due.offset)
    if together is None:
        message = (
            f"due {due} after the start of the group, which is {str(start)!r} here: business days and other days do "
            "not add up. Write both in the same unit."
        )
        raise CannotInclude([trail.problem(*step.origin.place(("due",)), message)])
    value["due"] = str(Due(start.reference, together))


def _rename(value: dict[str, Any], names: Mapping[str, str]) -> None:
    """Give a step, and everything it says about other steps of its group, the new keys."""
    value["key"] = names[value["key"]]
    value["needs"] = [names.get(key, key) for key in value.get("needs") or ()]
    due = Due.parse(value["due"])
    value["due"] = str(replace(due, reference=names.get(due.reference, due.reference)))
    if value.get("outcomes"):
        value["outcomes"] = [_renamed_outcome(outcome, names) for outcome in value["outcomes"]]
    answers = {answers_key(old): answers_key(new) for old, new in names.items()}
    if value.get("guidance"):
        value["guidance"] = _renamed_answers(value["guidance"], answers)
    if value.get("escalation"):
        ask = _renamed_answers(value["escalation"]["ask"], answers)
        value["escalation"] = {**value["escalation"], "ask": ask}


def _renamed_outcome(outcome: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {**outcome, "not_applicable": [names.get(key, key) for key in outcome.get("not_applicable") or ()]}


def _renamed_answers(text: str, names: Mapping[str, str]) -> str:
    return _ANSWER.sub(lambda found: f"answers.{names.get(found[1], found[1])}", text)
