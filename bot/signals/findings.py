"""What the data answer to the questions of steps, before anybody is asked: by their measures, else what is on file."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from bot.db import Reader
from bot.engine.answers import ON_FILE, Answer, Found
from bot.library.measures import Measure
from bot.library.metrics import Metric, Metrics
from bot.library.schema import AnswerType, Question, StepSpec
from bot.models import Account, Contact
from bot.signals.windows import Measured, load_measures

Findings = dict[str, Found]
"""By question key; what is not known is left out."""

HEALTH_STALE = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Asked:
    """A step whose questions are looked up: on which account, about which contact if about one."""

    step_id: int
    spec: StepSpec
    account: Account
    contact: Contact | None = None


async def load_findings(
    reader: Reader, metrics: Metrics, steps: Collection[Asked], now: datetime
) -> Mapping[int, Findings]:
    """What is known about the questions of these steps, by step id: a few statements, however many steps there are."""
    of_accounts = {asked.account.id: _measures(asked, metrics, of_contact=False) for asked in steps}
    of_contacts = {asked.contact.id: _measures(asked, metrics, of_contact=True) for asked in steps if asked.contact}
    accounts = await _load(reader, of_accounts, now, of_contacts=False)
    contacts = await _load(reader, of_contacts, now, of_contacts=True)
    return {asked.step_id: _findings(asked, accounts, contacts, metrics, now) for asked in steps}


def _measures(asked: Asked, metrics: Metrics, *, of_contact: bool) -> set[Measure]:
    return {
        measure
        for question in asked.spec.questions
        for measure in (question.measure, question.percent_of)
        if measure and _is_of_contact(asked, measure, metrics) is of_contact
    }


def _is_of_contact(asked: Asked, measure: Measure, metrics: Metrics) -> bool:
    """A run about a contact asks for what is measured of that contact."""
    metric = metrics.known.get(measure.metric)
    return asked.contact is not None and metric is not None and metric.of == "contact"


async def _load(
    reader: Reader, asked: Mapping[int, Iterable[Measure]], now: datetime, *, of_contacts: bool
) -> Mapping[int, Mapping[Measure, Measured]]:
    measures = set().union(*asked.values())
    return await load_measures(reader, list(asked), measures, now, of_contacts=of_contacts) if measures else {}


def _findings(
    asked: Asked,
    accounts: Mapping[int, Mapping[Measure, Measured]],
    contacts: Mapping[int, Mapping[Measure, Measured]],
    metrics: Metrics,
    now: datetime,
) -> Findings:
    measured = {**accounts.get(asked.account.id, {})}
    if asked.contact:
        measured |= contacts.get(asked.contact.id, {})
    found = {
        question.key: _measured(question, measured, metrics, now) or _on_file(question, asked)
        for question in asked.spec.questions
    }
    return {key: finding for key, finding in found.items() if finding}


def _measured(
    question: Question, measured: Mapping[Measure, Measured], metrics: Metrics, now: datetime
) -> Found | None:
    if question.measure is None or (took := measured.get(question.measure)) is None:
        return None
    value: Answer | None = took.number if question.type is AnswerType.NUMBER else took.label
    as_of = took.as_of
    if question.percent_of is not None:
        whole = measured.get(question.percent_of)
        if whole is None or not whole.number or took.number is None:
            return None
        value = 100 * took.number / whole.number
        as_of = min(as_of, whole.as_of) if _is_stale(question.percent_of, whole, metrics, now) else as_of
    if value is None or (question.type is AnswerType.CHOICE and value not in question.options):
        return None
    stale = any(
        _is_stale(measure, measured[measure], metrics, now)
        for measure in (question.measure, question.percent_of)
        if measure
    )
    return Found(_rounded(value), took.source, as_of, is_stale=stale)


def _is_stale(measure: Measure, took: Measured, metrics: Metrics, now: datetime) -> bool:
    """Whether the newest signal in it is older, at the window's end, than its metric may be."""
    metric: Metric | None = metrics.known.get(measure.metric)
    limit = timedelta(days=metric.stale_after_days) if metric else HEALTH_STALE
    return now - timedelta(days=measure.ago) - took.as_of > limit


def _rounded(value: Answer) -> Answer:
    """Whole numbers as such, others as people say them: a share of 61.29 % is 61.3 %."""
    if not isinstance(value, float):
        return value
    return int(value) if value.is_integer() else round(value, 1)


def _on_file(question: Question, asked: Asked) -> Found | None:
    """What the account or the contact says itself. When it was written down is known of the account as a whole."""
    if question.prefill is None:
        return None
    subject, *path = question.prefill.split(".")
    value: Any = asked.account if subject == "account" else asked.contact
    for name in path:
        value = value.get(name) if isinstance(value, dict) else getattr(value, name, None)
    if value is None:
        return None
    as_of = asked.account.updated_at if subject == "account" else None
    return Found(_plain(value), ON_FILE, as_of)


def _plain(value: Any) -> Answer:
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    return value.isoformat() if isinstance(value, date) else value
