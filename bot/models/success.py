"""What the customer wants to reach, and what they do for us when they have."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from bot.models.columns import choice, foreign_key, id_field, instant


class ObjectiveStatus(StrEnum):
    OPEN = "open"
    MET = "met"
    MISSED = "missed"
    DROPPED = "dropped"


class Objective(SQLModel, table=True):
    """One line of an account's success plan. `owner_id` is one of us, `owner_contact_id` somebody at the customer."""

    __tablename__ = "objectives"
    __table_args__ = (Index("ix_objectives_account_status", "account_id", "status"),)

    id: int = id_field()
    account_id: int = foreign_key("accounts", index=False, cascade=True)
    title: str = Field(max_length=300)
    measure: str | None = Field(default=None, max_length=300, description="how both sides can tell: the number")
    baseline: str | None = Field(default=None, max_length=100)
    target: str | None = Field(default=None, max_length=100)
    current: str | None = Field(default=None, max_length=100, description="where the measure stands")
    owner_id: int | None = foreign_key("members", default=None, index=False)
    owner_contact_id: int | None = foreign_key("contacts", default=None, index=False)
    due_on: date | None = None
    status: ObjectiveStatus = choice(ObjectiveStatus, default=ObjectiveStatus.OPEN)
    evidence: str | None = Field(default=None, max_length=3000)
    closed_at: datetime | None = instant(default=None)
    revision: int = 0
    created_at: datetime = instant()
    updated_at: datetime = instant()


class AskKind(StrEnum):
    """What an advocate can be asked for."""

    REFERRAL = "referral"
    REFERENCE = "reference"
    REVIEW = "review"
    CASE_STUDY = "case_study"
    MEDIA = "media"
    SOCIAL = "social"
    ADVISORY_BOARD = "advisory_board"


class AskStatus(StrEnum):
    ASKED = "asked"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    DELIVERED = "delivered"


class AdvocacyAsk(SQLModel, table=True):
    """One favour asked of a contact, and what became of it."""

    __tablename__ = "advocacy_asks"
    __table_args__ = (Index("ix_advocacy_asks_contact_asked", "contact_id", "asked_at"),)

    id: int = id_field()
    account_id: int = foreign_key("accounts", cascade=True)
    contact_id: int = foreign_key("contacts", index=False, cascade=True)
    kind: AskKind = choice(AskKind)
    status: AskStatus = choice(AskStatus, default=AskStatus.ASKED)
    asked_by_id: int = foreign_key("members", index=False)
    asked_at: datetime = instant()
    outcome: str | None = Field(default=None, max_length=3000)
    closed_at: datetime | None = instant(default=None)
