"""How health is computed, playbooks/health.yaml: what counts how much, and where the bands begin."""

from collections.abc import Collection, Iterator, Mapping
from enum import StrEnum
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, PrivateAttr, model_validator

from bot.library.configuration import load_configuration
from bot.library.measures import HEALTH, Measure, Take, unknown_metric
from bot.library.metrics import Metric, Metrics, load_metrics
from bot.library.nearness import unknown_name
from bot.library.references import Complaint, Location, located_error
from bot.library.schema import Authored, FieldKey
from bot.models import Segment, Sentiment, Touch

Points = Annotated[int, Field(ge=0, le=100)]
Weight = Annotated[float, Field(ge=0, le=1000)]
Days = Annotated[int, Field(ge=1, le=3650)]


class ComponentKey(StrEnum):
    """The components made of what Playcall knows by itself. Those made of measured numbers have keys of their own."""

    OVERDUE_STEPS = "overdue_steps"
    SENTIMENT = "sentiment"
    MILESTONES = "milestones"
    LAST_CONTACT = "last_contact"


class Bands(Authored):
    """The lowest score of a band. Below yellow is red."""

    green: Points = Field(75, description="from here on it is healthy")
    yellow: Points = Field(50, description="from here on it needs attention; below it is at risk")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.yellow >= self.green:
            raise ValueError(f"yellow ({self.yellow}) must begin below green ({self.green})")
        return self


class Trend(Authored):
    """What is called a change."""

    compare_days: Days = Field(7, description="how long ago the health is that today's is compared with")
    steady_within: Points = Field(3, description="a change of at most so many points counts as no change")


class Confidence(Authored):
    """How fast data is trusted less once it is stale. It never changes the score."""

    halves_every_days: Days = Field(14, description="after each so many days more it is trusted half as much")


class Disagreement(Authored):
    """When it is said that the numbers and the CSM disagree: their bands differ, and the points by so much."""

    points: Points = Field(35, description="how far the points of the CSM's sentiment and of all else may be apart")


class OverdueStepsRule(Authored):
    """A step that was snoozed counts by the day it was due first: putting it off changes nothing here."""

    lost_for_each: Points = Field(30, description="points lost for each overdue step")
    counts_finished_for_days: Days = Field(90, description="so long finished steps count as data when none is open")


class SentimentRule(Authored):
    """What the CSM logged last."""

    points: Mapping[Sentiment, Points] = Field(
        {Sentiment.GREEN: 100, Sentiment.YELLOW: 50, Sentiment.RED: 10}, description="for each of the three"
    )
    stale_after_days: Days = Field(45, description="older than this it is trusted less")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if missing := [sentiment.value for sentiment in Sentiment if sentiment not in self.points]:
            raise ValueError(f"points are missing for {', '.join(missing)}")
        return self


class MilestonesRule(Authored):
    """Points of one milestone; the component is their mean. Planned ones that are still ahead do not count."""

    reached: Points = Field(100, description="on its day or before it")
    reached_late: Points = Field(75, description="after its day")
    late: Points = Field(40, description="its day has passed, and it is neither reached nor given up")
    missed: Points = Field(0, description="given up")
    risk: Points = Field(0, description="a milestone of kind risk that came true")
    counts_for_days: Days = Field(365, description="an older one is left out")
    stale_after_days: Days = Field(180, description="when the newest is older than this, all are trusted less")


class ContactRange(Authored):
    """Full points up to `good_days` without contact, none from `bad_days`, a straight line between."""

    good_days: Days = Field(description="up to so many days without contact cost nothing")
    bad_days: Days = Field(description="from so many days on there are no points")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.bad_days <= self.good_days:
            raise ValueError(f"bad_days ({self.bad_days}) must be more than good_days ({self.good_days})")
        return self


class LastContactRule(Authored):
    """How long ago anybody was in touch with the customer."""

    by_touch: Mapping[Touch, ContactRange] = Field(
        {Touch.HIGH: ContactRange(good_days=14, bad_days=45), Touch.LOW: ContactRange(good_days=45, bad_days=120)},
        description="a touch that is not named does not count contact",
    )


MEASURED_COMPONENTS = 20
WEIGHTS = {
    ComponentKey.OVERDUE_STEPS: 35.0,
    ComponentKey.SENTIMENT: 25.0,
    ComponentKey.MILESTONES: 20.0,
    ComponentKey.LAST_CONTACT: 20.0,
}


Curve = Annotated[list[tuple[float, Points]], Field(min_length=2, max_length=20)]


class MeasuredComponent(Authored):
    """A part of the score that is made of measured numbers: one number, or how it compares with another."""

    label: str = Field(min_length=1, max_length=40, description="its name for people: `Usage`")
    measure: Measure = Field(description="the number")
    against: Measure | None = Field(
        None, description="what it is divided by: the same earlier, or the whole it is part of"
    )
    points: Curve = Field(
        description="pairs of a value and its points, the values rising; in between points lie on a straight line, "
        "beyond the ends they stay. The value is the number, or with `against` the ratio: 0.5 is half as much"
    )
    weight: Weight = Field(10, description="how much it counts, in proportion to the other components")

    @model_validator(mode="after")
    def _values_rise(self) -> Self:
        for place, ((before, _), (value, _)) in enumerate(pairwise(self.points), start=1):
            if value <= before:
                message = f"the values must rise, and {value:g} comes after {before:g}"
                raise located_error(type(self).__name__, [(("points", place), message)])
        return self

    @property
    def measures(self) -> tuple[Measure, ...]:
        return (self.measure,) if self.against is None else (self.measure, self.against)

    def points_of(self, value: float) -> int:
        """On the straight line between the two pairs around it."""
        if value <= self.points[0][0]:
            return self.points[0][1]
        for (left, low), (right, high) in pairwise(self.points):
            if value <= right:
                return round(low + (high - low) * (value - left) / (right - left))
        return self.points[-1][1]


