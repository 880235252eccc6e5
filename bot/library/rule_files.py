"""Reading rule files, and holding rules against what the other files say. A broken rule is left out, and no other."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bot.library.documents import Document, Documents, Problem, Source, complaints_of, read_document
from bot.library.loading import Catalog
from bot.library.measures import unknown_metric
from bot.library.metrics import Metrics
from bot.library.nearness import unknown_name
from bot.library.references import Complaint, Location
from bot.library.rules import Advance, Rule
from bot.library.schema import Playbook

FOLDER = "rules"


@dataclass(frozen=True)
class _Place:
    """Where a rule is written."""

    document: Document
    index: int

    def problem(self, where: Location, message: str) -> Problem:
        return self.document.problem(("rules", self.index, *where), message)


@dataclass(frozen=True)
class RuleBook:
    """The rules that can be used, by key, in the order of their files, and what is wrong with the others."""

    rules: Mapping[str, Rule] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    places: Mapping[str, _Place] = field(default_factory=dict)

    def source(self, key: str, where: Location = ()) -> Source:
        place = self.places[key]
        return place.document.source(("rules", place.index, *where))

    def leading_to(self, playbook: str) -> list[Rule]:
        """The rules that start a playbook or recommend it."""
        return [rule for rule in self.rules.values() if rule.then.starts_or_recommends == playbook]

    def about(self, playbook: str) -> list[Rule]:
        """The rules that start, recommend or end a playbook."""
        return [*self.leading_to(playbook), *self.ending(playbook)]

    def ending(self, playbook: str) -> list[Rule]:
        """The rules that end a run of a playbook."""
        return [rule for rule in self.rules.values() if rule.then.exit == playbook]


@dataclass(frozen=True)
class Known:
    """The names that rules may use, from the other files."""

    catalog: Catalog
    metrics: Metrics
    stages: Collection[str]
    segments: Collection[str]
    journeys: Collection[str]
    overlays: Collection[str]


def load_rules(directory: Path, known: Known, documents: Documents | None = None) -> RuleBook:
    """Load every file below rules/, in the order of their paths."""
    documents = documents or Documents()
    paths = sorted((directory / FOLDER).glob("**/*.yaml"))
    return _checked([documents.read(path, path.relative_to(directory).as_posix()) for path in paths], known)


def read_rules(path: Path, known: Known) -> RuleBook:
    """The rules of one file, wherever it lies."""
    return _checked([read_document(path, path.name)], known)


def _checked(documents: Iterable[Document | Problem], known: Known) -> RuleBook:
    rules: dict[str, Rule] = {}
    places: dict[str, _Place] = {}
    problems: list[Problem] = []
    for found in (each for document in documents for each in _read(document)):
        if isinstance(found, Problem):
            problems.append(found)
            continue
        rule, place = found
        complaints = [*_name_complaints(rule, known)]
        if rule.key in rules:
            complaints.append((("key",), f"the rule {rule.key!r} is there twice"))
        problems += [place.problem(where, message) for where, message in complaints]
        if not complaints:
            rules[rule.key], places[rule.key] = rule, place
    return RuleBook(rules, tuple(problems), places)


def _read(document: Document | Problem) -> Iterator[tuple[Rule, _Place] | Problem]:
    if isinstance(document, Problem):
        yield document
        return
    value: Any = document.value
    if not isinstance(value, Mapping) or not isinstance(value.get("rules"), list):
        yield document.problem((), "the file holds no rules: expected `rules:` with a list below it")
        return
    for name in value:
        if name != "rules":
            yield document.problem((name,), "not a field that exists here: a file of rules has only `rules`")
    for index, written in enumerate(value["rules"]):
        place = _Place(document, index)
        try:
            yield Rule.model_validate(written), place
        except ValidationError as error:
            yield from (place.problem(where, message) for where, message in complaints_of(error, written))


# --- names in other files ---------------------------------------------------------------------------------------------


def _name_complaints(rule: Rule, known: Known) -> Iterator[Complaint]:
    for name, measure in rule.measures.items():
        if wrong := unknown_metric(measure, known.metrics):
            yield ("measures", name, "metric"), wrong
        elif rule.of_contact and known.metrics.known[measure.metric].of != "contact":
            yield ("measures", name, "metric"), f"{measure.metric!r} is measured of accounts, not of contacts"
    listed = (
        ("journeys", "journey", known.journeys),
        ("segments", "segment", known.segments),
        ("stages", "stage", known.stages),
        ("overlays", "overlay", known.overlays),
    )
    for field_name, kind, there in listed:
        for place, written in enumerate(getattr(rule.only, field_name)):
            if written not in there:
                yield ("only", field_name, place), unknown_name(kind, written, sorted(there))
    yield from _playbook_complaints(rule, known.catalog)


def _playbook_complaints(rule: Rule, catalog: Catalog) -> Iterator[Complaint]:
    """A playbook whose file is broken is known all the same: its own mistake is told elsewhere."""
    then = rule.then
    named: list[tuple[Location, str | None]] = [
        (("then", "start"), then.start),
        (("then", "exit"), then.exit),
        (("then", "advance", "playbook"), then.advance.playbook if then.advance else None),
        (("then", "alert", "playbook"), then.alert.playbook if then.alert else None),
    ]
    there = {*catalog.playbooks, *(Path(problem.left_out).stem for problem in catalog.problems)}
    for where, key in named:
        if key is None:
            continue
        if key not in there:
            yield where, unknown_name("playbook", key, sorted(there))
        elif playbook := catalog.playbooks.get(key):
            yield from _fit_complaints(rule, where, playbook)


def _fit_complaints(rule: Rule, where: Location, playbook: Playbook) -> Iterator[Complaint]:
    if playbook.subject == "contact" and not rule.of_contact:
        yield where, f"{playbook.key!r} is about a contact: say `subject: contact` in this rule"
    if rule.then.advance:
        yield from _advance_complaints(rule.then.advance, playbook)


def _advance_complaints(advance: Advance, playbook: Playbook) -> Iterator[Complaint]:
    """Nobody is there to answer what the step asks for."""
    steps = {step.key: step for step in playbook.steps}
    step = steps.get(advance.step)
    if step is None:
        yield ("then", "advance", "step"), unknown_name(f"step of {playbook.key}", advance.step, steps)
        return
    outcomes = {outcome.key: outcome for outcome in step.outcomes}
    chosen = outcomes.get(advance.outcome or "")
    if outcomes and chosen is None:
        yield ("then", "advance"), unknown_name(f"outcome of {step.key}", advance.outcome or "", outcomes)
    elif advance.outcome and not outcomes:
        yield ("then", "advance", "outcome"), f"{step.key!r} has no outcomes"
    elif chosen and chosen.reopen:
        yield ("then", "advance", "outcome"), f"{chosen.key!r} sends back to other steps: that is for a person to say"
    if step.artefact or any(question.required for question in step.questions):
        yield ("then", "advance", "step"), f"{step.key!r} asks for something that only a person can answer"
