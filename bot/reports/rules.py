"""Rules as people read them: their state, what they did last, and what one would do now."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.db import Reader
from bot.engine.rules.acting import why_idle
from bot.engine.rules.standing import States, load_states
from bot.library.library import Library
from bot.library.rules import Rule
from bot.models import Account, Contact, Member, RuleFiring, RuleState, RuleStatus
from bot.signals.rules.finding import Fire
from bot.signals.rules.weighing import would_fire
from bot.slack.rule_views import HeldRule, RuleCard, RuleRow, RuleTable, WouldFire, WroteFiring

COUNTED_LIVE = 3000  # up to so many accounts are asked about while somebody waits: Slack does so for three seconds
LATEST = 10
SHOWN = 20  # accounts on which a rule would act


async def load_rule_table(reader: Reader, library: Library) -> RuleTable:
    states = await load_states(reader)
    acted = await _activity(reader)
    rows = [
        _row(library, rule, states, *acted.get(rule.key, (0, 0, None))) for rule in library.rule_book.rules.values()
    ]
    return RuleTable(tuple(rows), tuple(map(str, library.rule_book.problems)))


async def load_rule_card(reader: Reader, library: Library, rule: Rule, now: datetime) -> RuleCard:
    """One rule, its latest firings, and on whom it would act now, where the book is small enough to look."""
    states = await load_states(reader)
    acted = (await _activity(reader)).get(rule.key, (0, 0, None))
    counted = select(func.count()).where(col(Account.archived).is_(False))
    is_large = int((await reader.execute(counted)).scalar_one()) > COUNTED_LIVE
    fires = [] if is_large else await would_fire(reader, library, rule, now)
    return RuleCard(
        row=_row(library, rule, states, *acted),
        measures=tuple((name, measure.words(library.metrics)) for name, measure in rule.measures.items()),
        would=None if is_large else tuple(await _would(reader, fires[:SHOWN])),
        would_number=len({fire.account_id for fire in fires}),
        latest=tuple(await _latest(reader, rule.key)),
    )


async def load_held_rule(session: AsyncSession, library: Library, key: str, digest: str) -> HeldRule | None:
    """A rule that waits or waited for a decision; None when it has another content now, or is gone."""
    rule, state = library.rule_book.rules.get(key), await session.get(RuleState, key)
    if rule is None or state is None or state.digest != digest or rule.digest != digest:
        return None
    decided_by = await session.get(Member, state.decided_by_id) if state.decided_by_id else None
    return HeldRule(
        rule=rule,
        starts=_title(library, rule),
        status=state.status,
        held_for=state.held_for or 0,
        backtest=state.backtest,
        decided_by=decided_by.name if decided_by else None,
    )


def _row(library: Library, rule: Rule, states: States, open_: int, fired: int, last: datetime | None) -> RuleRow:
    state = states.get(rule.key)
    changed = state is not None and state.digest != rule.digest
    status = RuleStatus.HELD if state is None or (changed and state.status is RuleStatus.ACTIVE) else state.status
    return RuleRow(
        rule=rule,
        starts=_title(library, rule),
        status=status,
        idle=why_idle(library, rule),
        open=open_,
        fired=fired,
        last_fired=last.date() if last else None,
    )


def _title(library: Library, rule: Rule) -> str | None:
    """Of the playbook that it starts, recommends or is about."""
    key = rule.then.starts_or_recommends or rule.then.works_on
    playbook = library.catalog.playbooks.get(key) if key else None
    return playbook.title if playbook else key


async def _activity(reader: Reader) -> Mapping[str, tuple[int, int, datetime | None]]:
    """By rule: firings that are open, all firings, the latest."""
    query = select(
        col(RuleFiring.rule_key),
        (func.count() - func.count(col(RuleFiring.cleared_at))).label("open"),
        func.count().label("fired"),
        func.max(RuleFiring.fired_at).label("last"),
    ).group_by(col(RuleFiring.rule_key))
    return {row.rule_key: (row.open, row.fired, row.last) for row in (await reader.execute(query)).all()}


async def _would(reader: Reader, fires: list[Fire]) -> list[WouldFire]:
    accounts = await _names(reader, Account, {fire.account_id for fire in fires})
    contacts = await _names(reader, Contact, {fire.contact_id for fire in fires if fire.contact_id})
    return [
        WouldFire(accounts[fire.account_id], contacts.get(fire.contact_id) if fire.contact_id else None, fire.why)
        for fire in fires
    ]


async def _names(reader: Reader, table: Any, ids: set[int]) -> dict[int, str]:
    query = select(table.id, table.name).where(table.id.in_(ids))
    return {row.id: row.name for row in (await reader.execute(query)).all()}


async def _latest(reader: Reader, key: str) -> list[WroteFiring]:
    query = (
        select(col(RuleFiring.fired_at), col(RuleFiring.why), col(RuleFiring.did), col(Account.name))
        .join(Account, col(Account.id) == col(RuleFiring.account_id))
        .where(col(RuleFiring.rule_key) == key)
        .order_by(col(RuleFiring.fired_at).desc(), col(RuleFiring.id).desc())
        .limit(LATEST)
    )
    return [WroteFiring(row.fired_at.date(), row.name, row.why, row.did) for row in (await reader.execute(query)).all()]