class HealthConfig(Authored):
    """How the health of an account is worked out. A component nobody has data for does not count."""

    bands: Bands = Field(Bands(), description="where the bands begin")
    trend: Trend = Field(Trend(), description="what is called a change")
    confidence: Confidence = Field(Confidence(), description="how far old data is trusted")
    disagreement: Disagreement = Field(Disagreement(), description="when numbers and sentiment are said to disagree")
    weights: Mapping[ComponentKey, Weight] = Field(
        WEIGHTS, description="how much what Playcall knows by itself counts, in proportion; 0 leaves it out"
    )
    measured: Mapping[FieldKey, MeasuredComponent] = Field(
        {}, description="components made of what is measured, by a key of their own: `usage`"
    )
    segments: Mapping[str, Mapping[str, Weight]] = Field(
        {}, description="for a segment, by component, the weights that are different there; 0 leaves it out"
    )
    overdue_steps: OverdueStepsRule = Field(OverdueStepsRule(), description="points for steps that are late")
    sentiment: SentimentRule = Field(SentimentRule(), description="points for what the CSM feels")
    milestones: MilestonesRule = Field(MilestonesRule(), description="points for milestones whose day has come")
    last_contact: LastContactRule = Field(LastContactRule(), description="points for being in touch")

    _known_metrics: Mapping[str, Metric] = PrivateAttr(default_factory=lambda: Metrics().known)

    def knowing(self, metrics: Metrics) -> Self:
        """The same rules, with what metrics.yaml says of the numbers they are about."""
        self._known_metrics = metrics.known
        return self

    @cached_property
    def told(self) -> tuple[tuple[str, MeasuredComponent, Metric], ...]:
        """The measured components by key, each with what is said of the number it is about."""
        known = self._known_metrics
        return tuple((key, component, known[component.measure.metric]) for key, component in self.measured.items())

    def weight(self, component: str, segment: str) -> float:
        own = self.segments.get(segment, {})
        if component in own:
            return own[component]
        measured = self.measured.get(component)
        return measured.weight if measured else self.weights.get(ComponentKey(component), 0.0)

    @cached_property
    def measures(self) -> tuple[Measure, ...]:
        """Every number that any component asks for, once."""
        asked = (measure for component in self.measured.values() for measure in component.measures)
        return tuple(dict.fromkeys(asked))

    @model_validator(mode="after")
    def _room_and_names(self) -> Self:
        problems: list[Complaint] = [
            (("measured", key), f"{key} is the key of a component that Playcall has by itself: choose another")
            for key in self.measured
            if key in set(ComponentKey)
        ]
        if len(self.measured) > MEASURED_COMPONENTS:
            problems.append((("measured",), f"at most {MEASURED_COMPONENTS} components can be measured"))
        if complaints := [*problems, *self._unknown_components()]:
            raise located_error(type(self).__name__, complaints)
        return self

    def _unknown_components(self) -> Iterator[Complaint]:
        known = [*ComponentKey, *self.measured]
        for segment, weights in self.segments.items():
            for key in weights:
                if key not in known:
                    yield ("segments", segment, key), unknown_name("component", key, known)

    @model_validator(mode="after")
    def _something_counts(self) -> Self:
        for segment in ["", *self.segments]:
            if not any(self.weight(component, segment) for component in (*ComponentKey, *self.measured)):
                whom = segment or "the segments without weights of their own"
                raise ValueError(f"all weights are 0 for {whom}: nothing would count")
        return self


def load_health_config(
    directory: Path, segments: Collection[str] = tuple(Segment), metrics: Metrics | None = None
) -> HealthConfig:
    """The rules of a playbooks directory; the default where it has none. Raises ConfigurationError with the line."""
    known = metrics or load_metrics(directory)

    def complaints(config: HealthConfig) -> list[Complaint]:
        unknown = [segment for segment in config.segments if segment not in segments]
        unserved = [(("segments", segment), unknown_name("segment", segment, segments)) for segment in unknown]
        return [*unserved, *_measure_complaints(config, known)]

    return load_configuration(directory / "health.yaml", HealthConfig, complaints).knowing(known)


def _measure_complaints(config: HealthConfig, metrics: Metrics) -> Iterator[Complaint]:
    for key, component in config.measured.items():
        for name in ("measure", "against"):
            measure: Measure | None = getattr(component, name)
            where: Location = ("measured", key, name, "metric")
            if measure is None:
                continue
            if measure.metric == HEALTH:
                yield where, "health cannot be a part of itself"
            elif unknown := unknown_metric(measure, metrics):
                yield where, unknown
            elif measure.take is not Take.COUNT and not metrics.known[measure.metric].has_number:
                yield where, f"{measure.metric} is told in words and has no number; only `take: count` counts it"
