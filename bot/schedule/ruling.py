"""The rules at work: on accounts whose data have changed, every few seconds, and once an hour on all of them.

What is to be done is found without a transaction, then done a few changes at a time. An account's row among those that
wait is taken away in the transaction in which what it led to was done; a signal that comes in meanwhile puts it back.
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

import structlog
from sqlalchemy import bindparam, delete, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.db import Reader
from bot.engine.rules.acting import Occasion, act_on_rule, clear_firing
from bot.engine.rules.standing import States, acting_rules, acts_on_too_many, hold_rule, keep_weight, load_states
from bot.errors import PlaycallError
from bot.library.library import Library
from bot.library.rules import Rule
from bot.models import DueEvaluation, RuleStatus
from bot.services import Services
from bot.signals.health_facts import Healths
from bot.signals.rules.backtest import replay_one
from bot.signals.rules.finding import Change, Fire, find_changes, of_accounts
from bot.signals.rules.weighing import would_act_on

log = structlog.get_logger(__name__)

PAGE = 500  # accounts looked at in one go
AT_A_TIME = 5  # changes in one transaction: a click waits for no more than these
PAUSE = 0.1  # seconds between two transactions, so that a click gets its turn
BACKTEST_DAYS = 90

Waiting = Mapping[int, datetime]  # by account: since when it waits to be looked at


async def evaluate_due(services: Services, now: datetime) -> int:
    """Look at every account whose data have changed. Returns how many things were done."""
    acted, last = 0, 0
    while waiting := await _waiting(services, after=last):
        last = max(waiting)
        async with services.database.reading() as connection:
            await services.library.refresh(connection)
            states = await load_states(connection)
            rules = acting_rules(services.library, states)
            changes = await find_changes(connection, services.library, rules, list(waiting), now)
            changes, too_many = await _without_too_many(connection, changes, states, now)
        await _hold_all(services, too_many, now)
        busy = {change.account_id for change in changes}
        await _settle(services, {id_: since for id_, since in waiting.items() if id_ not in busy})
        acted += await _act_on_all(services, changes, now, waiting)
    if acted:
        log.info("rules_acted", changes=acted)
        services.wake()
    return acted


async def _waiting(services: Services, *, after: int) -> Waiting:
    query = (
        select(col(DueEvaluation.account_id), col(DueEvaluation.since))
        .where(col(DueEvaluation.account_id) > after)
        .order_by(col(DueEvaluation.account_id))
        .limit(PAGE)
    )
    async with services.database.reading() as connection:
        return {row.account_id: row.since for row in (await connection.execute(query)).all()}


class RuleWatch:
    """What the rules have to do on the pages of accounts of one pass over all of them."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.changes: list[Change] = []

    async def look_at(self, services: Services, healths: Healths, now: datetime) -> None:
        """Find what there is to do on a page's accounts, whose health is known; changes nothing."""
        async with services.database.reading() as connection:
            rules = acting_rules(self.library, await load_states(connection))
            self.changes += await find_changes(connection, self.library, rules, list(healths), now, healths)

    async def act(self, services: Services, now: datetime) -> int:
        """Do it, but for what a rule would do on too many accounts. Returns how many things were done."""
        async with services.database.reading() as connection:
            changes, too_many = await _without_too_many(connection, self.changes, await load_states(connection), now)
        await _hold_all(services, too_many, now)
        return await _act_on_all(services, changes, now, None)


# --- too many at once -------------------------------------------------------------------------------------------------


async def _without_too_many(
    reader: Reader, changes: Iterable[Change], states: States, now: datetime
) -> tuple[list[Change], list[Rule]]:
    """The changes without those of rules that would act on too many accounts, and these rules."""
    changes = list(changes)
    accounts: dict[str, set[int]] = {}
    rules: dict[str, Rule] = {}
    for change in changes:
        if isinstance(change, Fire):
            accounts.setdefault(change.rule.key, set()).add(change.account_id)
            rules[change.rule.key] = change.rule
    too_many = [
        rules[key]
        for key, those in accounts.items()
        if await acts_on_too_many(reader, rules[key], states, len(those), now)
    ]
    held = {rule.key for rule in too_many}
    return [change for change in changes if change.rule.key not in held], too_many


