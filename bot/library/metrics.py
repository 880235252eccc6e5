"""What is measured, playbooks/metrics.yaml: each kind of signal, what it means, and when it is too old to go by."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from bot.library.authored import Authored, FieldKey, Owner
from bot.library.configuration import load_configuration
from bot.library.references import located_error
from bot.models import MemberRole, SignalKind


class MetricUnit(StrEnum):
    COUNT = "count"
    PERCENT = "percent"
    SCORE = "score"
    DAYS = "days"
    HOURS = "hours"
    MONEY = "money"  # whole units of the account's currency
    WORDS = "words"  # it has a label and no number: a change of sponsor, a billing state


class Good(StrEnum):
    """Which way is good."""

    UP = "up"
    DOWN = "down"
    NEITHER = "neither"


class Metric(Authored):
    """One kind of signal."""

    title: str = Field(min_length=1, max_length=60, description="its name for people: `Active users`")
    definition: str = Field(
        min_length=1, max_length=300, description="what exactly is counted, shown wherever the number is"
    )
    unit: MetricUnit = Field(MetricUnit.COUNT, description="what its number is in")
    good: Good = Field(Good.NEITHER, description="which way is good: `up`, `down` or `neither`")
    of: str = Field(
        "account",
        pattern="^(account|contact)$",
        description="whom it is measured of; a contact's counts for its account",
    )
    labelled: str | None = Field(
        None, max_length=40, description="what its label names, where one is needed: `feature`, `severity`"
    )
    stale_after_days: int = Field(14, ge=1, le=3650, description="older than this it is no longer trusted fully")
    minimum: float | None = Field(None, description="a smaller number is a mistake of the sender")
    maximum: float | None = Field(None, description="a larger number is a mistake of the sender")

    @model_validator(mode="after")
    def _bounds_in_order(self) -> Self:
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise ValueError(f"the minimum ({self.minimum}) is above the maximum ({self.maximum})")
        return self

    @property
    def has_number(self) -> bool:
        return self.unit is not MetricUnit.WORDS


def _own_metrics() -> dict[str, Metric]:
    """Those that Playcall itself writes: there also without the file."""
    return {
        SignalKind.SENTIMENT: Metric(
            title="Sentiment",
            definition="How the CSM feels about the account, as last logged with /account sentiment.",
            unit=MetricUnit.WORDS,
            stale_after_days=45,
        ),
        SignalKind.NPS: Metric(
            title="NPS answer",
            definition="How likely a contact is to recommend us, from 0 to 10.",
            unit=MetricUnit.SCORE,
            good=Good.UP,
            of="contact",
            stale_after_days=120,
            minimum=0,
            maximum=10,
        ),
        SignalKind.ARR: Metric(
            title="ARR",
            definition="Annual recurring revenue in the account's currency, at each change; 0 once it churned.",
            unit=MetricUnit.MONEY,
            good=Good.UP,
            stale_after_days=3650,
            minimum=0,
        ),
        SignalKind.SPONSOR_CHANGE: Metric(
            title="Sponsor change",
            definition="An executive sponsor came, left or lost the role.",
            unit=MetricUnit.WORDS,
            stale_after_days=3650,
        ),
    }


class Metrics(Authored):
    """The kinds of signal that are taken in. One that is not named is refused, so that a typing error is noticed."""

    owner: Owner = Field(
        MemberRole.ADMIN,
        description="who answers for the data: gets the weekly check, hears what is wrong; nobody there: the leaders",
    )
    metrics: Mapping[FieldKey, Metric] = Field({}, description="by key, as senders write it: `active_users`")

    @model_validator(mode="after")
    def _room_for_keys(self) -> Self:
        if len(self.metrics) > 200:
            raise located_error(type(self).__name__, [(("metrics",), "at most 200 metrics can be named")])
        return self

    @property
    def known(self) -> Mapping[str, Metric]:
        return {**_own_metrics(), **self.metrics}

    def title(self, key: str) -> str:
        """What people call it; the key's own words for one that has since been taken out."""
        metric = self.known.get(key)
        return metric.title if metric else key.replace("_", " ")

    def name(self, key: str) -> str:
        """The title amid a sentence: `active users`, `NPS answer`."""
        title = self.title(key)
        return title if title[:2].isupper() else title[:1].lower() + title[1:]


def load_metrics(directory: Path) -> Metrics:
    """The metrics of a playbooks directory; only Playcall's own where it has no file."""
    return load_configuration(directory / "metrics.yaml", Metrics)
