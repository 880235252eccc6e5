"""Accounts and what belongs to them, stored for a test in a line each."""

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import insert

from bot.db import Database
from bot.models import (
    Account,
    AccountRole,
    Escalation,
    HealthSnapshot,
    Member,
    MemberRole,
    Milestone,
    PlaybookVersion,
    Run,
    RunStatus,
    Severity,
    Signal,
    Step,
    StepKind,
    StepStatus,
    Touchpoint,
    TouchpointKind,
)


class Book:
    """Adds rows to a database and returns their ids. What is not given is something ordinary."""

    def __init__(self, database: Database, now: datetime) -> None:
        self.database = database
        self.now = now
        self._runs = 0

    async def _add(self, row: Any) -> int:
        async with self.database.transaction() as session:
            session.add(row)
            await session.flush()
            number: int = row.id
        return number

    async def member(self, name: str, role: MemberRole = MemberRole.CSM, **columns: Any) -> int:
        email = f"{name}@ours.example"
        given = {"email": email, "name": name.capitalize(), "slack_user_id": f"U0{name.upper()}", "role": role}
        return await self._add(Member(**given | columns, created_at=self.now))

    async def account(self, key: str, team: dict[MemberRole, int] | None = None, **columns: Any) -> int:
        given = {"key": key, "name": key.capitalize(), "domain": f"{key}.example"} | columns
        account_id = await self._add(Account(**given, created_at=self.now, updated_at=self.now))
        for role, member_id in (team or {}).items():
            await self._add(AccountRole(account_id=account_id, role=role, member_id=member_id))
        return account_id

    async def many_accounts(self, number: int, prefix: str = "company") -> None:
        rows = [
            {
                "key": f"{prefix}-{n}",
                "name": f"{prefix.capitalize()} Number {n}",
                "domain": f"{prefix}{n}.example",
                "created_at": self.now,
                "updated_at": self.now,
            }
            for n in range(number)
        ]
        async with self.database.transaction() as session:
            await (await session.connection()).execute(insert(Account), rows)

    async def run(self, account_id: int, status: RunStatus = RunStatus.ACTIVE, **columns: Any) -> int:
        self._runs += 1
        key = f"playbook-{self._runs}"
        version = await self._add(
            PlaybookVersion(key=key, version=1, digest=str(self._runs), content={}, created_at=self.now)
        )
        given: dict[str, Any] = {"title": "Basic onboarding", "started_on": self.now.date(), "started_at": self.now}
        return await self._add(
            Run(account_id=account_id, playbook_version_id=version, playbook_key=key, status=status, **given | columns)
        )

    async def step(
        self, account_id: int, run_id: int, assignee_id: int, *, due_on: date | None = None, **columns: Any
    ) -> int:
        key = f"step-{columns.get('title', due_on)}"
        given: dict[str, Any] = {
            "key": key,
            "position": 0,
            "title": "Send the welcome email",
            "kind": StepKind.TASK,
            "role": MemberRole.CSM,
            "status": StepStatus.OPEN,
            "opened_at": self.now,
        }
        return await self._add(
            Step(account_id=account_id, run_id=run_id, assignee_id=assignee_id, due_on=due_on, **given | columns)
        )

    async def milestone(self, account_id: int, title: str, **columns: Any) -> int:
        key = title.lower().replace(" ", "-")
        return await self._add(Milestone(account_id=account_id, key=key, title=title, created_at=self.now, **columns))

    async def escalation(self, account_id: int, owner_id: int, ask: str, **columns: Any) -> int:
        given: dict[str, Any] = {"target": MemberRole.LEADER, "severity": Severity.HIGH, "owner_id": owner_id}
        due = self.now + timedelta(hours=4)
        return await self._add(
            Escalation(account_id=account_id, ask=ask, created_at=self.now, acknowledge_by=due, **given | columns)
        )

    async def touchpoint(self, account_id: int, step_id: int | None, fire_at: datetime, **columns: Any) -> int:
        given: dict[str, Any] = {"kind": TouchpointKind.DUE} | columns
        return await self._add(Touchpoint(account_id=account_id, step_id=step_id, fire_at=fire_at, **given))

    async def signals(self, account_id: int, kind: str, *observed: tuple[float, float], **columns: Any) -> None:
        """Signals as (days ago, number)."""
        rows = [
            {
                "account_id": account_id,
                "kind": kind,
                "number": number,
                "source": "product",
                "external_id": f"{account_id} {kind} {days} {columns.get('label')}",
                "observed_at": self.now - timedelta(days=days),
                "created_at": self.now,
            }
            | columns
            for days, number in observed
        ]
        async with self.database.transaction() as session:
            await (await session.connection()).execute(insert(Signal), rows)

    async def snapshot(self, account_id: int, day: date, score: int, components: dict[str, Any]) -> int:
        return await self._add(HealthSnapshot(account_id=account_id, day=day, score=score, components=components))
