from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from bot.models.columns import choice, foreign_key, id_field, instant, json_field


class DeliveryKind(StrEnum):
    STEPS = "steps"  # a person's due steps, one message
    CELEBRATION = "celebration"
    ESCALATION = "escalation"
    ESCALATION_UPDATE = "escalation_update"  # a reply in the escalation's thread
    NOTICE = "notice"  # a plain sentence to one person
    BLOCKED = "blocked"  # a blocked step, to somebody who is asked to help
    STAGE_WAITS = "stage_waits"  # an account could go on to its next stage, but for its gate
    REDRAW = "redraw"  # chat.update of a posted message from saved state
    HOME = "home"
    EMAIL = "email"
    VERSION_DRAFT = "version_draft"  # asks an owner to approve a changed playbook
    VERSION_NEWS = "version_news"  # tells the team what an approved version changes
    EXEMPTION_REQUEST = "exemption_request"  # asks an owner to approve an exemption
    ALERT = "alert"  # asks somebody to decide about what the data say
    RULE_HELD = "rule_held"  # a rule would act on many accounts: asks its owner to look first
    QUARANTINE = "quarantine"  # signals of an account nobody knows
    DATA_GAPS = "data_gaps"  # the weekly list of what is missing on file, to the data owner
    EXEMPTION_OVER = "exemption_over"  # tells the CSM that one has ended


class DeliveryStatus(StrEnum):
    PENDING = "pending"
    LEASED = "leased"
    SENT = "sent"
    FAILED = "failed"


PENDING = text("status = 'pending'")
UNSENT = text("status IN ('pending', 'leased')")


class Delivery(SQLModel, table=True):
    """One thing to send. What it says is built from saved state at the moment of sending; the row holds ids only.

    `lane` is what pacing counts: a Slack channel's id or name, or `@<member id>` for a direct message.
    `merge_key` lets a pending delivery take up what would otherwise be a second one: one row per key is pending.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        Index("uq_deliveries_pending", "merge_key", unique=True, sqlite_where=PENDING, postgresql_where=PENDING),
        Index("ix_deliveries_unsent", "available_at", sqlite_where=UNSENT, postgresql_where=UNSENT),
        Index("ix_deliveries_status_lane", "status", "lane"),
    )

    id: int = id_field()
    key: str = Field(unique=True, max_length=32, description="random; carried in the message's metadata")
    kind: DeliveryKind = choice(DeliveryKind)
    status: DeliveryStatus = choice(DeliveryStatus, default=DeliveryStatus.PENDING)
    lane: str = Field(max_length=80)
    merge_key: str | None = Field(default=None, max_length=120)
    member_id: int | None = foreign_key("members", default=None)
    account_id: int | None = foreign_key("accounts", default=None, cascade=True)
    payload: dict[str, Any] = json_field(default_factory=dict)
    request: str | None = Field(
        default=None, max_length=16, description="the request whose change it tells of, in the log"
    )
    available_at: datetime = instant()
    lease_until: datetime | None = instant(default=None)
    attempts: int = 0
    last_error: str | None = Field(default=None, max_length=500)
    created_at: datetime = instant()
    finished_at: datetime | None = instant(default=None)


class Lane(SQLModel, table=True):
    """When a lane may be used next: how the pace of one message per second is shared between processes."""

    __tablename__ = "lanes"

    name: str = Field(primary_key=True, max_length=80)
    free_at: datetime = instant()


class PostedMessage(SQLModel, table=True):
    """A message of ours that stands in Slack and may have to be redrawn."""

    __tablename__ = "posted_messages"
    __table_args__ = (UniqueConstraint("channel", "ts"), Index("ix_posted_messages_kind_at", "kind", "created_at"))

    id: int = id_field()
    kind: DeliveryKind = choice(DeliveryKind)
    channel: str = Field(max_length=32)
    ts: str = Field(max_length=32)
    delivery_id: int = foreign_key("deliveries", index=True)
    account_id: int | None = foreign_key("accounts", default=None, cascade=True)
    escalation_id: int | None = foreign_key("escalations", default=None, cascade=True)
    created_at: datetime = instant()


class PostedStep(SQLModel, table=True):
    """Which steps a posted message shows, and in which order."""

    __tablename__ = "posted_steps"
    __table_args__ = (UniqueConstraint("message_id", "step_id"),)

    id: int = id_field()
    message_id: int = foreign_key("posted_messages", index=False, cascade=True)
    step_id: int = foreign_key("steps", cascade=True)
    position: int
