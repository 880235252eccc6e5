from datetime import datetime
from enum import StrEnum

from sqlmodel import Field, SQLModel

from bot.models.columns import choice, foreign_key, id_field, instant


class MemberRole(StrEnum):
    CSM = "csm"
    AE = "ae"
    LEADER = "leader"
    SPECIALIST = "specialist"
    SUPPORT = "support"
    FINANCE = "finance"
    PRODUCT = "product"
    MARKETING = "marketing"
    RENEWAL_OWNER = "renewal_owner"
    GUARDIAN = "guardian"  # of value: watches what the customer gets out of it
    ADMIN = "admin"


class Member(SQLModel, table=True):
    """A person on our side. `slack_user_id` is filled on first contact when only the email was imported."""

    __tablename__ = "members"

    id: int = id_field()
    email: str = Field(unique=True, max_length=320)
    name: str = Field(max_length=200)
    role: MemberRole = choice(MemberRole)
    slack_user_id: str | None = Field(default=None, unique=True, max_length=32)
    timezone: str = Field(default="UTC", max_length=64, description="IANA name")
    country: str = Field(default="US", max_length=2, description="ISO 3166-1 alpha-2: its holidays are kept")
    workday_start: int = Field(default=9, description="local hour, 0-23: nothing is posted before")
    workday_end: int = Field(default=18, description="local hour, 1-24: nothing is posted from then on")
    deputy_id: int | None = foreign_key("members", default=None)
    active: bool = True
    created_at: datetime = instant()
