from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from bot.models.columns import choice, foreign_key, id_field, instant


class TouchpointKind(StrEnum):
    DUE = "due"
    REMINDER = "reminder"
    OVERDUE = "overdue"
    CELEBRATION = "celebration"
    UNACKNOWLEDGED = "unacknowledged"  # an escalation nobody took in time


class TouchpointStatus(StrEnum):
    PLANNED = "planned"
    FIRED = "fired"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


PLANNED = text("status = 'planned'")
FIRED_INTO = text("delivery_id IS NOT NULL")


class Touchpoint(SQLModel, table=True):
    """One planned firing. Exactly one of step, milestone and escalation is what it is about."""

    __tablename__ = "touchpoints"
    __table_args__ = (
        UniqueConstraint("step_id", "kind", "revision"),
        UniqueConstraint("milestone_id", "kind", "revision"),
        UniqueConstraint("escalation_id", "kind", "revision"),
        Index("ix_touchpoints_planned", "fire_at", sqlite_where=PLANNED, postgresql_where=PLANNED),
        Index("ix_touchpoints_delivery_id", "delivery_id", sqlite_where=FIRED_INTO, postgresql_where=FIRED_INTO),
    )

    id: int = id_field()
    kind: TouchpointKind = choice(TouchpointKind)
    status: TouchpointStatus = choice(TouchpointStatus, default=TouchpointStatus.PLANNED)
    account_id: int = foreign_key("accounts", cascade=True)
    step_id: int | None = foreign_key("steps", default=None, index=False, cascade=True)
    milestone_id: int | None = foreign_key("milestones", default=None, index=False, cascade=True)
    escalation_id: int | None = foreign_key("escalations", default=None, index=False, cascade=True)
    revision: int = Field(default=0, description="of the plan: re-planning cancels the old one and inserts the next")
    fire_at: datetime = instant()
    at_once: bool = Field(default=False, description="follows from what the recipient did: need not wait for morning")
    fired_at: datetime | None = instant(default=None)
    skip_reason: str | None = Field(default=None, max_length=200)
    delivery_id: int | None = foreign_key("deliveries", default=None, index=False)
