"""Which guardrails hold for which accounts: found from the health of a page of accounts and three statements more."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import func, select
from sqlmodel import col

from bot.db import Reader
from bot.engine.calendars import local_date
from bot.engine.nearing import served
from bot.library.conditions import ConditionError, holds
from bot.library.facts import account_facts
from bot.library.guardrails import Guardrail
from bot.models import Account, Escalation, EscalationStatus, Exemption, ExemptionStatus
from bot.signals.components import HealthFacts, counted
from bot.signals.health import Health
from bot.signals.health_facts import Healths, Scope, between

log = structlog.get_logger(__name__)

Exempt = Collection[tuple[int, str]]  # account ids, and the keys of the playbooks they do without


@dataclass(frozen=True, slots=True)
class Crossing:
    """A guardrail that holds for an account, and why in words."""

    guardrail: Guardrail
    account_id: int
    why: str


async def find_crossings(
    reader: Reader, guardrails: Sequence[Guardrail], healths: Healths, now: datetime
) -> list[Crossing]:
    """What holds for the accounts with these healths, in the guardrails' order.

    Accounts without a CSM, archived and churned ones are left out; so is, of a guardrail that starts a playbook, an
    account that is exempt from it.
    """
    if not guardrails or not healths:
        return []
    scope = between(min(healths), max(healths))
    escalations = await _open_escalations(reader, scope)
    exempt = await _exempt(reader, scope, {key for guardrail in guardrails if (key := guardrail.then.start)}, now)
    facts = {
        row.id: guarded_facts(row, *healths[row.id], escalations.get(row.id, 0), now)
        for row in (await reader.execute(served(scope(Account.id)))).all()
        if row.id in healths
    }
    return [
        Crossing(guardrail, account_id, why_words(guardrail, known))
        for guardrail in guardrails
        for account_id, known in facts.items()
        if (account_id, guardrail.then.start) not in exempt and _holds(guardrail, known)
    ]


def guarded_facts(
    account: Any, measured: HealthFacts, health: Health, open_escalations: int, now: datetime
) -> dict[str, Any]:
    """What the conditions of guardrails can ask. `account` has the columns of `served`; today is its CSM's.

    What is not known is left out, so that a condition on it does not hold.
    """
    more = {
        "health": health.score,
        "band": health.band.value,
        "health_change": health.change if health.compared_with else None,
        "confidence": health.confidence,
        "days_since_contact": _days_since(measured.last_contact_at, now),
        "days_since_sentiment": _days_since(measured.sentiment_at, now),
        "steps_overdue": measured.steps_overdue,
        "longest_overdue_days": measured.longest_overdue_days,
        "open_escalations": open_escalations,
    }
    known = {name: value for name, value in more.items() if value is not None}
    return account_facts(account, local_date(now, account.timezone)) | known


def _days_since(instant: datetime | None, now: datetime) -> int | None:
    return max(0, (now - instant).days) if instant else None


def _holds(guardrail: Guardrail, facts: Mapping[str, Any]) -> bool:
    asked = {name: facts[name] for name in guardrail.asks if name in facts}
    try:
        return holds(guardrail.when, {"account": asked})
    except ConditionError as error:
        log.warning("guardrail_condition_failed", guardrail=guardrail.key, why=error.message)
        return False


def why_words(guardrail: Guardrail, facts: Mapping[str, Any]) -> str:
    """What was measured of what the condition asks for: `health 34 of 100, last contact 52 days ago`."""
    asked = guardrail.asks & set(facts)
    ahead = [_date_words(name, facts[name]) for name in sorted(asked) if name.startswith(DAYS_UNTIL)]
    measured = [words(facts[name]) for name, words in WORDS.items() if name in asked]
    return ", ".join([*ahead, *measured]) or f"its condition holds: {guardrail.when}"


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


def _date_words(name: str, days: int) -> str:
    what = name.removeprefix(DAYS_UNTIL).replace("_", " ")
    return f"{what} in {counted(days, 'day')}" if days >= 0 else f"{what} {counted(-days, 'day')} ago"


async def _open_escalations(reader: Reader, scope: Scope) -> dict[int, int]:
    query = (
        select(col(Escalation.account_id), func.count().label("number"))
        .where(scope(Escalation.account_id), col(Escalation.status) != EscalationStatus.RESOLVED)
        .group_by(col(Escalation.account_id))
    )
    return {row.account_id: row.number for row in (await reader.execute(query)).all()}


async def _exempt(reader: Reader, scope: Scope, playbooks: Collection[str], now: datetime) -> Exempt:
    """Those exempt by the day it is in UTC; the start itself looks at the CSM's own day."""
    if not playbooks:
        return set()
    query = select(col(Exemption.account_id), col(Exemption.playbook_key)).where(
        scope(Exemption.account_id),
        col(Exemption.playbook_key).in_(playbooks),
        col(Exemption.status) == ExemptionStatus.APPROVED,
        col(Exemption.expires_on) >= now.date(),
    )
    return {(row.account_id, row.playbook_key) for row in (await reader.execute(query)).all()}
