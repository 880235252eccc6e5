"""Facts from outside and from people, who may send them, and what Playcall made of them: rules, alerts, emails."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from bot.models.columns import choice, foreign_key, id_field, instant, json_field
from bot.models.people import MemberRole


class SignalKind(StrEnum):
    """The kinds that Playcall itself writes or reads. A team names others in metrics.yaml: a kind is any text."""

    SENTIMENT = "sentiment"
    NPS = "nps"
    ARR = "arr"  # at each change, so that retention can be worked out later; 0 when an account churns
    SPONSOR_CHANGE = "sponsor_change"


OF_CONTACT = text("contact_id IS NOT NULL")


class Signal(SQLModel, table=True):
    """A fact from outside or from a person. It counts at the time it was observed, whenever it came in.

    `number` is what was measured, in the unit of its metric; `label` what it is about, or an answer in words.
    """

    __tablename__ = "signals"
    __table_args__ = (
        UniqueConstraint("source", "external_id"),
        Index("ix_signals_window", "account_id", "kind", "observed_at", "number"),
        Index(
            "ix_signals_contact_window",
            "contact_id",
            "kind",
            "observed_at",
            sqlite_where=OF_CONTACT,
            postgresql_where=OF_CONTACT,
        ),
    )

    id: int = id_field()
    account_id: int = foreign_key("accounts", index=False, cascade=True)
    contact_id: int | None = foreign_key("contacts", default=None, index=False, cascade=True)
    kind: str = Field(max_length=40, description="one of metrics.yaml")
    number: float | None = None
    label: str | None = Field(default=None, max_length=200)
    comment: str | None = Field(default=None, max_length=3000)
    author_id: int | None = foreign_key("members", default=None, index=False)
    source: str = Field(max_length=80)
    external_id: str = Field(max_length=200)
    observed_at: datetime = instant()
    created_at: datetime = instant()


class QuarantineStatus(StrEnum):
    WAITING = "waiting"
    ASSIGNED = "assigned"
    DROPPED = "dropped"


class QuarantinedSignal(SQLModel, table=True):
    """A signal of an account nobody knows. It waits until somebody says whose it is, or that it is nobody's."""

    __tablename__ = "quarantined_signals"
    __table_args__ = (
        UniqueConstraint("source", "external_id"),
        Index("ix_quarantined_signals_status_ref", "status", "account_ref"),
    )

    id: int = id_field()
    source: str = Field(max_length=80)
    external_id: str = Field(max_length=200)
    account_ref: str = Field(max_length=320, description="how the sender named the account")
    payload: dict[str, Any] = json_field()  # the signal as it was sent, validated
    status: QuarantineStatus = choice(QuarantineStatus, default=QuarantineStatus.WAITING)
    account_id: int | None = foreign_key("accounts", default=None, index=False, cascade=True)
    decided_by_id: int | None = foreign_key("members", default=None, index=False)
    decided_at: datetime | None = instant(default=None)
    created_at: datetime = instant()


class ApiToken(SQLModel, table=True):
    """Who may call the HTTP API. The token itself is shown once; its hash is kept."""

    __tablename__ = "api_tokens"

    id: int = id_field()
    name: str = Field(unique=True, max_length=80)
    hint: str = Field(max_length=16, description="the token's first characters, to tell one from another")
    hash: str = Field(unique=True, max_length=64, description="SHA-256, hexadecimal")
    scopes: list[str] = json_field()
    created_at: datetime = instant()
    last_used_at: datetime | None = instant(default=None)
    revoked_at: datetime | None = instant(default=None)


class DueEvaluation(SQLModel, table=True):
    """An account whose data changed since the rules looked at it last."""

    __tablename__ = "due_evaluations"

    account_id: int = foreign_key("accounts", primary_key=True, index=False, cascade=True)
    since: datetime = instant()


class RuleStatus(StrEnum):
    ACTIVE = "active"
    HELD = "held"  # it would do something on many accounts at once, or is new: somebody looks at the backtest first
    OFF = "off"


class RuleState(SQLModel, table=True):
    """Whether a rule acts, as somebody decided about it. `digest` is that of the content decided about.

    A held rule is weighed first: on how many accounts it would act now, and what its backtest says. The row without a
    key says that the files were compared with the database.
    """

    __tablename__ = "rule_states"

    key: str = Field(primary_key=True, max_length=80)
    digest: str = Field(max_length=64, description="SHA-256 of the rule, hexadecimal")
    status: RuleStatus = choice(RuleStatus)
    held_for: int | None = Field(default=None, description="on how many accounts it would act now; None: not weighed")
    held_at: datetime | None = instant(default=None)
    backtest: dict[str, Any] = json_field(default_factory=dict)
    decided_by_id: int | None = foreign_key("members", default=None, index=False)
    decided_at: datetime | None = instant(default=None)
    changed_at: datetime = instant()


NOT_CLEARED = text("cleared_at IS NULL")


