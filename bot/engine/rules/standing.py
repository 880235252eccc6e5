"""Which rules may act. Nobody publishes a rule blind: a new or changed one is held until its backtest was looked at.

The first comparison of the files with the database lets all rules act, as it approves all playbooks. A rule that would
act on very many accounts is held in the same way.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import func
from sqlalchemy import select as core_select
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.db import Reader, insert_or
from bot.engine.actors import Actor
from bot.engine.evaluations import ask_for_evaluation
from bot.engine.governance.owners import owners_of
from bot.engine.outbox import enqueue, member_lane, redraw_deliveries
from bot.engine.permissions import may_decide
from bot.engine.rules.acting import why_idle
from bot.errors import NotAllowed, NotFound, WrongState
from bot.library.library import Library
from bot.library.nearness import did_you_mean
from bot.library.rules import Rule
from bot.models import Account, DeliveryKind, RuleFiring, RuleState, RuleStatus

log = structlog.get_logger(__name__)

COMPARED = ""  # the key of the row that says so
FEWEST, SHARE = 25, 0.05  # a rule that says nothing of it may act on so many accounts a day, or on this part of them
A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class State:
    """What is known of a rule that has one. `weighed`: it is known on how many accounts it would act."""

    digest: str
    status: RuleStatus
    held_for: int | None
    decided_at: datetime | None

    @property
    def weighed(self) -> bool:
        return self.held_for is not None


States = Mapping[str, State]  # by the rules' keys


async def load_states(reader: Reader) -> States:
    columns = (RuleState.key, RuleState.digest, RuleState.status, RuleState.held_for, RuleState.decided_at)
    rows = (await reader.execute(core_select(*map(col, columns)))).all()
    return {row.key: State(row.digest, row.status, row.held_for, row.decided_at) for row in rows}


def acting_rules(library: Library, states: States) -> list[Rule]:
    """The rules that may act and can, in the order of their files. One that cannot is logged, and stops no other."""
    acting = []
    for rule in library.rule_book.rules.values():
        state = states.get(rule.key)
        if state is None or state.status is not RuleStatus.ACTIVE or state.digest != rule.digest:
            continue
        if why := why_idle(library, rule):
            log.info("rule_idle", rule=rule.key, why=why)
        else:
            acting.append(rule)
    return acting


async def sync_rules(session: AsyncSession, library: Library, now: datetime) -> int:
    """Make the database know what the rule files say. Returns how many rules are held now that were not before.

    A rule that was switched off stays off, whatever becomes of its file.
    """
    states = {state.key: state for state in (await session.exec(select(RuleState))).all()}
    first = COMPARED not in states
    if first and not await _insert(session, COMPARED, "", RuleStatus.ACTIVE, now):
        return 0  # another process is at it
    held = 0
    for rule in library.rule_book.rules.values():
        state = states.get(rule.key)
        if state is None:
            status = RuleStatus.ACTIVE if first else RuleStatus.HELD
            held += await _insert(session, rule.key, rule.digest, status, now) and not first
        elif state.digest != rule.digest:
            state.digest, state.changed_at = rule.digest, now
            if state.status is not RuleStatus.OFF:
                _hold(state, now)
                held += 1
    await session.flush()
    return held


async def _insert(session: AsyncSession, key: str, digest: str, status: RuleStatus, now: datetime) -> bool:
    """False when another process was faster."""
    held_at = now if status is RuleStatus.HELD else None
    statement = (
        insert_or(session, RuleState)
        .values(key=key, digest=digest, status=status, held_at=held_at, backtest={}, changed_at=now)
        .on_conflict_do_nothing()
        .returning(col(RuleState.key))
    )
    return (await (await session.connection()).execute(statement)).scalar_one_or_none() is not None


def _hold(state: RuleState, now: datetime) -> None:
    """It waits to be weighed, and then for somebody's decision."""
    state.status, state.held_at, state.held_for, state.backtest = RuleStatus.HELD, now, None, {}
    state.decided_at, state.decided_by_id = None, None


# --- too many at once -------------------------------------------------------------------------------------------------


async def most_at_once(reader: Reader, rule: Rule) -> int:
    if rule.most_at_once is not None:
        return rule.most_at_once
    query = core_select(func.count()).where(col(Account.archived).is_(False))
    accounts = int((await reader.execute(query)).scalar_one())
    return max(FEWEST, round(SHARE * accounts))


