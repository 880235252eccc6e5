"""A small team with one account, and playbooks written for a test."""

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlmodel import col, select

from bot.db import Database
from bot.engine.actors import Actor
from bot.engine.raising import raise_escalation
from bot.engine.runs import start_run
from bot.library.library import Library
from bot.library.loading import Catalog
from bot.library.schema import Playbook
from bot.models import (
    Account,
    AccountRole,
    Contact,
    Delivery,
    Escalation,
    Member,
    MemberRole,
    Run,
    Severity,
    Stage,
    Step,
    TimelineEntry,
    Touchpoint,
)


@dataclass
class World:
    """maya is acme's CSM, leo its AE, dana its leader; sam and eve have nothing to do with it."""

    database: Database
    library: Library
    now: datetime
    account_id: int
    maya: Actor
    leo: Actor
    dana: Actor
    sam: Actor
    eve: Actor

    async def steps(self, run_id: int) -> dict[str, Step]:
        async with self.database.transaction() as session:
            query = select(Step).where(Step.run_id == run_id).order_by(col(Step.position))
            return {step.key: step for step in (await session.exec(query)).all()}

    async def run(self, run_id: int) -> Run:
        async with self.database.transaction() as session:
            return await session.get_one(Run, run_id)

    async def account(self) -> Account:
        async with self.database.transaction() as session:
            return await session.get_one(Account, self.account_id)

    async def touchpoints(self, **filters: Any) -> list[Touchpoint]:
        async with self.database.transaction() as session:
            query = select(Touchpoint).filter_by(**filters).order_by(col(Touchpoint.fire_at), col(Touchpoint.id))
            return list((await session.exec(query)).all())

    async def deliveries(self, **filters: Any) -> list[Delivery]:
        async with self.database.transaction() as session:
            return list((await session.exec(select(Delivery).filter_by(**filters).order_by(col(Delivery.id)))).all())

    async def timeline(self) -> list[str]:
        async with self.database.transaction() as session:
            return [
                entry.summary
                for entry in (await session.exec(select(TimelineEntry).order_by(col(TimelineEntry.id)))).all()
            ]

    async def start(self, *steps: dict[str, Any], actor: Actor | None = None, **changes: Any) -> int:
        """Start a playbook made of these steps on acme, and return the run's id."""
        written = use_playbook(self.library, *steps, **changes)
        async with self.database.transaction() as session:
            run = await start_run(
                session, self.library, self.account_id, written.key, self.now, actor=actor or self.maya
            )
            return run.id

    async def escalate(
        self, *, step_id: int | None = None, target: MemberRole = MemberRole.LEADER, ask: str = "Please call them."
    ) -> Escalation:
        """maya calls for help on acme."""
        async with self.database.transaction() as session:
            return await raise_escalation(
                session,
                self.library,
                self.account_id,
                self.maya,
                self.now,
                target=target,
                severity=Severity.HIGH,
                ask=ask,
                step_id=step_id,
            )


async def change_members(world: World, **changes: dict[str, Any]) -> None:
    """Change columns of people, by name: `change_members(world, leo={"active": False})`."""
    async with world.database.transaction() as session:
        for name, values in changes.items():
            member = await session.get_one(Member, getattr(world, name).member_id)
            for column, value in values.items():
                setattr(member, column, value)


def use_playbook(library: Library, *steps: dict[str, Any], **changes: Any) -> Playbook:
    """Put a playbook with these steps into the library. A step needs a key only."""
    playbook = make_playbook(*steps, **changes)
    library.catalog = Catalog({**library.catalog.playbooks, playbook.key: playbook}, library.catalog.problems)
    return playbook


def make_playbook(*steps: dict[str, Any], **changes: Any) -> Playbook:
    written = [{"title": step["key"].replace("-", " ").capitalize(), "due": "0d", **step} for step in steps]
    base = {
        "key": "test-play",
        "title": "Test play",
        "category": "lifecycle",
        "summary": "For a test.",
        "success": "It ran.",
    }
    return Playbook.model_validate({**base, "steps": written, **changes})


async def make_world(database: Database, now: datetime) -> World:
    async with database.transaction() as session:
        people = {
            "maya": Member(
                name="Maya Lindt",
                email="maya@ours.example",
                role=MemberRole.CSM,
                slack_user_id="U0MAYA",
                timezone="Europe/Berlin",
                country="DE",
                created_at=now,
            ),
            "leo": Member(
                name="Leo Park",
                email="leo@ours.example",
                role=MemberRole.AE,
                slack_user_id="U0LEO",
                timezone="America/New_York",
                country="US",
                created_at=now,
            ),
            "dana": Member(
                name="Dana Reyes",
                email="dana@ours.example",
                role=MemberRole.LEADER,
                slack_user_id="U0DANA",
                timezone="Europe/London",
                country="GB",
                created_at=now,
            ),
            "sam": Member(
                name="Sam Okoye",
                email="sam@ours.example",
                role=MemberRole.SPECIALIST,
                slack_user_id="U0SAM",
                timezone="Europe/Berlin",
                country="DE",
                created_at=now,
            ),
            "eve": Member(
                name="Eve Moreau",
                email="eve@ours.example",
                role=MemberRole.CSM,
                slack_user_id="U0EVE",
                timezone="Europe/Paris",
                country="FR",
                created_at=now,
            ),
        }
        session.add_all(people.values())
        account = Account(
            key="acme",
            name="Acme",
            domain="acme.example",
            stage=Stage.ADOPTION,
            arr=120_000,
            renewal_date=date(2026, 9, 1),
            created_at=now,
            updated_at=now,
        )
        session.add(account)
        await session.flush()
        for name, role in (("maya", MemberRole.CSM), ("leo", MemberRole.AE), ("dana", MemberRole.LEADER)):
            session.add(AccountRole(account_id=account.id, role=role, member_id=people[name].id))
        session.add(
            Contact(
                account_id=account.id, name="Jane Doe", email="jane@acme.example", roles=["champion"], created_at=now
            )
        )
        actors = {name: Actor.of(member) for name, member in people.items()}
    return World(database, Library(Path("nowhere")), now, account.id, **actors)
