"""What is known of a step's questions before they are asked, as one reader may see it."""

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bot.db import Reader
from bot.engine.actors import Actor
from bot.engine.answers import ON_FILE, Answer, Found
from bot.engine.calendars import local_date
from bot.engine.permissions import RoleMap, may_see_arr
from bot.engine.words import ago
from bot.library.library import Library
from bot.library.metrics import Metrics, MetricUnit
from bot.library.schema import Question, StepSpec
from bot.models import Account, SignalKind
from bot.signals.findings import Asked, Findings, load_findings
from bot.slack.step_card import FoundAnswer, FoundAnswers
from bot.slack.text import money_words

ARR = "account.arr"
LATELY = timedelta(days=7)


@dataclass(frozen=True)
class Known:
    """What is known of a step's questions: those that this reader may see."""

    spec: StepSpec
    account: Account
    found: Findings
    hidden: frozenset[str] = frozenset()  # questions about revenue that this reader must not see

    @property
    def answers(self) -> dict[str, Answer]:
        return {key: known.value for key, known in self.found.items()}

    @property
    def is_enough(self) -> bool:
        """Whether the step can be completed by saying that it is so."""
        spec = self.spec
        asks_more = any(question.required and question.key not in self.found for question in spec.questions)
        return bool(self.found) and not (spec.outcomes or spec.artefact or asks_more)

    @property
    def fingerprint(self) -> str:
        """The same for the same answers, whenever they were looked up, until one of them is out of date."""
        said = sorted((key, known.value, known.is_stale) for key, known in self.found.items())
        text = json.dumps(said, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


async def load_known(
    reader: Reader, library: Library, asked: Collection[Asked], roles: Mapping[int, RoleMap], who: Actor, now: datetime
) -> dict[int, Known]:
    """By step id. `roles` are the role maps of the accounts, by account id."""
    found = await load_findings(reader, library.metrics, asked, now)
    return {
        each.step_id: _visible(each, found[each.step_id], may_see_arr(who, roles.get(each.account.id, {})))
        for each in asked
    }


def _visible(asked: Asked, found: Findings, sees_arr: bool) -> Known:
    hidden = frozenset(question.key for question in asked.spec.questions if not sees_arr and _is_revenue(question))
    visible = {key: known for key, known in found.items() if key not in hidden}
    return Known(asked.spec, asked.account, visible, hidden)


def _is_revenue(question: Question) -> bool:
    of_arr = question.measure is not None and question.measure.metric == SignalKind.ARR
    return of_arr or ARR in {question.prefill, f"account.{question.saves_to}"}


def found_answers(known: Known, library: Library, reader: Actor, now: datetime) -> FoundAnswers:
    """As a card shows it: each question that fills itself, with its source and time; or where to look instead."""
    return FoundAnswers(
        tuple(_lines(known, library.metrics, reader, now)),
        fingerprint=known.fingerprint if known.found else None,
        is_enough=known.is_enough,
    )


def _lines(known: Known, metrics: Metrics, reader: Actor, now: datetime) -> Iterator[FoundAnswer]:
    for question in known.spec.questions:
        found = known.found.get(question.key)
        if found:
            words = _value_words(question, found.value, known.account, metrics)
            yield FoundAnswer(question.label, words, source_words(found, reader, now), is_stale=found.is_stale)
        elif question.measure and question.key not in known.hidden:
            system = known.spec.system
            yield FoundAnswer(question.label, None, f"look in {system.name}" if system else "look it up")


def _value_words(question: Question, value: Answer, account: Account, metrics: Metrics) -> str:
    measure = question.measure
    metric = metrics.known.get(measure.metric) if measure else None
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if not isinstance(value, int | float):
        return str(value)
    is_money = question.prefill == ARR or (metric is not None and metric.unit is MetricUnit.MONEY)
    if is_money:
        return money_words(round(value), account.currency) or ""
    return f"{value:,} %" if question.percent_of or (metric and metric.unit is MetricUnit.PERCENT) else f"{value:,}"


def source_words(found: Found, reader: Actor, now: datetime) -> str:
    """`Zendesk, 2 hours ago`; `on file, account last changed on 3 Mar`."""
    if found.source == ON_FILE:
        return f"{ON_FILE}, account last changed {_when(found.as_of, reader, now)}" if found.as_of else ON_FILE
    source = _name(found.source) if found.source else "several signals"
    return f"{source}, {_when(found.as_of, reader, now)}" if found.as_of else source


def _name(source: str) -> str:
    """`zendesk` as people write it."""
    return "said in Slack" if source == "slack" else source.replace("_", " ").replace("-", " ").title()


def _when(then: datetime, reader: Actor, now: datetime) -> str:
    """`2 hours ago`, `yesterday`, `5 days ago`, `on 3 Mar`, in the reader's calendar."""
    days = (local_date(now, reader.timezone) - local_date(then, reader.timezone)).days
    if days < 1 or then > now - timedelta(hours=12):
        return ago(then, now)
    if then > now - LATELY:
        return "yesterday" if days == 1 else f"{days} days ago"
    day: date = local_date(then, reader.timezone)
    return f"on {day.day} {day:%b}" + (f" {day.year}" if day.year != now.year else "")
