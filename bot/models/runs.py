from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from bot.models.columns import BIG_ID, choice, foreign_key, id_field, instant, json_field
from bot.models.people import MemberRole


class RunStatus(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


OPEN_RUN = text("status IN ('active', 'paused')")


class Run(SQLModel, table=True):
    """One account (or contact) going through one version of one playbook."""

    __tablename__ = "runs"
    __table_args__ = (
        Index(
            "uq_runs_open",
            "account_id",
            "playbook_key",
            text("coalesce(contact_id, 0)"),
            unique=True,
            sqlite_where=OPEN_RUN,
            postgresql_where=OPEN_RUN,
        ),
        Index("ix_runs_account_status", "account_id", "status"),
    )

    id: int = id_field()
    account_id: int = foreign_key("accounts", index=False, cascade=True)
    contact_id: int | None = foreign_key("contacts", default=None)
    playbook_version_id: int = foreign_key("playbook_versions")
    variant_id: int | None = foreign_key("playbook_variants", default=None, index=False)
    playbook_key: str = Field(max_length=80)
    title: str = Field(max_length=200)
    status: RunStatus = choice(RunStatus, default=RunStatus.ACTIVE)
    trigger_key: str | None = Field(
        default=None, unique=True, max_length=200, description="what started it, so that it starts once"
    )
    started_on: date = Field(description="day zero, in the account's CSM's zone")
    started_at: datetime = instant()
    started_by_id: int | None = foreign_key("members", default=None, index=False)
    ended_at: datetime | None = instant(default=None)
    end_reason: str | None = Field(default=None, max_length=3000)
    criteria_met: bool | None = Field(default=None, description="whether its exit criteria held when it ended")
    thread_channel: str | None = Field(default=None, max_length=32, description="its escalation's channel, if any")
    thread_ts: str | None = Field(default=None, max_length=32)


class BulkStart(SQLModel, table=True):
    """A playbook asked for on many accounts. A worker goes through them; `last_account_id` is how far it is."""

    __tablename__ = "bulk_starts"

    id: int = id_field()
    playbook_key: str = Field(max_length=80)
    condition: str = Field(max_length=1000, description="CEL over `account`: which ones")
    asked_by_id: int | None = foreign_key(
        "members", default=None, index=False, description="None: from the command line"
    )
    last_account_id: int = Field(default=0, sa_type=BIG_ID)
    started: int = 0
    running: int = Field(default=0, description="it was under way there already")
    refused: int = Field(default=0, description="it could not be started there, as when an account has no CSM")
    created_at: datetime = instant()
    finished_at: datetime | None = instant(default=None)


class StepKind(StrEnum):
    TASK = "task"
    EMAIL = "email"
    CHECK = "check"
    MEETING = "meeting"
    ESCALATION = "escalation"


class StepStatus(StrEnum):
    WAITING = "waiting"  # a step it needs is not finished
    OPEN = "open"
    BLOCKED = "blocked"
    DONE = "done"
    SKIPPED = "skipped"
    NOT_APPLICABLE = "not_applicable"
    CANCELLED = "cancelled"  # its run was cancelled, or an outcome made it pointless


OPEN_RUNS = frozenset({RunStatus.ACTIVE, RunStatus.PAUSED})
FINISHED = frozenset({StepStatus.DONE, StepStatus.SKIPPED, StepStatus.NOT_APPLICABLE, StepStatus.CANCELLED})
ACTIONABLE = frozenset({StepStatus.OPEN, StepStatus.BLOCKED})


class BlockCategory(StrEnum):
    """What is in the way of a blocked step, so that reports can count it. Kept in the timeline's details."""

    WAITING_FOR_CUSTOMER = "waiting_for_customer"
    DATA = "data"
    PRODUCT = "product"
    DECISION = "decision"
    OTHER = "other"


class Step(SQLModel, table=True):
    """One step of a run. Its words (guidance, email, fields) stay in the run's playbook version, by `key`."""

    __tablename__ = "steps"
    __table_args__ = (
        UniqueConstraint("run_id", "key"),
        Index("ix_steps_assignee_status_due", "assignee_id", "status", "due_on"),
        Index("ix_steps_account_status_due", "account_id", "status", "due_on"),
    )

    id: int = id_field()
    run_id: int = foreign_key("runs", index=False, cascade=True)
    account_id: int = foreign_key("accounts", index=False, cascade=True)
    key: str = Field(max_length=80)
    position: int
    title: str = Field(max_length=200)
    kind: StepKind = choice(StepKind)
    role: MemberRole = choice(MemberRole)
    assignee_id: int = foreign_key("members", index=False)
    role_missing: bool = Field(default=False, description="nobody has `role` here, so it went to the CSM")
    status: StepStatus = choice(StepStatus)
    due_on: date | None = Field(default=None, description="the assignee's calendar; None while its date is unknown")
    snoozed_until: date | None = None
    first_due_on: date | None = Field(default=None, description="of a snoozed step: the day it was due before")
    opened_at: datetime | None = instant(default=None)
    finished_at: datetime | None = instant(default=None)
    finished_by_id: int | None = foreign_key("members", default=None, index=False)
    outcome: str | None = Field(default=None, max_length=80)
    reason: str | None = Field(default=None, max_length=3000, description="why skipped, blocked, sent back, ...")
    artefact: str | None = Field(default=None, max_length=3000)
    answers: dict[str, Any] = json_field(default_factory=dict)
    found: dict[str, Any] = json_field(default_factory=dict)  # answers that the data gave, with source and time
    effects: dict[str, Any] = json_field(default_factory=dict)  # what finishing it changed elsewhere, for undo
    revision: int = Field(default=0, description="grows with every change; a modal opened on an older one is told so")
