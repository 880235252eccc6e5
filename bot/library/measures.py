"""Measures: what rules, health and checks ask of the signals. `mean of active_users over 28 days, until 7 days ago`."""

from datetime import timedelta
from enum import StrEnum

from pydantic import Field, model_validator

from bot.library.authored import Authored, FieldKey
from bot.library.metrics import Metrics
from bot.library.nearness import unknown_name


class Take(StrEnum):
    """How the signals of a window become one number."""

    LAST = "last"
    MEAN = "mean"
    SUM = "sum"
    SMALLEST = "smallest"
    LARGEST = "largest"
    COUNT = "count"  # of signals; known, and 0, where there are none


HEALTH = "health"
"""The one metric that is no signal: the score of each day, from the history of health."""


class Measure(Authored):
    """One number about an account, or a contact, from its signals in a window of time.

    It is not known where the window holds no signal, except a count; a condition that asks for it does not hold then.
    """

    metric: FieldKey = Field(description="one of metrics.yaml, or `health`")
    take: Take = Field(Take.LAST, description="how the signals of the window become one number")
    over: int = Field(30, ge=1, le=730, description="how long the window is, in days")
    ago: int = Field(0, ge=0, le=730, description="how many days ago the window ends; 0: now")
    label: str | None = Field(None, max_length=200, description="only signals with this label: `reports`, `urgent`")

    @model_validator(mode="after")
    def _health_has_no_label(self) -> "Measure":
        if self.metric == HEALTH and self.label:
            raise ValueError("health has no labels")
        return self

    def earlier(self, days: int) -> "Measure":
        """The same of a window that ends so many days before."""
        return self.model_copy(update={"ago": self.ago + days}) if days else self

    @property
    def reach(self) -> timedelta:
        """How far back it looks."""
        return timedelta(days=self.over + self.ago)

    def words(self, metrics: Metrics) -> str:
        """`mean of active users over 28 days, until 7 days ago`."""
        title = "health" if self.metric == HEALTH else metrics.name(self.metric)
        what = title if self.take is Take.LAST else f"{self.take.value} of {title}"
        labelled = f" ({self.label})" if self.label else ""
        window = "" if self.take is Take.LAST else f" over {_days(self.over)}"
        until = f", until {_days(self.ago)} ago" if self.ago else ""
        return f"{what}{labelled}{window}{until}"


def unknown_metric(measure: Measure, metrics: Metrics) -> str | None:
    """What is wrong with the metric a measure names, with the nearest name; None when nothing is."""
    if measure.metric == HEALTH or measure.metric in metrics.known:
        return None
    return unknown_name("metric", measure.metric, sorted({*metrics.known, HEALTH}))


def _days(number: int) -> str:
    return "1 day" if number == 1 else f"{number} days"
