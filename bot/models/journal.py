"""What people wrote and what happened: notes, escalations, the timeline, daily health."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from bot.models.columns import choice, foreign_key, id_field, instant, json_field
from bot.models.people import MemberRole


class NoteSource(StrEnum):
    COMMAND = "command"
    MODAL = "modal"
    THREAD = "thread"
    SHORTCUT = "shortcut"


class Note(SQLModel, table=True):
    """`channel` and `ts` name the Slack message a note was taken from, so that a redelivered event adds no second."""

    __tablename__ = "notes"
    __table_args__ = (UniqueConstraint("channel", "ts"), Index("ix_notes_account_at", "account_id", "created_at"))

    id: int = id_field()
    account_id: int = foreign_key("accounts", index=False, cascade=True)
    step_id: int | None = foreign_key("steps", default=None, cascade=True)
    author_id: int = foreign_key("members", index=False)
    source: NoteSource = choice(NoteSource)
    body: str = Field(max_length=12000)
    channel: str | None = Field(default=None, max_length=32)
    ts: str | None = Field(default=None, max_length=32)
    created_at: datetime = instant()


class Severity(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class EscalationStatus(StrEnum):
    OPEN = "open"
    INFO_NEEDED = "info_needed"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class Rung(StrEnum):
    """How far up an escalation nobody took has gone."""

    OWNER = "owner"
    DEPUTY = "deputy"
    LEADER = "leader"


UNRESOLVED = text("status <> 'resolved'")


class Escalation(SQLModel, table=True):
    """A call for help with an owner and a deadline."""

    __tablename__ = "escalations"
    __table_args__ = (
        Index("ix_escalations_unresolved", "account_id", sqlite_where=UNRESOLVED, postgresql_where=UNRESOLVED),
        Index("ix_escalations_raised", "raised_by_id", sqlite_where=UNRESOLVED, postgresql_where=UNRESOLVED),
    )

    id: int = id_field()
    account_id: int = foreign_key("accounts", index=False, cascade=True)
    step_id: int | None = foreign_key("steps", default=None, cascade=True)
    run_id: int | None = foreign_key("runs", default=None, cascade=True)
    raised_by_id: int | None = foreign_key("members", default=None, index=False)
    target: MemberRole = choice(MemberRole)
    owner_id: int = foreign_key("members")
    severity: Severity = choice(Severity)
    status: EscalationStatus = choice(EscalationStatus, default=EscalationStatus.OPEN)
    rung: Rung = choice(Rung, default=Rung.OWNER)
    ask: str = Field(max_length=3000)
    tried: str | None = Field(default=None, max_length=3000)
    deadline: date | None = None
    created_at: datetime = instant()
    acknowledge_by: datetime = instant()
    acknowledged_at: datetime | None = instant(default=None)
    acknowledged_by_id: int | None = foreign_key("members", default=None, index=False)
    resolved_at: datetime | None = instant(default=None)
    resolved_by_id: int | None = foreign_key("members", default=None, index=False)
    resolution: str | None = Field(default=None, max_length=3000)
    revision: int = 0
    code_red: bool = Field(default=False, description="while it is not resolved, the account is in code red")


class TimelineKind(StrEnum):
    ACCOUNT_ADDED = "account_added"
    ACCOUNT_CHANGED = "account_changed"
    ANCHOR_MOVED = "anchor_moved"
    SERVICE_CHANGED = "service_changed"  # the segment table: segment, touch, journey
    JOURNEY_CHANGED = "journey_changed"
    STAGE_WAITS = "stage_waits"  # for the gate of the present stage
    CONTACT_ADDED = "contact_added"
    CONTACT_CHANGED = "contact_changed"
    SENTIMENT = "sentiment"
    SURVEY = "survey"
    MILESTONE_PLANNED = "milestone_planned"
    MILESTONE_REACHED = "milestone_reached"
    MILESTONE_MISSED = "milestone_missed"
    RUN_STARTED = "run_started"
    RUN_PAUSED = "run_paused"
    RUN_RESUMED = "run_resumed"
    RUN_COMPLETED = "run_completed"
    RUN_CANCELLED = "run_cancelled"
    RUN_MOVED = "run_moved"
    ROUND_SKIPPED = "round_skipped"  # of a recurring playbook: left out by somebody, or passed over
    STEP_COMPLETED = "step_completed"
    STEP_UNDONE = "step_undone"
    STEP_SENT_BACK = "step_sent_back"  # by whoever was to accept it
    STEP_SKIPPED = "step_skipped"
    STEP_NOT_APPLICABLE = "step_not_applicable"
    STEP_SNOOZED = "step_snoozed"
    STEP_REASSIGNED = "step_reassigned"
    STEP_BLOCKED = "step_blocked"
    STEP_UNBLOCKED = "step_unblocked"
    OBJECTIVE_ADDED = "objective_added"
    OBJECTIVE_CHANGED = "objective_changed"
    OBJECTIVE_CLOSED = "objective_closed"
    OBJECTIVE_REOPENED = "objective_reopened"
    ADVOCACY_ASKED = "advocacy_asked"
    ADVOCACY_ANSWERED = "advocacy_answered"
    NOTE = "note"
    EMAIL_SENT = "email_sent"
    EMAIL_HELD = "email_held"  # meant to go by itself, left to a person
    EMAIL_FAILED = "email_failed"
    UNSUBSCRIBED = "unsubscribed"
    SIGNAL = "signal"  # a fact worth reading on the timeline: not every number that is measured
    RULE_FIRED = "rule_fired"
    ALERT_RAISED = "alert_raised"
    ALERT_ANSWERED = "alert_answered"
    ESCALATION_RAISED = "escalation_raised"
    ESCALATION_ACKNOWLEDGED = "escalation_acknowledged"
    ESCALATION_INFO_NEEDED = "escalation_info_needed"
    ESCALATION_CLIMBED = "escalation_climbed"
    ESCALATION_RESOLVED = "escalation_resolved"
    UPDATE_ASKED = "update_asked"  # in a code red nobody had said anything about for a day
    EXEMPTION_REQUESTED = "exemption_requested"
    EXEMPTION_APPROVED = "exemption_approved"
    EXEMPTION_DECLINED = "exemption_declined"
    RETROSPECTIVE = "retrospective"
    GUARDRAIL = "guardrail"  # a threshold was crossed, and something was done about it


class TimelineEntry(SQLModel, table=True):
    """The audit trail: one row for every change, written in the change's own transaction. Rows never change."""

    __tablename__ = "timeline"
    __table_args__ = (Index("ix_timeline_account_at", "account_id", "at"),)

    id: int = id_field()
    account_id: int = foreign_key("accounts", index=False, cascade=True)
    run_id: int | None = foreign_key("runs", default=None, cascade=True)
    step_id: int | None = foreign_key("steps", default=None, cascade=True)
    escalation_id: int | None = foreign_key("escalations", default=None, cascade=True)
    actor_id: int | None = foreign_key("members", default=None, index=False, description="None: Playcall itself")
    kind: TimelineKind = choice(TimelineKind)
    summary: str = Field(max_length=3000, description="plain text as it was true then; escape it before showing it")
    details: dict[str, Any] = json_field(default_factory=dict)
    at: datetime = instant()


class HealthSnapshot(SQLModel, table=True):
    """An account's health at the end of a day (UTC), so that what moved can be told later."""

    __tablename__ = "health_snapshots"
    __table_args__ = (UniqueConstraint("account_id", "day"),)

    id: int = id_field()
    account_id: int = foreign_key("accounts", index=False, cascade=True)
    day: date
    score: int
    confidence: int | None = Field(default=None, description="in percent; None in rows older than this column")
    components: dict[str, Any] = json_field()
