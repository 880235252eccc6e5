"""Whether the metrics that playbooks ask for are ones that metrics.yaml knows."""

from collections.abc import Iterator
from dataclasses import replace

from bot.library.loading import Catalog
from bot.library.measures import Measure, unknown_metric
from bot.library.metrics import Metrics
from bot.library.references import Complaint, Location
from bot.library.schema import Playbook


def without_unknown_metrics(catalog: Catalog, metrics: Metrics) -> Catalog:
    """The catalog without the playbooks that ask for a metric nobody knows; each is told with its line."""
    wrong = {key: found for key, playbook in catalog.playbooks.items() if (found := _unknown(playbook, metrics))}
    if not wrong:
        return catalog
    problems = [
        catalog.layouts[key].problem(*complaint) for key, complaints in wrong.items() for complaint in complaints
    ]
    kept = {key: playbook for key, playbook in catalog.playbooks.items() if key not in wrong}
    return replace(catalog, playbooks=kept, problems=(*catalog.problems, *problems))


def _unknown(playbook: Playbook, metrics: Metrics) -> list[Complaint]:
    asked = ((where, unknown_metric(measure, metrics)) for where, measure in _measures(playbook))
    return [(where, message) for where, message in asked if message]


def _measures(playbook: Playbook) -> Iterator[tuple[Location, Measure]]:
    for index, step in enumerate(playbook.steps):
        for place, question in enumerate(step.questions):
            for name, measure in (("measure", question.measure), ("percent_of", question.percent_of)):
                if measure:
                    yield ("steps", index, "questions", place, name, "metric"), measure
    for index, criterion in enumerate(playbook.exit_criteria):
        for name, measure in criterion.measures.items():
            yield ("exit_criteria", index, "measures", name, "metric"), measure
