"""Measures of many accounts at once: one statement for each window, however many accounts and metrics are asked for."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, func, select
from sqlalchemy.orm import aliased
from sqlmodel import col

from bot.db import Reader
from bot.library.measures import HEALTH, Measure, Take
from bot.models import Account, Contact, HealthSnapshot, Signal

_TOLD = (Signal.kind, Signal.label, Signal.number, Signal.source, Signal.observed_at)

Window = tuple[int, int]  # a measure's `over` and `ago`


@dataclass(frozen=True, slots=True)
class Measured:
    """What a measure came to. `number` is None for a label without a number.

    `as_of` is when the newest signal in it was observed; for a count of nothing, the window's end. Label and source are
    those of the last signal, and None where several were taken together.
    """

    number: float | None
    as_of: datetime
    label: str | None = None
    source: str | None = None


Measurements = dict[int, dict[Measure, Measured]]
"""By account (or contact) id; what is not known is left out."""


async def load_measures(
    reader: Reader,
    subject_ids: Collection[int],
    measures: Iterable[Measure],
    now: datetime,
    *,
    of_contacts: bool = False,
) -> Measurements:
    """Take the measures of these accounts, or contacts, as they stood at `now`.

    A signal counts when it was observed, not when it came in: a late one changes what is measured, one that was
    observed after `now` does not count. An account's measures take in the signals of its contacts. Of every account
    asked for there is an entry, if an empty one.
    """
    found: Measurements = {id_: {} for id_ in subject_ids}
    if not found:
        return found
    subject = col(Signal.contact_id if of_contacts else Signal.account_id)
    for (over, ago), group in _by_window(measures).items():
        until = now - timedelta(days=ago)
        span = (until - timedelta(days=over), until)
        signals = [measure for measure in group if measure.metric != HEALTH]
        if latest := [measure for measure in signals if measure.take is Take.LAST]:
            for query in _latest(subject, found, latest, span):
                _add_latest(found, latest, await _rows(reader, query))
        if taken := [measure for measure in signals if measure.take is not Take.LAST]:
            _add_taken(found, taken, await _rows(reader, _taken(subject, found, taken, span)), until)
        if (healths := [measure for measure in group if measure.metric == HEALTH]) and not of_contacts:
            _add_health(found, healths, await _rows(reader, _health(found, span)), until)
    return found


def _by_window(measures: Iterable[Measure]) -> Mapping[Window, list[Measure]]:
    windows: dict[Window, list[Measure]] = defaultdict(list)
    for measure in dict.fromkeys(measures):
        windows[measure.over, measure.ago].append(measure)
    return windows


async def _rows(reader: Reader, query: Select[*tuple[Any, ...]]) -> list[Row[Any]]:
    return list((await reader.execute(query)).all())


def _within(
    subject: Any, found: Measurements, measures: Collection[Measure], span: tuple[datetime, datetime]
) -> ColumnElement[bool]:
    """The signals of a window: observed after its beginning, up to and including its end."""
    return and_(
        subject.in_(list(found)),
        col(Signal.kind).in_(sorted({measure.metric for measure in measures})),
        col(Signal.observed_at) > span[0],
        col(Signal.observed_at) <= span[1],
    )


def _is_labelled(measures: Collection[Measure]) -> bool:
    return any(measure.label is not None for measure in measures)


def _latest(
    subject: Any, found: Measurements, measures: Collection[Measure], span: tuple[datetime, datetime]
) -> Iterator[Select[Any]]:
    """The last signal of each kind, and where one is asked for of each label; of two at one time the last to come.

    Of a kind without labels it is looked up by the index for each subject, however long the window is.
    """
    labelled = {measure.metric for measure in measures if measure.label is not None}
    for kind in sorted({measure.metric for measure in measures} - labelled):
        yield _last_of(subject, found, kind, span)
    if of_labels := [measure for measure in measures if measure.metric in labelled]:
        yield _last_of_labels(subject, found, of_labels, span)


def _last_of(subject: Any, found: Measurements, kind: str, span: tuple[datetime, datetime]) -> Select[Any]:
    whose: Any = aliased(Contact if subject.key == "contact_id" else Account)
    last: Any = aliased(Signal)
    newest = (
        select(last.id)
        .where(
            getattr(last, subject.key) == whose.id,
            last.kind == kind,
            last.observed_at > span[0],
            last.observed_at <= span[1],
        )
        .order_by(last.observed_at.desc(), last.id.desc())
        .limit(1)
        .scalar_subquery()
        .correlate(whose)
    )
    columns: list[Any] = [whose.id.label("subject_id"), *map(col, _TOLD)]
    return select(*columns).join(Signal, col(Signal.id) == newest).where(whose.id.in_(list(found)))


def _last_of_labels(
    subject: Any, found: Measurements, measures: Collection[Measure], span: tuple[datetime, datetime]
) -> Select[Any]:
    alike = [subject, col(Signal.kind), col(Signal.label)]
    place = func.row_number().over(partition_by=alike, order_by=[col(Signal.observed_at).desc(), col(Signal.id).desc()])
    ranked = (
        select(
            subject.label("subject_id"),
            *map(col, _TOLD),
            place.label("place"),
        )
        .where(_within(subject, found, measures, span))
        .subquery()
    )
    return select(ranked).where(ranked.c.place == 1).order_by(ranked.c.observed_at)


def _told(row: Row[Any]) -> tuple[Any, ...]:
    """Without the place, where there is one."""
    return tuple(row[:6])


def _add_latest(found: Measurements, measures: Collection[Measure], rows: Iterable[Row[Any]]) -> None:
    by_kind = _by_kind(measures)
    for subject_id, kind, label, number, source, observed_at in map(_told, rows):
        for measure in by_kind[kind]:  # the oldest first: of several labels the newest stays where none is asked for
            if measure.label is None or measure.label == label:
                found[subject_id][measure] = Measured(number, observed_at, label, source)


def _taken(
    subject: Any, found: Measurements, measures: Collection[Measure], span: tuple[datetime, datetime]
) -> Select[Any]:
    alike: list[Any] = [subject.label("subject_id"), col(Signal.kind)]
    if _is_labelled(measures):
        alike.append(col(Signal.label))
    return (
        select(
            *alike,
            func.count().label("number_of_signals"),
            func.count(col(Signal.number)).label("number_of_numbers"),
            func.sum(Signal.number).label("total"),
            func.min(Signal.number).label("smallest"),
            func.max(Signal.number).label("largest"),
            func.max(Signal.observed_at).label("observed_at"),
        )
        .where(_within(subject, found, measures, span))
        .group_by(*alike)
    )


@dataclass
class _Tally:
    """What the signals of one window and kind come to, of one label or of all of them."""

    signals: int = 0
    numbers: int = 0
    total: float = 0
    smallest: float | None = None
    largest: float | None = None
    as_of: datetime | None = None

    def add(self, row: Row[Any]) -> None:
        self.signals += row.number_of_signals
        self.numbers += row.number_of_numbers
        self.as_of = max(filter(None, (self.as_of, row.observed_at)))
        if row.number_of_numbers:
            self.total += row.total
            self.smallest = row.smallest if self.smallest is None else min(self.smallest, row.smallest)
            self.largest = row.largest if self.largest is None else max(self.largest, row.largest)

    def take(self, take: Take) -> float | None:
        if take is Take.COUNT:
            return self.signals
        if not self.numbers:
            return None
        return {
            Take.MEAN: self.total / self.numbers,
            Take.SUM: self.total,
            Take.SMALLEST: self.smallest,
            Take.LARGEST: self.largest,
        }[take]


def _add_taken(found: Measurements, measures: Collection[Measure], rows: Iterable[Row[Any]], until: datetime) -> None:
    by_kind = _by_kind(measures)
    is_labelled = _is_labelled(measures)
    if is_labelled:
        _add_tallies(found, by_kind, rows, until)
    else:
        _add_whole(found, by_kind, rows)
    for measure in measures:
        if measure.take is Take.COUNT:
            for known in found.values():
                known.setdefault(measure, Measured(0, until))


def _add_whole(found: Measurements, by_kind: Mapping[str, list[Measure]], rows: Iterable[Row[Any]]) -> None:
    """Of signals without labels there is one row for each subject and kind."""
    for subject_id, kind, signals, numbers, total, smallest, largest, observed_at in map(tuple, rows):
        for measure in by_kind[kind]:
            if measure.take is Take.COUNT:
                found[subject_id][measure] = Measured(signals, observed_at)
            elif numbers:
                number = {
                    Take.MEAN: total / numbers,
                    Take.SUM: total,
                    Take.SMALLEST: smallest,
                    Take.LARGEST: largest,
                }[measure.take]
                found[subject_id][measure] = Measured(number, observed_at)


def _add_tallies(
    found: Measurements, by_kind: Mapping[str, list[Measure]], rows: Iterable[Row[Any]], until: datetime
) -> None:
    tallies: dict[tuple[int, Measure], _Tally] = defaultdict(_Tally)
    for row in rows:
        for measure in by_kind[row.kind]:
            if measure.label is None or measure.label == row.label:
                tallies[row.subject_id, measure].add(row)
    for (subject_id, measure), tally in tallies.items():
        if (number := tally.take(measure.take)) is not None:
            found[subject_id][measure] = Measured(number, tally.as_of or until)


def _health(found: Measurements, span: tuple[datetime, datetime]) -> Select[int, date, int]:
    """Each day's score counts from the end of its day (UTC), when it is kept."""
    day = col(HealthSnapshot.day)
    return (
        select(col(HealthSnapshot.account_id), day, col(HealthSnapshot.score))
        .where(col(HealthSnapshot.account_id).in_(list(found)), day > span[0].date(), day <= span[1].date())
        .order_by(day)
    )


