from datetime import datetime
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from bot.models.columns import id_field, instant, json_field


class PlaybookVersion(SQLModel, table=True):
    """One content a playbook has had. Runs refer to the version they started with; a version never changes."""

    __tablename__ = "playbook_versions"
    __table_args__ = (UniqueConstraint("key", "version"), UniqueConstraint("key", "digest"))

    id: int = id_field()
    key: str = Field(max_length=80)
    version: int
    digest: str = Field(max_length=64, description="SHA-256 of the content, hexadecimal")
    content: dict[str, Any] = json_field()
    created_at: datetime = instant()
