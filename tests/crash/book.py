"""What the crash tests work on: many accounts, each with one run whose steps follow one another, with mails between."""

import asyncio
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from shutil import copytree

from sqlalchemy import insert, select
from sqlmodel import col

from bot.db import Database
from bot.engine.runs import start_run
from bot.library.library import Library
from bot.migrating import migrate
from bot.models import Account, AccountRole, Contact, Member, MemberRole, Run, Step, StepKind, Touch
from bot.settings import ROOT

PLAYBOOK = "relay"
STEPS_A_RUN = 12
MAIL_AFTER = (0, 5)  # legs; more would be more than one contact gets in a week
TEMPLATE = "crash/news"


def monday_morning() -> timedelta:
    """How far to move a clock on so that it says next Monday, ten o'clock UTC: nothing waits for working hours then."""
    now = datetime.now(UTC)
    monday = now.date() + timedelta(days=7 - now.weekday())
    return datetime.combine(monday, time(10), UTC) - now


def write_files(playbooks: Path, templates: Path) -> None:
    """A relay: each step opens the next, whose message goes to somebody else's turn at once; some open a mail, too."""
    _write_playbook(playbooks)
    copytree(ROOT / "templates", templates)
    (templates / "email" / "crash").mkdir()
    (templates / "email" / f"{TEMPLATE}.j2").write_text("Subject: News\n\nHello {{ contact.first_name }}.\n")


def _write_playbook(directory: Path) -> None:
    steps = [
        f"  - {{key: leg-{n}, title: Leg {n}, due: 0d{f', needs: [leg-{n - 1}]' if n else ''}}}"
        for n in range(STEPS_A_RUN)
    ]
    steps += [
        f"  - {{key: mail-{n}, title: Mail {n}, due: 0d, needs: [leg-{n}], kind: email, mode: automatic, "
        f"email: {{template: {TEMPLATE}, to: [champion]}}}}"
        for n in MAIL_AFTER
    ]
    lines = [
        f"key: {PLAYBOOK}",
        "title: Relay",
        "category: lifecycle",
        "summary: Each leg opens the next.",
        "success: Every leg is run once.",
        "steps:",
        *steps,
    ]
    (directory / "lifecycle").mkdir(parents=True)
    (directory / "lifecycle" / f"{PLAYBOOK}.yaml").write_text("\n".join(lines) + "\n")


async def write_book(database: Database, library: Library, now: datetime, *, accounts: int, people: int) -> None:
    """Migrate, and start the relay on every account; the people are CSMs of as many accounts each."""
    await migrate(database)
    async with database.long_transaction() as session:
        members = [
            {"id": n, "email": f"p{n}@ours.example", "name": f"Person {n}", "role": MemberRole.CSM}
            | {"slack_user_id": slack_id(n), "created_at": now, "workday_start": 0, "workday_end": 24}
            for n in range(1, people + 1)
        ]
        rows = [
            {"id": n, "key": f"account-{n}", "name": f"Account {n}", "renewal_date": date(2030, 1, 1)}
            | {"created_at": now, "updated_at": now, "last_contact_at": now, "touch": Touch.LOW}
            for n in range(1, accounts + 1)
        ]
        roles = [
            {"account_id": n, "role": MemberRole.CSM, "member_id": csm_of(n, people)} for n in range(1, accounts + 1)
        ]
        contacts = [
            {"account_id": n, "name": f"Reader {n}", "email": f"reader{n}@theirs.example", "roles": ["champion"]}
            | {"may_email": True, "created_at": now}
            for n in range(1, accounts + 1)
        ]
        await session.exec(insert(Member), params=members)
        await session.exec(insert(Account), params=rows)
        await session.exec(insert(AccountRole), params=roles)
        await session.exec(insert(Contact), params=contacts)
    for first in range(1, accounts + 1, 20):
        async with database.long_transaction() as session:
            for number in range(first, min(first + 20, accounts + 1)):
                await start_run(session, library, number, PLAYBOOK, now, actor=None)


def slack_id(member_id: int) -> str:
    """As the double's process names its people."""
    return f"U{member_id - 1:06d}"


def csm_of(account_id: int, people: int) -> int:
    return account_id % people + 1


async def relays(database: Database) -> list[tuple[int, list[int]]]:
    """Of each run, its account and the steps that people do, in their order."""
    query = (
        select(col(Run.account_id), col(Step.id))
        .join(Step, col(Step.run_id) == Run.id)
        .where(col(Step.kind) == StepKind.TASK)
        .order_by(col(Run.id), col(Step.position))
    )
    async with database.reading() as connection:
        found: dict[int, list[int]] = {}
        for account_id, step_id in (await connection.execute(query)).all():
            found.setdefault(account_id, []).append(step_id)
    await asyncio.sleep(0)
    return list(found.items())
