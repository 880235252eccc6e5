"""Which guardrails hold for which accounts: found from the health of a page of accounts and three statements more."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from bot.db import Reader
from bot.library.conditions import ConditionError
from bot.library.guardrails import Guardrail
from bot.library.health_config import HealthConfig
from bot.library.watched_conditions import ACCOUNT
from bot.signals.health_facts import Healths, between
from bot.signals.rules.facts import Needs, exempt_accounts, load_subjects
from bot.signals.rules.words import account_words

log = structlog.get_logger(__name__)

GUARDED = Needs(daily=True, escalations=True)


@dataclass(frozen=True, slots=True)
class Crossing:
    """A guardrail that holds for an account, and why in words."""

    guardrail: Guardrail
    account_id: int
    why: str


async def find_crossings(
    reader: Reader, guardrails: Sequence[Guardrail], healths: Healths, config: HealthConfig, now: datetime
) -> list[Crossing]:
    """What holds for the accounts with these healths, in the guardrails' order.

    Accounts without a CSM, archived and churned ones are left out; so is, of a guardrail that starts a playbook, an
    account that is exempt from it.
    """
    if not guardrails or not healths:
        return []
    scope = between(min(healths), max(healths))
    started = {key for guardrail in guardrails if (key := guardrail.then.start)}
    exempt = await exempt_accounts(reader, scope, started, now)
    subjects = await load_subjects(reader, scope, GUARDED, config, now, healths)
    return [
        Crossing(guardrail, subject.account_id, why_words(guardrail, subject.account))
        for guardrail in guardrails
        for subject in subjects.accounts
        if subject.account_id in healths
        if (subject.account_id, guardrail.then.start) not in exempt and _holds(guardrail, subject.account)
    ]


def _holds(guardrail: Guardrail, known: Mapping[str, Any]) -> bool:
    try:
        return bool(guardrail.condition.holds({ACCOUNT: known}))
    except ConditionError as error:
        log.warning("guardrail_condition_failed", guardrail=guardrail.key, why=error.message)
        return False


def why_words(guardrail: Guardrail, facts: Mapping[str, Any]) -> str:
    """What was measured of what the condition asks for: `health 34 of 100, last contact 52 days ago`."""
    told = account_words(guardrail.condition.asked(ACCOUNT), facts)
    return ", ".join(told) or f"its condition holds: {guardrail.when}"
