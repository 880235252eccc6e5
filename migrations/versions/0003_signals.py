"""What comes from outside and what is made of it: signals, tokens, rules, alerts, emails.

Every change here works beside a process that does not know it yet: new tables, and columns with a default.

Revision ID: 0003
Revises: 0002
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON_OBJECT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "api_tokens",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("hint", sa.String(length=16), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("scopes", JSON_OBJECT, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("last_used_at", INSTANT, nullable=True),
        sa.Column("revoked_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_api_tokens"),
        sa.UniqueConstraint("hash", name="uq_api_tokens_hash"),
        sa.UniqueConstraint("name", name="uq_api_tokens_name"),
    )
    op.create_table(
        "due_evaluations",
        sa.Column("account_id", BIG_ID, nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_due_evaluations_account_id_accounts", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", name="pk_due_evaluations"),
    )
    op.create_table(
        "quarantined_signals",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=False),
        sa.Column("account_ref", sa.String(length=320), nullable=False),
        sa.Column("payload", JSON_OBJECT, nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("account_id", BIG_ID, nullable=True),
        sa.Column("decided_by_id", BIG_ID, nullable=True),
        sa.Column("decided_at", INSTANT, nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_quarantined_signals_account_id_accounts", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["decided_by_id"], ["members.id"], name="fk_quarantined_signals_decided_by_id_members"),
        sa.PrimaryKeyConstraint("id", name="pk_quarantined_signals"),
        sa.UniqueConstraint("source", "external_id", name="uq_quarantined_signals_source_external_id"),
    )
    op.create_index("ix_quarantined_signals_status_ref", "quarantined_signals", ["status", "account_ref"], unique=False)

    op.create_table(
        "rule_states",
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("held_for", sa.Integer(), nullable=True),
        sa.Column("held_at", INSTANT, nullable=True),
        sa.Column("backtest", JSON_OBJECT, nullable=False),
        sa.Column("decided_by_id", BIG_ID, nullable=True),
        sa.Column("decided_at", INSTANT, nullable=True),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["decided_by_id"], ["members.id"], name="fk_rule_states_decided_by_id_members"),
        sa.PrimaryKeyConstraint("key", name="pk_rule_states"),
    )
    op.create_table(
        "alerts",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("account_id", BIG_ID, nullable=False),
        sa.Column("contact_id", BIG_ID, nullable=True),
        sa.Column("cause", sa.String(length=80), nullable=False),
        sa.Column("rule_key", sa.String(length=80), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("why", sa.String(length=3000), nullable=False),
        sa.Column("playbook_key", sa.String(length=80), nullable=True),
        sa.Column("severity", sa.String(length=40), nullable=False),
        sa.Column("to_role", sa.String(length=40), nullable=True),
        sa.Column("member_id", BIG_ID, nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=3000), nullable=True),
        sa.Column("run_id", BIG_ID, nullable=True),
        sa.Column("quiet_until", sa.Date(), nullable=True),
        sa.Column("closed_by_id", BIG_ID, nullable=True),
        sa.Column("closed_at", INSTANT, nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("delivery_id", BIG_ID, nullable=True),
        sa.Column("at_once", sa.Boolean(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_alerts_account_id_accounts", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["closed_by_id"], ["members.id"], name="fk_alerts_closed_by_id_members"),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contacts.id"], name="fk_alerts_contact_id_contacts", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["delivery_id"], ["deliveries.id"], name="fk_alerts_delivery_id_deliveries"),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name="fk_alerts_member_id_members"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_alerts_run_id_runs", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_alerts"),
    )
    op.create_index("ix_alerts_account_id", "alerts", ["account_id"], unique=False)
    op.create_index("ix_alerts_contact_id", "alerts", ["contact_id"], unique=False)
    op.create_index("ix_alerts_delivery_id", "alerts", ["delivery_id"], unique=False)
    op.create_index("ix_alerts_member_created", "alerts", ["member_id", "created_at"], unique=False)

    op.create_table(
        "rule_firings",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("rule_key", sa.String(length=80), nullable=False),
        sa.Column("account_id", BIG_ID, nullable=False),
        sa.Column("contact_id", BIG_ID, nullable=True),
        sa.Column("run_id", BIG_ID, nullable=True),
        sa.Column("why", sa.String(length=1000), nullable=False),
        sa.Column("measured", JSON_OBJECT, nullable=False),
        sa.Column("did", sa.String(length=1000), nullable=False),
        sa.Column("fired_at", INSTANT, nullable=False),
        sa.Column("cleared_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_rule_firings_account_id_accounts", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contacts.id"], name="fk_rule_firings_contact_id_contacts", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_rule_firings_run_id_runs", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_rule_firings"),
    )
    op.create_index(
        "ix_rule_firings_account_rule", "rule_firings", ["account_id", "rule_key", "fired_at"], unique=False
    )
    op.create_index("ix_rule_firings_contact_id", "rule_firings", ["contact_id"], unique=False)
    op.create_index("ix_rule_firings_run_id", "rule_firings", ["run_id"], unique=False)

    op.create_table(
        "email_messages",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("account_id", BIG_ID, nullable=False),
        sa.Column("contact_id", BIG_ID, nullable=False),
        sa.Column("run_id", BIG_ID, nullable=True),
        sa.Column("step_id", BIG_ID, nullable=True),
        sa.Column("sender_id", BIG_ID, nullable=False),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("message_id", sa.String(length=255), nullable=False),
        sa.Column("in_reply_to", sa.String(length=255), nullable=True),
        sa.Column("unsubscribe_key", sa.String(length=43), nullable=False),
        sa.Column("subject", sa.String(length=250), nullable=False),
        sa.Column("body", sa.String(length=20000), nullable=False),
        sa.Column("why", sa.String(length=500), nullable=True),
        sa.Column("queued_at", INSTANT, nullable=False),
        sa.Column("sent_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_email_messages_account_id_accounts", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contacts.id"], name="fk_email_messages_contact_id_contacts", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_email_messages_run_id_runs", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["sender_id"], ["members.id"], name="fk_email_messages_sender_id_members"),
        sa.ForeignKeyConstraint(["step_id"], ["steps.id"], name="fk_email_messages_step_id_steps", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_email_messages"),
        sa.UniqueConstraint("message_id", name="uq_email_messages_message_id"),
        sa.UniqueConstraint("unsubscribe_key", name="uq_email_messages_unsubscribe_key"),
    )
    op.create_index("ix_email_messages_account_id", "email_messages", ["account_id"], unique=False)
    op.create_index("ix_email_messages_contact_at", "email_messages", ["contact_id", "queued_at"], unique=False)
    op.create_index("ix_email_messages_step_id", "email_messages", ["step_id"], unique=False)

    op.add_column("contacts", sa.Column("unsubscribed_at", INSTANT, nullable=True))
    op.add_column("contacts", sa.Column("bounced_at", INSTANT, nullable=True))

    op.add_column("health_snapshots", sa.Column("confidence", sa.Integer(), nullable=True))

    op.drop_index("ix_signals_account_kind_at", "signals")
    op.create_index("ix_posted_messages_kind_at", "posted_messages", ["kind", "created_at"], unique=False)
    op.create_index("ix_signals_window", "signals", ["account_id", "kind", "observed_at", "number"], unique=False)

    of_contact, fired_into = sa.text("contact_id IS NOT NULL"), sa.text("delivery_id IS NOT NULL")
    op.drop_index("ix_signals_contact_id", "signals")
    op.create_index(
        "ix_signals_contact_window",
        "signals",
        ["contact_id", "kind", "observed_at"],
        unique=False,
        sqlite_where=of_contact,
        postgresql_where=of_contact,
    )
    op.create_index(
        "ix_escalations_raised",
        "escalations",
        ["raised_by_id"],
        unique=False,
        sqlite_where=sa.text("status <> 'resolved'"),
        postgresql_where=sa.text("status <> 'resolved'"),
    )
    op.drop_index("ix_touchpoints_delivery_id", "touchpoints")
    op.create_index(
        "ix_touchpoints_delivery_id",
        "touchpoints",
        ["delivery_id"],
        unique=False,
        sqlite_where=fired_into,
        postgresql_where=fired_into,
    )

    op.add_column("deliveries", sa.Column("request", sa.String(length=16), nullable=True))
    op.add_column("escalations", sa.Column("code_red", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("steps", sa.Column("found", JSON_OBJECT, nullable=False, server_default="{}"))
    op.add_column("steps", sa.Column("first_due_on", sa.Date(), nullable=True))
    op.create_index(
        "uq_alerts_open",
        "alerts",
        ["account_id", "cause", sa.text("coalesce(contact_id, 0)")],
        unique=True,
        sqlite_where=sa.text("status = 'open'"),
        postgresql_where=sa.text("status = 'open'"),
    )
    op.create_index(
        "uq_rule_firings_open",
        "rule_firings",
        ["rule_key", "account_id", sa.text("coalesce(contact_id, 0)")],
        unique=True,
        sqlite_where=sa.text("cleared_at IS NULL"),
        postgresql_where=sa.text("cleared_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_column("steps", "first_due_on")
    op.drop_column("steps", "found")
    op.drop_column("escalations", "code_red")
    op.drop_column("deliveries", "request")
    op.drop_index("ix_touchpoints_delivery_id", "touchpoints")
    op.create_index("ix_touchpoints_delivery_id", "touchpoints", ["delivery_id"], unique=False)
    op.drop_index("ix_escalations_raised", "escalations")
    op.drop_index("ix_signals_contact_window", "signals")
    op.create_index("ix_signals_contact_id", "signals", ["contact_id"], unique=False)
    op.drop_index("ix_signals_window", "signals")
    op.drop_index("ix_posted_messages_kind_at", "posted_messages")
    op.create_index("ix_signals_account_kind_at", "signals", ["account_id", "kind", "observed_at"], unique=False)
    op.drop_column("health_snapshots", "confidence")
    for column in ("bounced_at", "unsubscribed_at"):
        op.drop_column("contacts", column)
    for table in (
        "email_messages",
        "rule_firings",
        "alerts",
        "rule_states",
        "quarantined_signals",
        "due_evaluations",
        "api_tokens",
    ):
        op.drop_table(table)
