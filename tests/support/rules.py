"""Rules written for a test, and the signals they look at."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlmodel import col, select

from bot.clock import FixedClock
from bot.engine.evaluations import ask_for_evaluation
from bot.engine.rules.standing import sync_rules
from bot.library.metrics import load_metrics
from bot.library.rule_files import RuleBook
from bot.library.rules import Rule
from bot.models import Account, AccountRole, MemberRole, RuleFiring, Signal, Stage
from bot.services import Services
from bot.settings import ROOT, Settings
from tests.support.world import World

NOW_AND_BEFORE = {
    "now": {"metric": "active_users", "take": "mean", "over": 7},
    "before": {"metric": "active_users", "take": "mean", "over": 28, "ago": 7},
}
DROP = "measures.now <= measures.before * 0.7"


def make_rule(**written: Any) -> Rule:
    """A rule about a drop in use that starts `test-play`, but for what is said."""
    base: dict[str, Any] = {
        "key": "drop",
        "title": "Use fell",
        "measures": NOW_AND_BEFORE,
        "when": DROP,
        "then": {"start": "test-play"},
    }
    return Rule.model_validate(base | written)


def services_of(world: World) -> Services:
    return Services(Settings(_env_file=None), world.database, world.library, FixedClock(world.now), lambda: None)


async def use_rules(world: World, *rules: Rule, at: datetime | None = None) -> None:
    """Put these rules, and no others, into the library, and compare them with the database."""
    world.library.metrics = load_metrics(Path(ROOT / "playbooks"))
    world.library.rule_book = RuleBook({rule.key: rule for rule in rules})
    async with world.database.transaction() as session:
        await sync_rules(session, world.library, at or world.now)


async def measure(world: World, kind: str, *numbers: float, until: datetime | None = None, **fields: Any) -> None:
    """One number a day, the last an hour before `until` (now when absent); the account waits to be looked at."""
    last = (until or world.now) - timedelta(hours=1)
    async with world.database.transaction() as session:
        for days, number in enumerate(reversed(numbers)):
            at = last - timedelta(days=days)
            values: dict[str, Any] = {"account_id": world.account_id} | fields
            key = uuid4().hex
            session.add(
                Signal(
                    kind=kind, number=number, source="test", external_id=key, observed_at=at, created_at=at, **values
                )
            )
        await session.flush()
        await ask_for_evaluation(session, [fields.get("account_id", world.account_id)], until or world.now)


async def add_accounts(world: World, number: int) -> list[int]:
    """More accounts of maya's."""
    ids = []
    async with world.database.transaction() as session:
        for n in range(number):
            account = Account(
                key=f"new-{n}", name=f"New {n}", stage=Stage.ADOPTION, created_at=world.now, updated_at=world.now
            )
            session.add(account)
            await session.flush()
            ids.append(account.id)
            session.add(AccountRole(account_id=account.id, role=MemberRole.CSM, member_id=world.maya.member_id))
    return ids


async def firings(world: World) -> list[RuleFiring]:
    async with world.database.transaction() as session:
        return list((await session.exec(select(RuleFiring).order_by(col(RuleFiring.id)))).all())
