"""Reading journey files, and holding what files say against each other: stages, playbooks, journeys that follow."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from pydantic import ValidationError

from bot.library.documents import Document, Problem, read_document, validation_problems
from bot.library.journeys import Journey
from bot.library.loading import Catalog
from bot.library.nearness import unknown_name
from bot.library.references import Complaint
from bot.library.schema import Playbook
from bot.library.segments import Segments
from bot.library.stages import Stages


@dataclass(frozen=True)
class JourneyCatalog:
    """The journeys that accounts can be on, by key, and what is wrong in their files."""

    journeys: Mapping[str, Journey] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


def load_journeys(directory: Path, stages: Stages, playbooks: Iterable[str]) -> JourneyCatalog:
    """Load every file of journeys/. A playbook or a next journey that is not there is told, and does not stop one."""
    journeys: dict[str, Journey] = {}
    problems: list[Problem] = []
    documents: dict[str, Document] = {}
    for path in sorted((directory / "journeys").glob("*.yaml")):
        document = read_document(path, path.relative_to(directory).as_posix())
        if isinstance(document, Problem):
            problems.append(document)
            continue
        loaded = _journey(document, path.stem, stages)
        if isinstance(loaded, Journey):
            journeys[loaded.key], documents[loaded.key] = loaded, document
        else:
            problems += loaded
    known = frozenset(playbooks)
    for key, journey in journeys.items():
        complaints = [*_unknown_playbooks(journey, known), *_next_complaints(journey, journeys)]
        problems += [documents[key].problem(*complaint) for complaint in complaints]
    return JourneyCatalog(journeys, tuple(problems))


def _journey(document: Document, key: str, stages: Stages) -> Journey | list[Problem]:
    if not isinstance(document.value, Mapping):
        return [document.problem((), "the file holds no journey: expected `key:`, `title:`, `stages:` and so on")]
    try:
        journey = Journey.model_validate(document.value)
    except ValidationError as error:
        return validation_problems(error, document)
    complaints: list[Complaint] = [
        (("stages", place, "stage"), unknown_name("stage", stage.stage, stages.titles))
        for place, stage in enumerate(journey.stages)
        if stage.stage not in stages.titles
    ]
    if journey.key != key:
        complaints.append((("key",), f"expected {key!r}, as the file is {document.file}"))
    return [document.problem(*complaint) for complaint in complaints] or journey


def _unknown_playbooks(journey: Journey, known: frozenset[str]) -> Iterator[Complaint]:
    for place, stage in enumerate(journey.stages):
        for number, key in enumerate(stage.playbooks):
            if key not in known:
                where = ("stages", place, "playbooks", number)
                yield where, f"{key!r} is not a playbook that can be started; the journey goes without it"


def _next_complaints(journey: Journey, journeys: Mapping[str, Journey]) -> Iterator[Complaint]:
    if journey.next is None:
        return
    following = journeys.get(journey.next)
    if following is None:
        yield ("next",), unknown_name("journey", journey.next, journeys)
    elif following.starts is not journey.starts:
        yield ("next",), f"{following.key} counts from {following.starts}, and this journey from {journey.starts}"


# --- what else names stages and journeys ------------------------------------------------------------------------------


def without_unknown_stages(catalog: Catalog, stages: Stages) -> Catalog:
    """The catalog without the playbooks that name a stage nobody knows; each is told with its line."""
    wrong = {key: found for key, playbook in catalog.playbooks.items() if (found := _unknown_stages(playbook, stages))}
    if not wrong:
        return catalog
    problems = [
        catalog.layouts[key].problem(*complaint) for key, complaints in wrong.items() for complaint in complaints
    ]
    kept = {key: playbook for key, playbook in catalog.playbooks.items() if key not in wrong}
    return replace(catalog, playbooks=kept, problems=(*catalog.problems, *problems))


def _unknown_stages(playbook: Playbook, stages: Stages) -> list[Complaint]:
    named: list[tuple[tuple[int | str, ...], str]] = [
        (("stages", place), stage) for place, stage in enumerate(playbook.stages)
    ]
    for index, step in enumerate(playbook.steps):
        named += [
            (("steps", index, "outcomes", place, "stage"), outcome.stage)
            for place, outcome in enumerate(step.outcomes)
            if outcome.stage
        ]
    return [(where, unknown_name("stage", name, stages.titles)) for where, name in named if name not in stages.titles]


def table_problems(directory: Path, segments: Segments, journeys: Mapping[str, Journey]) -> list[Problem]:
    """Rows of the segment table that name a journey nobody knows. Such a row leaves the journey as it is."""
    wrong = [(place, row) for place, row in enumerate(segments.table) if row.journey and row.journey not in journeys]
    if not wrong:
        return []
    path = directory / "segments.yaml"
    document = read_document(path, path.name)
    if isinstance(document, Problem):
        return [document]
    return [
        document.problem(("table", place, "journey"), unknown_name("journey", str(row.journey), journeys))
        for place, row in wrong
    ]