def _add_health(found: Measurements, measures: Collection[Measure], rows: Iterable[Row[Any]], until: datetime) -> None:
    scores: dict[int, list[Row[Any]]] = defaultdict(list)
    for row in rows:
        scores[row.account_id].append(row)
    for account_id, kept in scores.items():
        as_of = datetime.combine(kept[-1].day, time(), UTC)
        numbers = [row.score for row in kept]
        for measure in measures:
            found[account_id][measure] = Measured(_taken_of(numbers, measure.take), as_of)
    for measure in measures:
        if measure.take is Take.COUNT:
            for known in found.values():
                known.setdefault(measure, Measured(0, until))


def _taken_of(numbers: list[int], take: Take) -> float:
    """Of at least one number, in the order of time."""
    if take is Take.LAST:
        return numbers[-1]
    if take is Take.MEAN:
        return sum(numbers) / len(numbers)
    return {Take.SUM: sum(numbers), Take.SMALLEST: min(numbers), Take.LARGEST: max(numbers), Take.COUNT: len(numbers)}[
        take
    ]


def _by_kind(measures: Collection[Measure]) -> Mapping[str, list[Measure]]:
    kinds: dict[str, list[Measure]] = defaultdict(list)
    for measure in measures:
        kinds[measure.metric].append(measure)
    return kinds