async def acts_on_too_many(reader: Reader, rule: Rule, states: States, number: int, now: datetime) -> bool:
    """Whether acting on so many more accounts would be more than the rule may act on in a day.

    Not for a day after somebody has let it act: they have seen on how many.
    """
    decided_at = states[rule.key].decided_at
    if decided_at is not None and now - decided_at < A_DAY:
        return False
    since = max(now - A_DAY, decided_at or now - A_DAY)
    query = core_select(func.count(func.distinct(col(RuleFiring.account_id)))).where(
        col(RuleFiring.rule_key) == rule.key, col(RuleFiring.fired_at) > since
    )
    lately = int((await reader.execute(query)).scalar_one())
    return lately + number > await most_at_once(reader, rule)


async def hold_rule(session: AsyncSession, rule: Rule, now: datetime) -> bool:
    """Let it do nothing more until somebody decides. Whether it was acting until now."""
    state = await session.get(RuleState, rule.key, with_for_update=True, populate_existing=True)
    if state is None or state.status is not RuleStatus.ACTIVE or state.digest != rule.digest:
        return False
    _hold(state, now)
    log.warning("rule_held", rule=rule.key)
    return True


async def keep_weight(
    session: AsyncSession, rule: Rule, held_for: int, backtest: dict[str, Any], now: datetime
) -> bool:
    """Write down on how many accounts a held rule would act and what its backtest says, and ask whoever decides."""
    state = await session.get(RuleState, rule.key, with_for_update=True, populate_existing=True)
    if state is None or (state.status, state.digest) != (RuleStatus.HELD, rule.digest) or state.held_for is not None:
        return False
    state.held_for, state.backtest = held_for, backtest
    for member in await owners_of(session, rule.owner):
        await enqueue(
            session,
            DeliveryKind.RULE_HELD,
            now,
            lane=member_lane(member.id),
            member_id=member.id,
            payload=_about(rule.key, rule.digest),
        )
    return True


# --- decisions --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RuleChange:
    rule: Rule
    status: RuleStatus
    changed: bool
    sentence: str


async def let_act(
    session: AsyncSession, library: Library, key: str, actor: Actor, now: datetime, *, digest: str | None = None
) -> RuleChange:
    """The rule acts from now on, on whatever it holds for already too.

    `digest` is that of the rule as it was shown: one that has changed since is not let act unseen.
    """
    rule, state = await _locked(session, library, key, actor, now)
    if digest is not None and not rule.digest.startswith(digest):
        raise WrongState(f"“{rule.title}” has changed since. `/playbook rules {key}` shows it as it is now.")
    if state.status is RuleStatus.ACTIVE:
        return RuleChange(rule, state.status, False, f"“{rule.title}” is on already.")
    await _decide(session, state, RuleStatus.ACTIVE, actor, now)
    everybody = core_select(col(Account.id)).where(col(Account.archived).is_(False))
    await ask_for_evaluation(session, list((await (await session.connection()).execute(everybody)).scalars()), now)
    return RuleChange(rule, RuleStatus.ACTIVE, True, f"“{rule.title}” acts from now on.")


async def switch_off(session: AsyncSession, library: Library, key: str, actor: Actor, now: datetime) -> RuleChange:
    """The rule does nothing any more. What it started goes on."""
    rule, state = await _locked(session, library, key, actor, now)
    if state.status is RuleStatus.OFF:
        return RuleChange(rule, state.status, False, f"“{rule.title}” is off already.")
    await _decide(session, state, RuleStatus.OFF, actor, now)
    return RuleChange(rule, RuleStatus.OFF, True, f"“{rule.title}” is off. What it has started goes on.")


async def _decide(session: AsyncSession, state: RuleState, status: RuleStatus, actor: Actor, now: datetime) -> None:
    state.status, state.changed_at = status, now
    state.decided_by_id, state.decided_at = actor.member_id, now
    await session.flush()
    await redraw_deliveries(session, DeliveryKind.RULE_HELD, _about(state.key, state.digest), now)


async def _locked(
    session: AsyncSession, library: Library, key: str, actor: Actor, now: datetime
) -> tuple[Rule, RuleState]:
    rule = require_rule(library, key)
    owners = await owners_of(session, rule.owner)
    if not may_decide(actor, {owner.id for owner in owners}):
        raise NotAllowed("Only a leader, or the owner of the rule, can decide this. Ask yours.")
    state = await session.get(RuleState, key, with_for_update=True, populate_existing=True)
    if state is None or state.digest != rule.digest:
        await sync_rules(session, library, now)
        state = await session.get_one(RuleState, key, with_for_update=True, populate_existing=True)
    return rule, state


def require_rule(library: Library, key: str) -> Rule:
    """Raises NotFound with the nearest key."""
    if rule := library.rule_book.rules.get(key):
        return rule
    meant = did_you_mean(key, library.rule_book.rules) or "`/playbook rules` shows them all."
    raise NotFound(f"There is no rule `{key}`. {meant}")


def _about(key: str, digest: str) -> dict[str, str]:
    return {"rule": key, "digest": digest}
