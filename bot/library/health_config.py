"""How health is computed, playbooks/health.yaml: what counts how much, and where the bands begin."""

from collections.abc import Collection, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from bot.library.configuration import load_configuration
from bot.library.nearness import unknown_name
from bot.library.references import Complaint
from bot.library.schema import Authored
from bot.models import Segment, Sentiment, Touch

Points = Annotated[int, Field(ge=0, le=100)]
Weight = Annotated[float, Field(ge=0, le=1000)]
Days = Annotated[int, Field(ge=1, le=3650)]


class ComponentKey(StrEnum):
    OVERDUE_STEPS = "overdue_steps"
    SENTIMENT = "sentiment"
    MILESTONES = "milestones"
    LAST_CONTACT = "last_contact"


class Bands(Authored):
    """The lowest score of a band. Below yellow is red."""

    green: Points = 75
    yellow: Points = 50

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.yellow >= self.green:
            raise ValueError(f"yellow ({self.yellow}) must begin below green ({self.green})")
        return self


class Trend(Authored):
    compare_days: Days = Field(7, description="how long ago the health is that today's is compared with")
    steady_within: Points = Field(3, description="a change of at most so many points counts as no change")


class OverdueStepsRule(Authored):
    lost_for_each: Points = Field(30, description="points lost for each overdue step")
    counts_finished_for_days: Days = Field(90, description="so long finished steps count as data when none is open")


class SentimentRule(Authored):
    points: Mapping[Sentiment, Points] = Field({Sentiment.GREEN: 100, Sentiment.YELLOW: 50, Sentiment.RED: 10})
    stale_after_days: Days = 45

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if missing := [sentiment.value for sentiment in Sentiment if sentiment not in self.points]:
            raise ValueError(f"points are missing for {', '.join(missing)}")
        return self


class MilestonesRule(Authored):
    """Points of one milestone; the component is their mean. Planned ones that are still ahead do not count."""

    reached: Points = 100
    reached_late: Points = 75
    late: Points = Field(40, description="its day has passed, and it is neither reached nor given up")
    missed: Points = 0
    risk: Points = Field(0, description="a milestone of kind risk that came true")
    counts_for_days: Days = 365
    stale_after_days: Days = 180


class ContactRange(Authored):
    """Full points up to `good_days` without contact, none from `bad_days`, a straight line between."""

    good_days: Days
    bad_days: Days

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.bad_days <= self.good_days:
            raise ValueError(f"bad_days ({self.bad_days}) must be more than good_days ({self.good_days})")
        return self


class LastContactRule(Authored):
    by_touch: Mapping[Touch, ContactRange] = Field(
        {Touch.HIGH: ContactRange(good_days=14, bad_days=45), Touch.LOW: ContactRange(good_days=45, bad_days=120)},
        description="a touch that is not named does not count contact",
    )


WEIGHTS = {
    ComponentKey.OVERDUE_STEPS: 35.0,
    ComponentKey.SENTIMENT: 25.0,
    ComponentKey.MILESTONES: 20.0,
    ComponentKey.LAST_CONTACT: 20.0,
}


class HealthConfig(Authored):
    bands: Bands = Bands()
    trend: Trend = Trend()
    weights: Mapping[ComponentKey, Weight] = Field(WEIGHTS, description="how much a component counts, in proportion")
    segments: Mapping[str, Mapping[ComponentKey, Weight]] = Field(
        {}, description="weights that are different for a segment"
    )
    overdue_steps: OverdueStepsRule = OverdueStepsRule()
    sentiment: SentimentRule = SentimentRule()
    milestones: MilestonesRule = MilestonesRule()
    last_contact: LastContactRule = LastContactRule()

    def weight(self, component: ComponentKey, segment: str) -> float:
        own = self.segments.get(segment, {})
        return own.get(component, self.weights.get(component, 0.0))

    @model_validator(mode="after")
    def _something_counts(self) -> Self:
        for segment in ["", *self.segments]:
            if not any(self.weight(component, segment) for component in ComponentKey):
                whom = segment or "the segments without weights of their own"
                raise ValueError(f"all weights are 0 for {whom}: nothing would count")
        return self


def load_health_config(directory: Path, segments: Collection[str] = tuple(Segment)) -> HealthConfig:
    """The rules of a playbooks directory; the default where it has none. Raises ConfigurationError with the line."""

    def complaints(config: HealthConfig) -> list[Complaint]:
        unknown = [segment for segment in config.segments if segment not in segments]
        return [(("segments", segment), unknown_name("segment", segment, segments)) for segment in unknown]

    return load_configuration(directory / "health.yaml", HealthConfig, complaints)
