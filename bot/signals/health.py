"""Health: a score of 0 to 100 that can say why. Pure: facts, rules and `now` in, Health out.

A component without data does not count, and lowers the confidence. Data that is stale counts as before, and lowers the
confidence the more the older it is.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from bot.library.health_config import ComponentKey, HealthConfig
from bot.models import Sentiment
from bot.signals.components import Component, HealthFacts, PastHealth, own_components
from bot.signals.measured_components import measured_components
from bot.signals.movements import Movement, compare


class Band(StrEnum):
    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"
    UNKNOWN = "unknown"  # nothing to judge by


class Direction(StrEnum):
    UP = "up"
    DOWN = "down"
    STEADY = "steady"
    NEW = "new"  # nothing to compare with


@dataclass(frozen=True, slots=True)
class Disagreement:
    """What everything but the sentiment says, where the sentiment says something very different."""

    numbers: Band
    score: int
    sentiment: Sentiment


@dataclass(frozen=True, slots=True)
class Health:
    """`score` is None, and the band unknown, when no component has data. `confidence` is in percent."""

    score: int | None
    band: Band
    direction: Direction
    change: int  # since `compared_with`
    confidence: int
    components: tuple[Component, ...]
    moved: tuple[Movement, ...]  # what changed most comes first
    compared_with: date | None
    disagreement: Disagreement | None = None

    def remembered(self) -> dict[str, Any]:
        """The components as a snapshot keeps them."""
        return {
            part.key: {"score": part.score, "measure": dict(part.measure or {})}
            for part in self.components
            if part.score is not None
        }


def compute_health(facts: HealthFacts, config: HealthConfig, now: datetime) -> Health:
    components = tuple(
        part for part in (*own_components(facts, config, now), *measured_components(facts, config, now)) if part.weight
    )
    score = _score(components)
    change = score - facts.past.score if facts.past and score is not None else 0
    return Health(
        score=score,
        band=band_of(score, config),
        direction=_direction(score, change, facts.past, config),
        change=change,
        confidence=_confidence(components),
        components=components,
        moved=_moved(components, facts.past),
        compared_with=facts.past.day if facts.past else None,
        disagreement=_disagreement(components, facts.sentiment, config),
    )


def band_of(score: int | None, config: HealthConfig) -> Band:
    if score is None:
        return Band.UNKNOWN
    if score >= config.bands.green:
        return Band.GREEN
    return Band.YELLOW if score >= config.bands.yellow else Band.RED


def _score(components: Iterable[Component]) -> int | None:
    counted = [(part.score, part.weight) for part in components if part.score is not None]
    total = sum(weight for _, weight in counted)
    return round(sum(score * weight for score, weight in counted) / total) if total else None


def _confidence(components: tuple[Component, ...]) -> int:
    total = sum(part.weight for part in components)
    known = sum(part.weight * part.trust for part in components if part.score is not None)
    return round(100 * known / total) if total else 0


def _direction(score: int | None, change: int, past: PastHealth | None, config: HealthConfig) -> Direction:
    if score is None or past is None:
        return Direction.NEW
    if abs(change) <= config.trend.steady_within:
        return Direction.STEADY
    return Direction.UP if change > 0 else Direction.DOWN


def _moved(components: tuple[Component, ...], past: PastHealth | None) -> tuple[Movement, ...]:
    if past is None:
        return ()
    moved = []
    for part in components:
        found = compare(part.key, part.label, part.score, part.measure or {}, past.components.get(part.key))
        if found:
            before, after = (past.score if points is None else points for points in (found.before, found.after))
            moved.append(replace(found, pull=part.weight * (after - before)))
    return tuple(sorted(moved, key=lambda movement: -abs(movement.pull)))


def _disagreement(
    components: tuple[Component, ...], sentiment: Sentiment | None, config: HealthConfig
) -> Disagreement | None:
    """None while they say about the same, and when one of them says nothing."""
    score = _score(part for part in components if part.key != ComponentKey.SENTIMENT)
    if score is None or sentiment is None:
        return None
    numbers = band_of(score, config)
    apart = abs(score - config.sentiment.points[sentiment])
    if numbers.value == sentiment.value or apart < config.disagreement.points:
        return None
    return Disagreement(numbers, score, sentiment)
