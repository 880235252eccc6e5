"""A signal as somebody sends it, and whether it can be taken in. What is wrong is one sentence for the sender."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Annotated, Any
from uuid import uuid4

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from bot.library.metrics import Metric
from bot.library.nearness import unknown_name
from bot.models import Sentiment, SignalKind

SKEW = timedelta(minutes=5)  # how far a sender's clock may be ahead; such a time counts as now
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LARGEST = 1e15  # beyond it a float cannot tell whole numbers apart

EXPECTED: Mapping[str, str] = {
    "account": "give the account's key, domain or external id, of at most 320 characters",
    "kind": "give one of the metrics in metrics.yaml, such as active_users",
    "number": "give a number such as 42 or 3.5, without quotes",
    "label": "give a text of at most 200 characters",
    "comment": "give a text of at most 3,000 characters",
    "contact": "give the contact's email or external id, of at most 320 characters",
    "observed_at": "give a time such as 2026-03-01T09:30:00Z",
    "source": "give a text of at most 80 characters",
    "external_id": "give a text of at most 200 characters",
}


def _sayable(text: str) -> str:
    if "\0" in text:  # PostgreSQL keeps no such text
        raise ValueError("a text cannot hold a NUL character")
    return text


def _plain_id(value: Any) -> Any:
    """Ids are numbers in many systems."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _instant(value: Any) -> Any:
    """A time that says no zone is taken as UTC; a day is its beginning."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value.strip())
    if not isinstance(value, datetime):
        raise ValueError("not a time")
    try:
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    except OverflowError as error:
        raise ValueError("beyond the calendar") from error


Sayable = AfterValidator(_sayable)
PlainId = BeforeValidator(_plain_id)
Reference = Annotated[str, Field(min_length=1, max_length=320), Sayable, PlainId]
Identifier = Annotated[str, Field(min_length=1, max_length=200), Sayable, PlainId]
Source = Annotated[str, Field(min_length=1, max_length=80), Sayable]
Kind = Annotated[str, Field(min_length=1, max_length=40), Sayable]
Label = Annotated[str, Field(min_length=1, max_length=200), Sayable]
Comment = Annotated[str, Field(min_length=1, max_length=3000), Sayable]
Number = Annotated[float, Field(allow_inf_nan=False, ge=-LARGEST, le=LARGEST)]
Instant = Annotated[datetime, BeforeValidator(_instant)]


class SentSignal(BaseModel):
    """One fact about an account: what was measured, of whom, and when."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    account: Reference = Field(
        description="The account: its key, its domain (or an email in it), or the id it has at the source. "
        "`hubspot:123` is the account with the external id 123 of hubspot."
    )
    kind: Kind = Field(description="What is measured: one of metrics.yaml.")
    number: Number | None = Field(
        None, description="What was measured, in the unit of its metric. Left out for a metric in words."
    )
    label: Label | None = Field(None, description="What it is about (a feature, a severity), or an answer in words.")
    comment: Comment | None = Field(None, description="What somebody wrote with it.")
    contact: Reference | None = Field(
        None, description="Of whom it is: an email, or the id the contact has at the source."
    )
    observed_at: Instant | None = Field(
        None, description="When it was so (ISO 8601, UTC where it names no zone). Left out: now."
    )
    source: Source | None = Field(None, description="The system it comes from. Left out: the name of the API token.")
    external_id: Identifier | None = Field(
        None, description="What the source calls it. The same one again is a duplicate. Left out: made from the rest."
    )


def read_sent(raw: Any) -> SentSignal | str:
    """The signal in a JSON value, or the sentence that says what is wrong with it."""
    if not isinstance(raw, Mapping):
        return "A signal is an object with account, kind and number."
    try:
        return SentSignal.model_validate(raw)
    except ValidationError as error:
        return _sentence(error)