class RuleFiring(SQLModel, table=True):
    """A rule held for an account (or one of its contacts) and something was done. Open until it holds no more."""

    __tablename__ = "rule_firings"
    __table_args__ = (
        Index(
            "uq_rule_firings_open",
            "rule_key",
            "account_id",
            text("coalesce(contact_id, 0)"),
            unique=True,
            sqlite_where=NOT_CLEARED,
            postgresql_where=NOT_CLEARED,
        ),
        Index("ix_rule_firings_account_rule", "account_id", "rule_key", "fired_at"),
    )

    id: int = id_field()
    rule_key: str = Field(max_length=80)
    account_id: int = foreign_key("accounts", index=False, cascade=True)
    contact_id: int | None = foreign_key("contacts", default=None, cascade=True)
    run_id: int | None = foreign_key("runs", default=None, cascade=True, description="what it started")
    why: str = Field(max_length=1000, description="what was measured, in words")
    measured: dict[str, Any] = json_field(default_factory=dict)
    did: str = Field(max_length=1000, description="what was done, in words")
    fired_at: datetime = instant()
    cleared_at: datetime | None = instant(default=None)


class AlertStatus(StrEnum):
    OPEN = "open"
    STARTED = "started"  # the recommended playbook
    NOT_NOW = "not_now"
    WRONG_DATA = "wrong_data"
    OVER = "over"  # the reason was gone before anybody answered


OPEN_ALERT = text("status = 'open'")


class Alert(SQLModel, table=True):
    """Something about an account that somebody should decide about. One is open for each cause."""

    __tablename__ = "alerts"
    __table_args__ = (
        Index(
            "uq_alerts_open",
            "account_id",
            "cause",
            text("coalesce(contact_id, 0)"),
            unique=True,
            sqlite_where=OPEN_ALERT,
            postgresql_where=OPEN_ALERT,
        ),
        Index("ix_alerts_member_created", "member_id", "created_at"),
    )

    id: int = id_field()
    account_id: int = foreign_key("accounts", cascade=True)
    contact_id: int | None = foreign_key("contacts", default=None, cascade=True)
    cause: str = Field(max_length=80, description="what it is about: rules with one cause share an alert")
    rule_key: str = Field(max_length=80, description="the rule that raised it first")
    title: str = Field(max_length=200)
    why: str = Field(max_length=3000, description="what was measured, a line for each rule")
    playbook_key: str | None = Field(default=None, max_length=80, description="the playbook it recommends")
    severity: str = Field(max_length=40, description="one of Severity: how much it may interrupt")
    to_role: MemberRole | None = choice(MemberRole, default=None, nullable=True)
    member_id: int = foreign_key("members", index=False, description="who is asked")
    status: AlertStatus = choice(AlertStatus, default=AlertStatus.OPEN)
    reason: str | None = Field(default=None, max_length=3000, description="why not now, or what is wrong with the data")
    run_id: int | None = foreign_key("runs", default=None, index=False, cascade=True)
    quiet_until: date | None = Field(default=None, description="after `not now` and `wrong data`: no alert before it")
    closed_by_id: int | None = foreign_key("members", default=None, index=False)
    closed_at: datetime | None = instant(default=None)
    revision: int = 0
    delivery_id: int | None = foreign_key("deliveries", default=None, description="the message that tells of it")
    at_once: bool = Field(default=False, description="the message came at once, and was not kept for the morning")
    created_at: datetime = instant()


class EmailStatus(StrEnum):
    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"
    BOUNCED = "bounced"
    HELD = "held"  # when its turn came, something spoke against it


class EmailMessage(SQLModel, table=True):
    """A mail to a contact: what it says, and what became of it. Its delivery is in the outbox.

    `message_id` is fixed before it is sent for the first time, so that a mail server and the reader's mail program know
    a repeated one; `in_reply_to` makes mails about one thing a thread.
    """

    __tablename__ = "email_messages"
    __table_args__ = (Index("ix_email_messages_contact_at", "contact_id", "queued_at"),)

    id: int = id_field()
    account_id: int = foreign_key("accounts", cascade=True)
    contact_id: int = foreign_key("contacts", index=False, cascade=True)
    run_id: int | None = foreign_key("runs", default=None, index=False, cascade=True)
    step_id: int | None = foreign_key("steps", default=None, cascade=True)
    sender_id: int = foreign_key("members", index=False)
    automatic: bool = Field(default=False, description="nobody read it before it went")
    status: EmailStatus = choice(EmailStatus, default=EmailStatus.QUEUED)
    message_id: str = Field(unique=True, max_length=255)
    in_reply_to: str | None = Field(default=None, max_length=255)
    unsubscribe_key: str = Field(unique=True, max_length=43, description="random; whoever has it may unsubscribe")
    subject: str = Field(max_length=250)
    body: str = Field(max_length=20000)
    why: str | None = Field(default=None, max_length=500, description="of a mail that failed, bounced or was held")
    queued_at: datetime = instant()
    sent_at: datetime | None = instant(default=None)
