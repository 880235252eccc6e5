"""Measures of one account, for answers to a click: one statement for all of them, made once.

`bot.signals.windows` does the same for many accounts. Here each number is looked up by itself in the index, so that two
years of daily signals cost no more than a week's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    Float,
    Integer,
    String,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    null,
    select,
    union_all,
)
from sqlmodel import col

from bot.db import Reader
from bot.library.measures import HEALTH, Measure, Take
from bot.models import Signal
from bot.models.columns import UtcDateTime
from bot.prepared import Prepared
from bot.signals.windows import Measured

KEPT_STATEMENTS = 16  # one for each set of measures that is asked for: health, the list of metrics, ...


async def load_account_measures(
    reader: Reader, account_id: int, measures: Sequence[Measure], now: datetime
) -> Mapping[Measure, Measured]:
    """What these measures of an account come to at `now`; what is not known is left out.

    Of signals only, not of the history of health. The measures should be the same from call to call: a statement is
    made for each set of them. Of several signals taken together the source is told when they have the same.
    """
    if not measures:
        return {}
    asked = _asked(tuple(measures))
    parameters: dict[str, Any] = {name: now - before for name, before in asked.moments.items()}
    rows = await asked.prepared.rows(reader, parameters | {"account_id": account_id})
    found = {}
    for row in rows:
        if row.number is not None or row.label is not None:
            measure = asked.measures[row.place]
            as_of = row.observed_at or parameters[_until(measure)]
            found[measure] = Measured(row.number, as_of, row.label, row.source)
    return found


@dataclass(frozen=True, slots=True)
class _Asked:
    """A set of measures, the statement for them, and by parameter how long before now each moment lies."""

    measures: tuple[Measure, ...]
    prepared: Prepared
    moments: Mapping[str, timedelta]


def _until(measure: Measure) -> str:
    return f"until_{measure.ago}"


def _since(measure: Measure) -> str:
    return f"since_{measure.over}_{measure.ago}"


@lru_cache(maxsize=KEPT_STATEMENTS)
def _asked(measures: tuple[Measure, ...]) -> _Asked:
    if any(measure.metric == HEALTH for measure in measures):
        raise ValueError("health is no signal: ask load_measures for it")
    ends = {_until(measure): timedelta(days=measure.ago) for measure in measures}
    beginnings = {_since(measure): measure.reach for measure in measures}
    statement = Prepared(lambda: union_all(*(_part(place, measure) for place, measure in enumerate(measures))))
    return _Asked(measures, statement, ends | beginnings)


def _part(place: int, measure: Measure) -> Any:
    mark = literal_column(str(place), Integer).label("place")
    return _latest(mark, measure) if measure.take is Take.LAST else _taken(mark, measure)


def _latest(mark: Any, measure: Measure) -> Any:
    newest = (
        select(col(Signal.id))
        .where(_within(measure))
        .order_by(col(Signal.observed_at).desc(), col(Signal.id).desc())
        .limit(1)
        .scalar_subquery()
    )
    columns = (Signal.number, Signal.observed_at, Signal.label, Signal.source)
    return select(mark, *map(col, columns)).where(col(Signal.id) == newest)


def _taken(mark: Any, measure: Measure) -> Any:
    number: Any = {
        Take.MEAN: func.avg(col(Signal.number)),
        Take.SUM: func.sum(col(Signal.number)),
        Take.SMALLEST: func.min(col(Signal.number)),
        Take.LARGEST: func.max(col(Signal.number)),
        Take.COUNT: func.count(),
    }[measure.take]
    return select(
        mark,
        cast(number, Float).label("number"),
        func.max(col(Signal.observed_at), type_=UtcDateTime).label("observed_at"),
        cast(null(), String).label("label"),
        case((func.min(col(Signal.source)) == func.max(col(Signal.source)), func.max(col(Signal.source)))).label(
            "source"
        ),
    ).where(_within(measure))


def _within(measure: Measure) -> Any:
    """The signals of a window: observed after its beginning, up to and including its end."""
    window = and_(
        col(Signal.account_id) == bindparam("account_id"),
        col(Signal.kind) == measure.metric,
        col(Signal.observed_at) > bindparam(_since(measure)),
        col(Signal.observed_at) <= bindparam(_until(measure)),
    )
    return window if measure.label is None else and_(window, col(Signal.label) == measure.label)
