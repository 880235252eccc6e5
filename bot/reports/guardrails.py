"""The table of guardrails as people read it, and for how many accounts each holds now."""

from collections import Counter
from datetime import datetime

from sqlalchemy import func, select
from sqlmodel import col

from bot.db import Reader
from bot.engine.guardrails import why_idle
from bot.library.guardrails import Guardrail
from bot.library.library import Library
from bot.models import Account
from bot.reports.account_head import Statement
from bot.signals.guardrails import find_crossings
from bot.signals.health_facts import between, load_health
from bot.slack.guardrails import GuardrailRow, GuardrailTable

PAGE = 500  # accounts weighed in one go
COUNTED_LIVE = 3000  # up to so many accounts are weighed while somebody waits: Slack does so for three seconds


async def load_guardrail_table(reader: Reader, library: Library, now: datetime, *, counting: bool) -> GuardrailTable:
    """`counting`: with the numbers of accounts, which are for leaders; in a large book they are left out."""
    uncounted = counting and await _number_of_accounts(reader) > COUNTED_LIVE
    counts = await _counts(reader, library, now) if counting and not uncounted else None
    rows = [
        GuardrailRow(
            guardrail=guardrail,
            starts=_title(library, guardrail),
            idle=why_idle(library, guardrail),
            accounts=counts[guardrail.key] if counts is not None else None,
        )
        for guardrail in library.guardrails.guardrails
    ]
    return GuardrailTable(tuple(rows), library.guardrails.escalations_a_day, uncounted)


async def _number_of_accounts(reader: Reader) -> int:
    query: Statement = select(func.count()).where(col(Account.archived).is_(False))
    return int((await reader.execute(query)).scalar_one())


def _title(library: Library, guardrail: Guardrail) -> str | None:
    key = guardrail.then.start
    playbook = library.approved(key) if key else None
    return playbook.title if playbook else key


async def _counts(reader: Reader, library: Library, now: datetime) -> Counter[str]:
    """By the guardrails' keys."""
    last = (await reader.execute(select(func.max(col(Account.id))))).scalar_one() or 0
    counts: Counter[str] = Counter()
    for first in range(1, last + 1, PAGE) if library.guardrails.guardrails else ():
        scope = between(first, first + PAGE - 1)
        healths = await load_health(reader, scope, library.health_config, now)
        found = await find_crossings(reader, library.guardrails.guardrails, healths, library.health_config, now)
        counts.update(crossing.guardrail.key for crossing in found)
    return counts