async def _hold_all(services: Services, rules: Sequence[Rule], now: datetime) -> None:
    if rules:
        async with services.database.transaction() as session:
            for rule in rules:
                await hold_rule(session, rule, now)


async def weigh_held(services: Services, now: datetime) -> int:
    """Work out what held rules would do, one after the other, and ask whoever decides. Returns how many there were."""
    weighed = 0
    async with services.database.reading() as connection:
        states = await load_states(connection)
    for rule in services.library.rule_book.rules.values():
        state = states.get(rule.key)
        if state is None or state.status is not RuleStatus.HELD or state.weighed or state.digest != rule.digest:
            continue
        async with services.database.reading() as connection:
            number = await would_act_on(connection, services.library, rule, now)
            told = (await replay_one(connection, services.library, rule, BACKTEST_DAYS, now)).remembered()
        async with services.database.transaction() as session:
            weighed += await keep_weight(session, rule, number, told, now)
    if weighed:
        services.wake()
    return weighed


# --- acting -----------------------------------------------------------------------------------------------------------


async def _act_on_all(services: Services, changes: Iterable[Change], now: datetime, waiting: Waiting | None) -> int:
    acted = 0
    for few in _batches(changes):
        async with services.database.long_transaction() as session:
            ids = [account_id for account_id, _ in few]
            claimed = ids if waiting is None else await _claim(session, ids)
            for account_id, those in few:
                if account_id in claimed:
                    acted += sum([await _act(session, services.library, change, now) for change in those])
            if waiting is not None:
                await remove_looked_at(session, {id_: waiting[id_] for id_ in claimed})
        await asyncio.sleep(PAUSE)
    return acted


def _batches(changes: Iterable[Change]) -> Iterator[list[tuple[int, list[Change]]]]:
    """Whole accounts, in the order of their ids, in which everybody locks them."""
    batch: list[tuple[int, list[Change]]] = []
    for account_id, those in of_accounts(changes):
        if batch and sum(len(one) for _, one in batch) + len(those) > AT_A_TIME:
            yield batch
            batch = []
        batch.append((account_id, those))
    if batch:
        yield batch


async def _claim(session: AsyncSession, account_ids: Sequence[int]) -> list[int]:
    """Those of the accounts that nobody else is at, and that still wait."""
    query = (
        select(col(DueEvaluation.account_id))
        .where(col(DueEvaluation.account_id).in_(account_ids))
        .order_by(col(DueEvaluation.account_id))
        .with_for_update(skip_locked=True)
    )
    return list((await (await session.connection()).execute(query)).scalars())


async def _act(session: AsyncSession, library: Library, change: Change, now: datetime) -> bool:
    """What cannot be done is taken back and logged, and stops nothing else; the next pass over all tries it again."""
    try:
        async with session.begin_nested():
            if not isinstance(change, Fire):
                return await clear_firing(session, library, change.rule, change.firing_id, now)
            occasion = Occasion(
                change.account_id, change.contact_id, change.why, change.measured, change.run_id, change.step_id
            )
            return await act_on_rule(session, library, change.rule, occasion, now) is not None
    except PlaycallError as error:
        log.warning("rule_failed", rule=change.rule.key, account_id=change.account_id, why=error.message)
    except Exception:
        log.exception("rule_failed", rule=change.rule.key, account_id=change.account_id)
    return False


async def _settle(services: Services, quiet: Waiting) -> None:
    """There is nothing to do on these accounts."""
    if quiet:
        async with services.database.long_transaction() as session:
            await remove_looked_at(session, quiet)


async def remove_looked_at(session: AsyncSession, waiting: Waiting) -> None:
    """They wait no more, unless they were asked for again meanwhile."""
    rows = [{"id": account_id, "seen": since} for account_id, since in waiting.items()]
    if rows:
        await (await session.connection()).execute(_REMOVE, rows)


_REMOVE = delete(DueEvaluation).where(
    col(DueEvaluation.account_id) == bindparam("id"),
    col(DueEvaluation.since) == bindparam("seen", type_=DueEvaluation.__table__.c.since.type),  # type: ignore[attr-defined]  # SQLModel does not say that a table has one
)
