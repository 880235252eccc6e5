"""20 rules on 10,000 accounts, windows and all, against evaluating the same CEL conditions on dictionaries ready made.

python -m tests.benchmarks.bench_rules
"""

import asyncio
import gc
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import cel
from sqlalchemy import insert

from bot.db import Database
from bot.library.facts import account_facts
from bot.library.library import Library
from bot.library.rules import Rule
from bot.migrating import migrate
from bot.models import Account, AccountRole, Member, MemberRole, Signal, Stage
from bot.schedule.ruling import PAGE
from bot.settings import ROOT
from bot.signals.rules.finding import find_changes

NOW = datetime(2026, 3, 3, 11, tzinfo=UTC)
ACCOUNTS, RULES, PEOPLE, DAYS, ROUNDS = 10_000, 20, 50, 56, 3
CHUNK = 20_000
TARGET = 0.4
DAILY = ("active_users", "core_workflow_users")
WEEKLY = ("tickets_open", "tickets_urgent", "invoice_overdue_days", "logins")
ONCE = ("seats_bought", "seats_used")


async def write_book(database: Database) -> int:
    """The accounts with two months of signals: two kinds a day, four a week, two once. Returns how many signals."""
    people = [
        Member(id=n, email=f"p{n}@ours.example", name=f"P{n}", role=MemberRole.CSM, created_at=NOW)
        for n in range(1, PEOPLE + 1)
    ]
    rows = list(_signals())
    async with database.engine.begin() as connection:
        for table, values in (
            (Member, [person.model_dump() for person in people]),
            (Account, [_account(n) for n in range(1, ACCOUNTS + 1)]),
            (AccountRole, [_role(n) for n in range(1, ACCOUNTS + 1)]),
            (Signal, rows),
        ):
            for first in range(0, len(values), CHUNK):
                await connection.execute(insert(table), values[first : first + CHUNK])
    return len(rows)


def _account(n: int) -> dict[str, Any]:
    return Account(
        id=n,
        key=f"account-{n}",
        name=f"Account {n}",
        stage=(Stage.ADOPTION, Stage.EXPANSION, Stage.RENEWAL)[n % 3],
        arr=n * 10,
        renewal_date=(NOW + timedelta(days=n % 365)).date(),
        created_at=NOW,
        updated_at=NOW,
    ).model_dump()


def _role(n: int) -> dict[str, Any]:
    return {"account_id": n, "role": MemberRole.CSM, "member_id": n % PEOPLE + 1}


def _signals() -> Iterator[dict[str, Any]]:
    for account in range(1, ACCOUNTS + 1):
        for kinds, every in ((DAILY, 1), (WEEKLY, 7), (ONCE, DAYS)):
            for kind in kinds:
                for day in range(0, DAYS, every):
                    at = NOW - timedelta(days=day, hours=1)
                    yield {
                        "account_id": account,
                        "kind": kind,
                        "number": float(20 + (account * 7 + day * 3) % 17),
                        "source": "bench",
                        "external_id": f"{account}:{kind}:{day}",
                        "observed_at": at,
                        "created_at": at,
                    }


def make_rules() -> list[Rule]:
    """Drops, levels, changes, absence, combinations and horizons, over a dozen windows. None comes to hold."""
    week = {"take": "mean", "over": 7}
    before = {"take": "mean", "over": 28, "ago": 7}
    drops = [
        (f"drop-{part}", {"now": {"metric": kind, **week}, "before": {"metric": kind, **before}}, part)
        for kind, part in (("active_users", 2), ("active_users", 3), ("core_workflow_users", 4))
    ]
    written: list[tuple[str, dict[str, Any], str]] = [
        *((key, ms, f"measures.before >= 5 && measures.now <= measures.before * 0.{part}") for key, ms, part in drops),
        *(
            (f"level-{kind.replace('_', '-')}", {"now": {"metric": kind}}, f"measures.now > {1000 + number}")
            for number, kind in enumerate((*WEEKLY, *ONCE, *DAILY))
        ),
        *(
            (
                f"both-{n}",
                {
                    "tickets": {"metric": "tickets_open", "take": "count", "over": 14},
                    "earlier": {"metric": "tickets_open", "take": "count", "over": 14, "ago": 14},
                    "now": {"metric": "active_users", **week},
                },
                f"measures.tickets > measures.earlier * 9 && measures.now < {n}",
            )
            for n in (1, 2)
        ),
        ("silence", {"lately": {"metric": "active_users", "take": "count", "over": 14}}, "measures.lately == 0"),
        ("utilisation", {"used": {"metric": "seats_used", "over": 60}}, "measures.used > 90 && account.arr > 1"),
        *((f"renewal-{n}", {}, f"account.days_until_renewal_date == {n + 1000}") for n in range(3)),
        ("low-touch", {"now": {"metric": "logins", "take": "sum", "over": 30}}, "measures.now < 1"),
        ("peak", {"most": {"metric": "logins", "take": "largest", "over": 30}}, "measures.most > 1000"),
    ]
    base: dict[str, Any] = {"title": "For a benchmark", "then": {"alert": {"to": "csm"}}}
    return [
        Rule.model_validate(base | {"key": key, "measures": measures, "when": when}) for key, measures, when in written
    ]


async def seconds_for_rules(database: Database, library: Library, rules: list[Rule]) -> float:
    """Everything from the tables to knowing what there is to do, a page of accounts at a time."""
    gc.collect()
    begin = time.perf_counter()
    async with database.reading() as connection:
        for first in range(1, ACCOUNTS + 1, PAGE):
            found = await find_changes(connection, library, rules, list(range(first, first + PAGE)), NOW)
            if found:
                raise RuntimeError(f"a rule came to hold: {found[0]}")
    return time.perf_counter() - begin


def seconds_for_bare(rules: list[Rule]) -> float:
    """The conditions alone, compiled, on dictionaries ready made: all that is known of an account, and the measures."""
    account = {name: 27.0 for name in account_facts(Account(**_account(1)), NOW.date()) if name != "attributes"}
    contexts = [
        (cel.compile(rule.condition.expression), {"account": account, "measures": dict.fromkeys(rule.measures, 27.0)})
        for rule in rules
    ]
    gc.collect()
    begin = time.perf_counter()
    for _ in range(ACCOUNTS):
        for program, context in contexts:
            program.execute(context)
    return time.perf_counter() - begin


async def main() -> None:
    rules = make_rules()
    if len(rules) != RULES:
        raise RuntimeError(f"{len(rules)} rules")
    library = Library(ROOT / "playbooks")
    library.load()
    with tempfile.TemporaryDirectory() as directory:
        database = Database(f"sqlite+aiosqlite:///{Path(directory) / 'bench.db'}")
        await migrate(database)
        signals = await write_book(database)
        print(f"{RULES} rules on {ACCOUNTS:,} accounts with {signals:,} signals (SQLite)")
        ratios = []
        for _ in range(ROUNDS):
            bare, ours = seconds_for_bare(rules), await seconds_for_rules(database, library, rules)
            ratios.append(bare / ours)
            each = bare / (ACCOUNTS * RULES) * 1e6
            print(
                f"  bare CEL {bare:5.2f} s ({each:.1f} microseconds each), rules with windows {ours:5.2f} s: "
                f"{bare / ours:.2f} of the bare rate"
            )
        await database.close()
    print(f"  {median(ratios):.2f} of the bare rate (at least {TARGET} wanted)")


if __name__ == "__main__":
    asyncio.run(main())
