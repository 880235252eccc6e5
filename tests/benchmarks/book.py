"""A large book of business, written with bulk inserts: for benchmarks."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import insert

from bot.db import Database
from bot.library.schema import dump
from bot.models import (
    Account,
    AccountRole,
    Member,
    MemberRole,
    PlaybookVersion,
    Run,
    Step,
    StepKind,
    StepStatus,
    Touchpoint,
    TouchpointKind,
)
from tests.support.world import make_playbook

ACCOUNTS, STEPS_A_RUN = 1_000, 10
STEPS = ACCOUNTS * STEPS_A_RUN
PEOPLE = 20
CHUNK = 10_000


async def write_book(database: Database) -> None:
    """1,000 accounts (the first is acme) with one run of ten open steps each; U1 is everybody's leader."""
    now = datetime.now(UTC)
    playbook = make_playbook(*({"key": f"step-{n}", "due": "3d"} for n in range(STEPS_A_RUN)))
    version = {"id": 1, "key": playbook.key, "version": 1, "digest": "d", "content": dump(playbook), "created_at": now}
    async with database.engine.begin() as connection:
        for table, rows in (
            (Member, [_member(n, now) for n in range(1, PEOPLE + 1)]),
            (Account, [_account(n, now) for n in range(1, ACCOUNTS + 1)]),
            (AccountRole, [_role(n) for n in range(1, ACCOUNTS + 1)]),
            (PlaybookVersion, [version]),
            (Run, [_run(n, playbook.key, now) for n in range(1, ACCOUNTS + 1)]),
            (Step, [_step(n, now) for n in range(1, STEPS + 1)]),
            (Touchpoint, [_touchpoint(n, now) for n in range(1, STEPS + 1)]),
        ):
            for first in range(0, len(rows), CHUNK):
                await connection.execute(insert(table), rows[first : first + CHUNK])


def _member(n: int, now: datetime) -> dict[str, Any]:
    role = MemberRole.LEADER if n == 1 else MemberRole.CSM
    return Member(
        id=n, email=f"p{n}@ours.example", name=f"Person {n}", role=role, slack_user_id=f"U{n}", created_at=now
    ).model_dump()


def _account(n: int, now: datetime) -> dict[str, Any]:
    key = "acme" if n == 1 else f"account-{n}"
    return Account(
        id=n,
        key=key,
        name=key.title(),
        domain=f"{key}.example",
        arr=1000 * n,
        renewal_date=date.today() + timedelta(days=n % 365),  # noqa: DTZ011  # any day will do
        last_contact_at=now - timedelta(days=n % 60),
        created_at=now,
        updated_at=now,
    ).model_dump()


def _role(n: int) -> dict[str, Any]:
    return {"account_id": n, "role": MemberRole.CSM, "member_id": n % PEOPLE + 1}


def _run(n: int, key: str, now: datetime) -> dict[str, Any]:
    return Run(
        id=n,
        account_id=n,
        playbook_version_id=1,
        playbook_key=key,
        title="Test play",
        started_on=now.date(),
        started_at=now,
    ).model_dump()


def _step(n: int, now: datetime) -> dict[str, Any]:
    run, position = (n - 1) // STEPS_A_RUN + 1, (n - 1) % STEPS_A_RUN
    return Step(
        id=n,
        run_id=run,
        account_id=run,
        key=f"step-{position}",
        position=position,
        title=f"Step {position}",
        kind=StepKind.TASK,
        role=MemberRole.CSM,
        assignee_id=run % PEOPLE + 1,
        status=StepStatus.OPEN,
        due_on=now.date() + timedelta(days=3),
    ).model_dump()


def _touchpoint(n: int, now: datetime) -> dict[str, Any]:
    run = (n - 1) // STEPS_A_RUN + 1
    return Touchpoint(
        id=n, kind=TouchpointKind.DUE, account_id=run, step_id=n, fire_at=now + timedelta(days=3)
    ).model_dump()