def _sentence(error: ValidationError) -> str:
    mistakes = []
    for one in error.errors(include_url=False, include_context=False):
        name = str(one["loc"][0]) if one["loc"] else "signal"
        if one["type"] == "missing":
            mistakes.append(f"{name} is missing: {EXPECTED.get(name, 'give it')}")
        elif one["type"] == "extra_forbidden":
            mistakes.append(f"{name[:40]!r} is no field of a signal: there are {', '.join(SentSignal.model_fields)}")
        else:
            mistakes.append(f"{name}: {EXPECTED.get(name, one['msg'])}")
    return f"{'; '.join(dict.fromkeys(mistakes[:3]))}."


@dataclass(slots=True)
class Checked:
    """A signal that can be taken in. `external_id` is always there; `note` says what was made of it on the way."""

    sent: SentSignal
    source: str
    external_id: str
    observed_at: datetime
    note: str | None = None

    @property
    def key(self) -> tuple[str, str]:
        return self.source, self.external_id

    @property
    def reference(self) -> tuple[str, str]:
        """The source, and how it calls the account."""
        return self.source, self.sent.account


def check_signal(sent: SentSignal, known: Mapping[str, Metric], now: datetime, source: str) -> Checked | str:
    """The signal ready to be kept, or what is wrong with it. `known` are the metrics by key, `source` the default."""
    metric = known.get(sent.kind)
    if metric is None:
        return f"kind: {unknown_name('metric', sent.kind, sorted(known))}."
    if mistake := _measured_mistake(sent, metric):
        return mistake
    observed_at = sent.observed_at or now
    if observed_at > now + SKEW:
        return (
            f"observed_at: {observed_at:%Y-%m-%dT%H:%M:%SZ} is in the future (here it is {now:%Y-%m-%dT%H:%M:%SZ}). "
            "Check the sender's clock and time zone."
        )
    if observed_at < EARLIEST:
        return f"observed_at: {observed_at.isoformat()} is before 1970. Check the sender's unit of time."
    named = sent.source or source
    checked = Checked(sent, named, sent.external_id or _made_id(sent), observed_at)
    if observed_at > now:
        ahead = (observed_at - now).total_seconds()
        checked.observed_at, checked.note = now, f"observed_at is {ahead:.0f} s ahead of the clock here: taken as now."
    return checked


def _measured_mistake(sent: SentSignal, metric: Metric) -> str | None:
    """What is wrong with number, label and contact, going by the metric."""
    kind, number = sent.kind, sent.number
    if not metric.has_number:
        if number is not None:
            return f"number: {kind} is told in words, so leave the number out and give a label."
        if sent.label is None:
            return f"label: {kind} is told in words, so it needs a label."
    elif number is None:
        return f"number is missing: {EXPECTED['number']}."
    else:
        if metric.minimum is not None and number < metric.minimum:
            return f"number: {number:g} is below the smallest {kind} there can be, {metric.minimum:g}."
        if metric.maximum is not None and number > metric.maximum:
            return f"number: {number:g} is above the largest {kind} there can be, {metric.maximum:g}."
        if kind == SignalKind.NPS and not number.is_integer():
            return f"number: {number:g} is not a whole number; an NPS answer is one from 0 to 10."
        if kind == SignalKind.ARR and number > 2_000_000_000:
            return "number: an ARR is at most 2,000,000,000."
    if metric.labelled and sent.label is None:
        return f"label: {kind} needs one, the {metric.labelled}."
    if metric.of == "contact" and sent.contact is None:
        return f"contact: {kind} is measured of a person, so give their email or external id."
    if kind == SignalKind.SENTIMENT and sent.label not in set(Sentiment):
        return f"label: a sentiment is {', '.join(Sentiment)}."
    return None


def _made_id(sent: SentSignal) -> str:
    """An id that the same fact sent again has again. One without a time cannot be told from a second one alike."""
    if sent.observed_at is None:
        return uuid4().hex
    parts = (sent.account, sent.contact, sent.kind, sent.label, sent.number, sent.comment, sent.observed_at.isoformat())
    return "made:" + sha256(repr(parts).encode()).hexdigest()[:40]
