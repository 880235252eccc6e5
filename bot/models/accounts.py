from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from bot.models.columns import choice, foreign_key, id_field, instant, json_field
from bot.models.people import MemberRole


class Segment(StrEnum):
    """The segments Playcall comes with. A team may name others in segments.yaml: an account's segment is any text."""

    SMB = "smb"
    MID_MARKET = "mid-market"
    ENTERPRISE = "enterprise"


class Touch(StrEnum):
    HIGH = "high"
    LOW = "low"
    NONE = "none"


class Stage(StrEnum):
    """The stages Playcall comes with. A team may name others in stages.yaml: an account's stage is any text."""

    TRIAL = "trial"
    ONBOARDING = "onboarding"
    ADOPTION = "adoption"
    EXPANSION = "expansion"
    RENEWAL = "renewal"
    CHURNED = "churned"


class EntryReason(StrEnum):
    NEW = "new"
    UPGRADE = "upgrade"
    TRANSFER = "transfer"


class Sentiment(StrEnum):
    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"


class Anchor(StrEnum):
    """The dates of an account that steps and triggers may be relative to. Each is a column of Account."""

    CONTRACT_START = "contract_start"
    TRIAL_END = "trial_end"
    GO_LIVE_DATE = "go_live_date"
    RENEWAL_DATE = "renewal_date"


class Account(SQLModel, table=True):
    """A customer company."""

    __tablename__ = "accounts"

    id: int = id_field()
    key: str = Field(unique=True, max_length=80, description="short name people type: lower case, digits, hyphens")
    name: str = Field(index=True, max_length=200)
    domain: str | None = Field(default=None, index=True, max_length=253)
    segment: str = Field(default=Segment.SMB.value, max_length=40, description="one of segments.yaml")
    touch: Touch = choice(Touch, default=Touch.HIGH)
    stage: str = Field(default=Stage.ONBOARDING.value, max_length=40, description="one of stages.yaml")
    maturity: int | None = Field(default=None, description="1 (new to the field) to 5 (leading)")
    journey: str | None = Field(default=None, max_length=80)
    journey_started_on: date | None = None
    entry_reason: EntryReason = choice(EntryReason, default=EntryReason.NEW)
    industry: str | None = Field(default=None, max_length=120)
    country: str | None = Field(default=None, max_length=2)
    outcome: str | None = Field(default=None, max_length=500, description="what the customer bought us for")
    arr: int | None = Field(default=None, description="annual recurring revenue, whole units of `currency`")
    currency: str = Field(default="USD", max_length=3)
    contract_start: date | None = None
    trial_end: date | None = None
    go_live_date: date | None = None
    renewal_date: date | None = Field(default=None, index=True)
    sentiment: Sentiment | None = choice(Sentiment, default=None, nullable=True)
    sentiment_at: datetime | None = instant(default=None)
    last_contact_at: datetime | None = instant(default=None)
    external_ids: dict[str, str] = json_field(default_factory=dict)
    attributes: dict[str, Any] = json_field(default_factory=dict)
    archived: bool = False
    created_at: datetime = instant()
    updated_at: datetime = instant()


class AccountRole(SQLModel, table=True):
    """The role map: who plays which role for an account. One member per role."""

    __tablename__ = "account_roles"
    __table_args__ = (UniqueConstraint("account_id", "role"),)

    id: int = id_field()
    account_id: int = foreign_key("accounts", index=False, cascade=True)
    role: MemberRole = choice(MemberRole)
    member_id: int = foreign_key("members")


class ContactRole(StrEnum):
    ADMIN = "admin"
    CHAMPION = "champion"
    EXECUTIVE_SPONSOR = "executive_sponsor"
    SIGNATORY = "signatory"
    POWER_USER = "power_user"
    DECISION_MAKER = "decision_maker"
    BILLING = "billing"


class AdvocateStatus(StrEnum):
    CANDIDATE = "candidate"
    ADVOCATE = "advocate"
    DECLINED = "declined"


class Contact(SQLModel, table=True):
    """A person at the customer. `nps` is their last answer, 0-10."""

    __tablename__ = "contacts"
    __table_args__ = (UniqueConstraint("account_id", "email"),)

    id: int = id_field()
    account_id: int = foreign_key("accounts", cascade=True)
    name: str = Field(max_length=200)
    email: str = Field(max_length=320)
    title: str | None = Field(default=None, max_length=200)
    roles: list[str] = json_field(default_factory=list)
    nps: int | None = None
    nps_at: datetime | None = instant(default=None)
    may_email: bool = True
    unsubscribed_at: datetime | None = instant(default=None)  # they said so themselves; `may_email` is false then
    bounced_at: datetime | None = instant(default=None)  # the latest time a mail server refused the address for good
    advocate: AdvocateStatus | None = choice(AdvocateStatus, default=None, nullable=True)
    advocacy: list[str] = json_field(default_factory=list)  # kinds of ask this person said yes to
    asked_at: datetime | None = instant(default=None)  # of the latest advocacy ask, so that conditions can ask about it
    external_ids: dict[str, str] = json_field(default_factory=dict)
    created_at: datetime = instant()


class MilestoneKind(StrEnum):
    CELEBRATION = "celebration"
    RISK = "risk"


class MilestoneStatus(StrEnum):
    PLANNED = "planned"
    REACHED = "reached"
    MISSED = "missed"


class Milestone(SQLModel, table=True):
    __tablename__ = "milestones"
    __table_args__ = (
        UniqueConstraint("account_id", "key"),
        Index("ix_milestones_status_target", "status", "target_date"),
    )

    id: int = id_field()
    account_id: int = foreign_key("accounts", index=False, cascade=True)
    key: str = Field(max_length=80)
    title: str = Field(max_length=200)
    kind: MilestoneKind = choice(MilestoneKind, default=MilestoneKind.CELEBRATION)
    status: MilestoneStatus = choice(MilestoneStatus, default=MilestoneStatus.PLANNED)
    target_date: date | None = None
    reached_at: datetime | None = instant(default=None)
    evidence: str | None = Field(default=None, max_length=3000)
    owner_role: MemberRole | None = choice(MemberRole, default=None, nullable=True)
    success: str | None = Field(default=None, max_length=500, description="how to tell that it is reached")
    journey: str | None = Field(default=None, max_length=80, description="the journey that planned it, if one did")
    created_at: datetime = instant()
