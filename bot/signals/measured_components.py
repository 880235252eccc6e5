"""The components of health that are made of measured numbers, as health.yaml says. Pure."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from bot.library.health_config import HealthConfig, MeasuredComponent
from bot.library.measures import Measure, Take
from bot.library.metrics import Metric
from bot.signals.components import Component, HealthFacts, trust_of
from bot.signals.numbers import change_words, in_sentence, number_words
from bot.signals.windows import Measured


def measured_components(facts: HealthFacts, config: HealthConfig, now: datetime) -> Iterator[Component]:
    for key, component, metric in config.told:
        found = _found(facts, component)
        weight = config.weight(key, facts.segment)
        if found is None:
            why = f"No data on {in_sentence(metric.title)}."
            yield Component(key, component.label, weight, None, why, metric.definition)
            continue
        measured, number, against = found
        yield Component(
            key,
            component.label,
            weight,
            score=component.points_of(number if against is None else number / against),
            why=_why(component, metric, number, against),
            definition=metric.definition,
            as_of=measured.as_of,
            trust=trust_of(measured.as_of, metric.stale_after_days, config, now),
            source=measured.source,
            measure=_remembered(metric, number, against),
        )


def _found(facts: HealthFacts, component: MeasuredComponent) -> tuple[Measured, float, float | None] | None:
    """What was measured, its number, and what it is divided by; None when one of them is not known, or nothing."""
    measured = facts.measured.get(component.measure)
    if measured is None or measured.number is None:
        return None
    if component.against is None:
        return measured, measured.number, None
    against = facts.measured.get(component.against)
    if against is None or not against.number:
        return None
    return measured, measured.number, against.number


def _why(component: MeasuredComponent, metric: Metric, number: float, against: float | None) -> str:
    """`Active users 31, 48 in the 28 days before (-35 %).`"""
    what, said = metric.title, number_words(number, metric.unit)
    if component.against is None or against is None:
        return f"{what} {said}{_taken(component.measure)}."
    if is_earlier(component):
        before = f"{number_words(against, metric.unit)} in the {component.against.over} days before"
        return f"{what} {said}, {before} ({change_words(number, against)})."
    return f"{what} {said} of {number_words(against, metric.unit)} ({100 * number / against:.0f} %)."


def is_earlier(component: MeasuredComponent) -> bool:
    """Whether it is compared with the same number of an earlier time; else it is a share of another."""
    return component.against is not None and component.against.metric == component.measure.metric


def _taken(measure: Measure) -> str:
    return "" if measure.take is Take.LAST else f", {measure.take} of {measure.over} days"


def _remembered(metric: Metric, number: float, against: float | None) -> dict[str, Any]:
    remembered: dict[str, Any] = {"what": in_sentence(metric.title), "number": _rounded(number)}
    if against is not None:
        remembered["against"] = _rounded(against)
    return remembered


def _rounded(number: float) -> float:
    return round(number, 2)
