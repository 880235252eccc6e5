"""Playbooks as they were written, approved and changed, and what people think of them."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from bot.models.columns import choice, foreign_key, id_field, instant, json_field


class DocumentKind(StrEnum):
    PLAYBOOK = "playbook"
    OVERLAY = "overlay"


class VersionStatus(StrEnum):
    DRAFT = "draft"  # waits for its owner's word
    APPROVED = "approved"  # what is started from now on
    SUPERSEDED = "superseded"  # was approved, or was a draft, until a newer one came
    REJECTED = "rejected"


class PlaybookVersion(SQLModel, table=True):
    """One content a playbook or an overlay has had. Its content never changes; its status does.

    Playbooks and overlays share one room of keys. Runs refer to the version they started with.
    """

    __tablename__ = "playbook_versions"
    __table_args__ = (UniqueConstraint("key", "version"), UniqueConstraint("key", "digest"))

    id: int = id_field()
    kind: DocumentKind = choice(DocumentKind, default=DocumentKind.PLAYBOOK)
    key: str = Field(max_length=80)
    version: int
    digest: str = Field(max_length=64, description="SHA-256 of the content, hexadecimal")
    content: dict[str, Any] = json_field()
    status: VersionStatus = choice(VersionStatus, default=VersionStatus.APPROVED)
    decided_by_id: int | None = foreign_key("members", default=None, index=False)
    decided_at: datetime | None = instant(default=None)
    decision: str | None = Field(default=None, max_length=3000, description="what was said when it was decided")
    created_at: datetime = instant()


class PlaybookVariant(SQLModel, table=True):
    """A version as overlays shaped it for some account. Like a version, its content never changes."""

    __tablename__ = "playbook_variants"
    __table_args__ = (UniqueConstraint("version_id", "digest"),)

    id: int = id_field()
    version_id: int = foreign_key("playbook_versions", index=False)
    digest: str = Field(max_length=64, description="SHA-256 of the content, hexadecimal")
    content: dict[str, Any] = json_field()
    overlays: list[str] = json_field()  # the keys of those that shaped it, in their order
    created_at: datetime = instant()


class PlaybookSwitch(SQLModel, table=True):
    """Whether a team uses a playbook. Without a row, the file's `opt_in` decides."""

    __tablename__ = "playbook_switches"

    key: str = Field(primary_key=True, max_length=80)
    on: bool
    changed_by_id: int | None = foreign_key("members", default=None, index=False)
    changed_at: datetime = instant()


class PlaybookEntry(SQLModel, table=True):
    """Who changed what about the playbooks themselves. Rows never change."""

    __tablename__ = "playbook_entries"
    __table_args__ = (Index("ix_playbook_entries_key_at", "key", "at"),)

    id: int = id_field()
    key: str = Field(max_length=80)
    version_id: int | None = foreign_key("playbook_versions", default=None, index=False)
    actor_id: int | None = foreign_key("members", default=None, index=False, description="None: Playcall itself")
    summary: str = Field(max_length=3000)
    at: datetime = instant()


class ExemptionStatus(StrEnum):
    REQUESTED = "requested"
    APPROVED = "approved"
    DECLINED = "declined"


class Exemption(SQLModel, table=True):
    """An exception from the rule for one account: a playbook that is not run there, or a stage gate passed unmet."""

    __tablename__ = "exemptions"
    __table_args__ = (Index("ix_exemptions_account_key", "account_id", "playbook_key"),)

    id: int = id_field()
    account_id: int = foreign_key("accounts", index=False, cascade=True)
    playbook_key: str | None = Field(default=None, max_length=80, description="the playbook that is not run")
    stage: str | None = Field(default=None, max_length=40, description="the stage whose gate is passed")
    reason: str = Field(max_length=3000)
    status: ExemptionStatus = choice(ExemptionStatus, default=ExemptionStatus.REQUESTED)
    requested_by_id: int = foreign_key("members", index=False)
    approver_id: int | None = foreign_key("members", default=None, index=False)
    decided_at: datetime | None = instant(default=None)
    expires_on: date
    created_at: datetime = instant()


class SkippedOccurrence(SQLModel, table=True):
    """One round of a recurring playbook that an account goes without."""

    __tablename__ = "skipped_occurrences"
    __table_args__ = (UniqueConstraint("account_id", "playbook_key", "occurrence"),)

    id: int = id_field()
    account_id: int = foreign_key("accounts", index=False, cascade=True)
    playbook_key: str = Field(max_length=80)
    occurrence: str = Field(max_length=80, description="the round's reason in its trigger key, such as month:2026-11")
    reason: str = Field(max_length=3000)
    skipped_by_id: int | None = foreign_key(
        "members", default=None, index=False, description="None: passed over, as the last round was still open"
    )
    created_at: datetime = instant()


class SuggestionSource(StrEnum):
    FEEDBACK = "feedback"  # one tap on a step
    SUGGESTION = "suggestion"
    RETROSPECTIVE = "retrospective"


class SuggestionStatus(StrEnum):
    OPEN = "open"
    TAKEN = "taken"
    DECLINED = "declined"


class Suggestion(SQLModel, table=True):
    """What somebody thinks of a playbook or a step: the queue for the monthly tuning."""

    __tablename__ = "suggestions"
    __table_args__ = (
        UniqueConstraint("step_id", "author_id"),
        Index("ix_suggestions_status_key", "status", "playbook_key"),
    )

    id: int = id_field()
    playbook_key: str = Field(max_length=80)
    step_key: str | None = Field(default=None, max_length=80)
    step_id: int | None = foreign_key("steps", default=None, index=False, cascade=True, description="for feedback")
    escalation_id: int | None = foreign_key("escalations", default=None, index=False, cascade=True)
    source: SuggestionSource = choice(SuggestionSource)
    helpful: bool | None = Field(default=None, description="the thumb of a feedback")
    body: str | None = Field(default=None, max_length=3000)
    author_id: int = foreign_key("members", index=False)
    status: SuggestionStatus = choice(SuggestionStatus, default=SuggestionStatus.OPEN)
    decided_by_id: int | None = foreign_key("members", default=None, index=False)
    decided_at: datetime | None = instant(default=None)
    decision: str | None = Field(default=None, max_length=3000, description="why it was declined")
    created_at: datetime = instant()


class Retrospective(SQLModel, table=True):
    """What was learned from an escalation after it closed. One for each escalation."""

    __tablename__ = "retrospectives"

    id: int = id_field()
    escalation_id: int = foreign_key("escalations", index=False, unique=True, cascade=True)
    author_id: int = foreign_key("members", index=False)
    happened: str = Field(max_length=3000)
    cause: str = Field(max_length=3000)
    change: str = Field(max_length=3000, description="what is done differently from now on")
    created_at: datetime = instant()
