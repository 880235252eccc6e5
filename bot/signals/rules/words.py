"""Why a rule holds, with the numbers: `active users: mean 31 over 7 days, 48 over the 28 days before (-35 %)`. Pure."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

from bot.library.measures import HEALTH, Measure, Take
from bot.library.metrics import Metrics, MetricUnit
from bot.library.rules import Rule
from bot.library.watched_conditions import ACCOUNT, CONTACT
from bot.signals.components import counted

Numbers = Mapping[str, float]
"""By the names that a rule gives its measures, what they came to."""

DAYS_UNTIL = "days_until_"
WORDS: Mapping[str, Callable[[Any], str]] = {
    "health": lambda score: f"health {score} of 100",
    "band": lambda band: f"health {band}",
    "health_change": lambda points: f"{points:+} points within a week",
    "confidence": lambda percent: f"confidence {percent} %",
    "days_since_contact": lambda days: f"last contact {counted(days, 'day')} ago",
    "days_since_sentiment": lambda days: f"last sentiment {counted(days, 'day')} ago",
    "steps_overdue": lambda number: f"{counted(number, 'step')} overdue",
    "longest_overdue_days": lambda days: f"the oldest by {counted(days, 'day')}",
}
"""How what is measured is told, in this order. Open escalations are there to leave accounts out."""
_PARTS: Mapping[Take, str] = {
    Take.MEAN: "{} on average",
    Take.SUM: "{} in all",
    Take.SMALLEST: "lowest {}",
    Take.LARGEST: "highest {}",
}


def rule_words(
    rule: Rule,
    account: Mapping[str, Any],
    contact: Mapping[str, Any] | None,
    numbers: Sequence[Numbers],
    at_start: Numbers | None,
    metrics: Metrics,
) -> str:
    """What was measured of what the rule asks for. `numbers` are those of now and, of a sustained rule, of before."""
    parts = [*_measured(rule, numbers[0], at_start or {}, metrics)]
    if len(numbers) > 1:
        every = rule.sustained.every if rule.sustained else 0
        parts += [_earlier(rule, every * place, earlier, metrics) for place, earlier in enumerate(numbers[1:], 1)]
    parts += account_words(rule.condition.asked(ACCOUNT), account)
    if contact and "nps" in rule.condition.asked(CONTACT):
        parts.append(f"NPS {contact.get('nps', 'not known')}")
    return ", ".join(parts) or f"its condition holds: {rule.when}"


def account_words(asked: Collection[str], facts: Mapping[str, Any]) -> list[str]:
    """What is known of the fields of an account that a condition asks for, each in words."""
    known = set(asked) & set(facts)
    ahead = [_date_words(name, facts[name]) for name in sorted(known) if name.startswith(DAYS_UNTIL)]
    return [*ahead, *(words(facts[name]) for name, words in WORDS.items() if name in known)]


def _date_words(name: str, days: int) -> str:
    what = name.removeprefix(DAYS_UNTIL).replace("_", " ")
    return f"{what} in {counted(days, 'day')}" if days >= 0 else f"{what} {counted(-days, 'day')} ago"


def _measured(rule: Rule, numbers: Numbers, at_start: Numbers, metrics: Metrics) -> Iterator[str]:
    """One part for each thing that is measured, whatever the number of its windows."""
    alike: dict[tuple[str, str | None], list[tuple[Measure, float, str]]] = defaultdict(list)
    for name, measure in rule.measures.items():
        if name in numbers and name in rule.condition.asked("measures"):
            alike[measure.metric, measure.label].append((measure, numbers[name], ""))
        if name in at_start and name in rule.condition.asked("at_start"):
            alike[measure.metric, measure.label].append((measure, at_start[name], " when it began"))
    for (metric, label), measured in alike.items():
        title = "health" if metric == HEALTH else metrics.name(metric)
        about = f"{title} ({label})" if label else title
        told = ", ".join(_one(measure, number, when, metrics) for measure, number, when in measured)
        yield f"{about}: {told}{_change(measured)}"


def _one(measure: Measure, number: float, when: str, metrics: Metrics) -> str:
    amount = number_words(number, metrics, measure.metric)
    if measure.take is Take.COUNT:
        amount = "none" if number == 0 else f"{amount} times"
    amount = _PARTS.get(measure.take, "{}").format(amount)
    window = "" if measure.take is Take.LAST else f" over {counted(measure.over, 'day')}"
    until = f" until {counted(measure.ago, 'day')} ago" if measure.ago else ""
    return f"{amount}{window}{until}{when}"


def _change(measured: Sequence[tuple[Measure, float, str]]) -> str:
    """How the first of two numbers differs from the second, where both are of one kind."""
    if len(measured) != 2 or measured[0][0].take is Take.COUNT or not measured[1][1]:
        return ""
    return f" ({round(100 * (measured[0][1] - measured[1][1]) / abs(measured[1][1])):+d} %)"


def _earlier(rule: Rule, days: int, numbers: Numbers, metrics: Metrics) -> str:
    told = [
        number_words(numbers[name], metrics, measure.metric)
        for name, measure in rule.measures.items()
        if name in numbers and name in rule.condition.asked("measures")
    ]
    return f"{counted(days, 'day')} before: {' and '.join(told)}"


def number_words(number: float, metrics: Metrics, metric: str) -> str:
    """`48`, `31.4`, `92 %`."""
    rounded = round(number) if abs(number) >= 100 or number == round(number) else round(number, 1)
    known = metrics.known.get(metric)
    return f"{rounded:,} %" if known and known.unit is MetricUnit.PERCENT else f"{rounded:,}"
