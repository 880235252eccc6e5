"""Every number that is measured of an account, with its trend, its age, its source and its definition."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from bot.db import Reader
from bot.engine.actors import Actor
from bot.engine.permissions import may_see_arr
from bot.library.measures import Measure, Take
from bot.library.metrics import Good, Metric, Metrics, MetricUnit
from bot.models import SignalKind
from bot.reports.account_head import AccountHead
from bot.reports.health_view import age_words
from bot.signals.account_measures import load_account_measures
from bot.signals.numbers import change_words, number_words
from bot.signals.windows import Measured
from bot.slack.metrics_view import MetricRow, MetricsView
from bot.slack.text import money_words

PAGE_METRICS = 12
KNOWN_FOR, WEEK, MONTH = 730, 7, 28  # days


async def read_metrics(
    reader: Reader, metrics: Metrics, account: AccountHead, actor: Actor, now: datetime, page: int = 1
) -> MetricsView:
    """`page` counts from 1; one after the last is the last. ARR is left out for those who may not see it."""
    shown = {
        key: metric
        for key, metric in metrics.known.items()
        if key != SignalKind.ARR or may_see_arr(actor, account.roles)
    }
    asked = [measure for key, metric in shown.items() for measure in _measures(key, metric)]
    found = await load_account_measures(reader, account.id, asked, now)
    rows = list(_rows(account, shown, found, now))
    pages = max(1, -(-len(rows) // PAGE_METRICS))
    here = min(max(1, page), pages)
    return MetricsView(
        account_id=account.id,
        name=account.name,
        key=account.key,
        rows=tuple(rows[(here - 1) * PAGE_METRICS : here * PAGE_METRICS]),
        unknown=tuple(metric.title for key, metric in shown.items() if _last(key) not in found),
        page=here,
        pages=pages,
    )


def _last(key: str) -> Measure:
    return Measure(metric=key, over=KNOWN_FOR)


def _week(key: str) -> Measure:
    return Measure(metric=key, take=Take.MEAN, over=WEEK)


def _month(key: str) -> Measure:
    return Measure(metric=key, take=Take.MEAN, over=MONTH, ago=WEEK)


def _measures(key: str, metric: Metric) -> tuple[Measure, ...]:
    return (_last(key), _week(key), _month(key)) if metric.has_number else (_last(key),)


def _rows(
    account: AccountHead, shown: Mapping[str, Metric], found: Mapping[Measure, Measured], now: datetime
) -> Iterator[MetricRow]:
    for key, metric in shown.items():
        if (last := found.get(_last(key))) is None:
            continue
        age = age_words(last.as_of, now)
        stale = (now - last.as_of).days > metric.stale_after_days
        yield MetricRow(
            title=metric.title,
            value=_value(metric, last, account.currency),
            trend=_trend(metric, found.get(_week(key)), found.get(_month(key))),
            age=f"{age}, stale" if stale else age,
            source=last.source,
            definition=metric.definition,
        )


def _value(metric: Metric, last: Measured, currency: str) -> str:
    if last.number is None:
        return last.label or "–"
    words = number_words(last.number, metric.unit)
    if metric.unit is MetricUnit.MONEY:
        words = money_words(round(last.number), currency) or words
    return f"{words} ({last.label})" if last.label else words


def _trend(metric: Metric, week: Measured | None, month: Measured | None) -> str | None:
    """`-35 %, worse`: the last week against the four before."""
    if not (week and month and week.number is not None and month.number) or month.number < 0:
        return None
    change = change_words(week.number, month.number)
    rose = week.number > month.number
    if change == "no change" or metric.good is Good.NEITHER:
        return change
    return f"{change}, {'better' if rose == (metric.good is Good.UP) else 'worse'}"
