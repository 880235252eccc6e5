"""The tables.

Revision ID: 0001
Revises: nothing
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON_OBJECT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
INSTANT = sa.DateTime(timezone=True)
OPEN_RUN = sa.text("status IN ('active', 'paused')")


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("domain", sa.String(length=253), nullable=True),
        sa.Column("segment", sa.String(length=40), nullable=False),
        sa.Column("touch", sa.String(length=40), nullable=False),
        sa.Column("stage", sa.String(length=40), nullable=False),
        sa.Column("maturity", sa.Integer(), nullable=True),
        sa.Column("journey", sa.String(length=80), nullable=True),
        sa.Column("entry_reason", sa.String(length=40), nullable=False),
        sa.Column("industry", sa.String(length=120), nullable=True),
        sa.Column("country", sa.String(length=2), nullable=True),
        sa.Column("outcome", sa.String(length=500), nullable=True),
        sa.Column("arr", sa.Integer(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("contract_start", sa.Date(), nullable=True),
        sa.Column("trial_end", sa.Date(), nullable=True),
        sa.Column("go_live_date", sa.Date(), nullable=True),
        sa.Column("renewal_date", sa.Date(), nullable=True),
        sa.Column("sentiment", sa.String(length=40), nullable=True),
        sa.Column("sentiment_at", INSTANT, nullable=True),
        sa.Column("last_contact_at", INSTANT, nullable=True),
        sa.Column("external_ids", JSON_OBJECT, nullable=False),
        sa.Column("attributes", JSON_OBJECT, nullable=False),
        sa.Column("archived", sa.Boolean(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_accounts"),
        sa.UniqueConstraint("key", name="uq_accounts_key"),
    )
    op.create_index("ix_accounts_domain", "accounts", ["domain"], unique=False)
    op.create_index("ix_accounts_name", "accounts", ["name"], unique=False)
    op.create_index("ix_accounts_renewal_date", "accounts", ["renewal_date"], unique=False)

    op.create_table(
        "lanes",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("free_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_lanes"),
    )
    op.create_table(
        "members",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("slack_user_id", sa.String(length=32), nullable=True),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("workday_start", sa.Integer(), nullable=False),
        sa.Column("workday_end", sa.Integer(), nullable=False),
        sa.Column("deputy_id", BIG_ID, nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["deputy_id"], ["members.id"], name="fk_members_deputy_id_members"),
        sa.PrimaryKeyConstraint("id", name="pk_members"),
        sa.UniqueConstraint("email", name="uq_members_email"),
        sa.UniqueConstraint("slack_user_id", name="uq_members_slack_user_id"),
    )
    op.create_index("ix_members_deputy_id", "members", ["deputy_id"], unique=False)

    op.create_table(
        "playbook_versions",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("content", JSON_OBJECT, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_playbook_versions"),
        sa.UniqueConstraint("key", "digest", name="uq_playbook_versions_key_digest"),
        sa.UniqueConstraint("key", "version", name="uq_playbook_versions_key_version"),
    )
    op.create_table(
        "account_roles",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("account_id", BIG_ID, nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("member_id", BIG_ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_account_roles_account_id_accounts", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name="fk_account_roles_member_id_members"),
        sa.PrimaryKeyConstraint("id", name="pk_account_roles"),
        sa.UniqueConstraint("account_id", "role", name="uq_account_roles_account_id_role"),
    )
    op.create_index("ix_account_roles_member_id", "account_roles", ["member_id"], unique=False)

    op.create_table(
        "contacts",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("account_id", BIG_ID, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=True),
        sa.Column("roles", JSON_OBJECT, nullable=False),
        sa.Column("nps", sa.Integer(), nullable=True),
        sa.Column("nps_at", INSTANT, nullable=True),
        sa.Column("may_email", sa.Boolean(), nullable=False),
        sa.Column("external_ids", JSON_OBJECT, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_contacts_account_id_accounts", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_contacts"),
        sa.UniqueConstraint("account_id", "email", name="uq_contacts_account_id_email"),
    )
    op.create_index("ix_contacts_account_id", "contacts", ["account_id"], unique=False)

    op.create_table(
        "deliveries",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("lane", sa.String(length=80), nullable=False),
        sa.Column("merge_key", sa.String(length=120), nullable=True),
        sa.Column("member_id", BIG_ID, nullable=True),
        sa.Column("account_id", BIG_ID, nullable=True),
        sa.Column("payload", JSON_OBJECT, nullable=False),
        sa.Column("available_at", INSTANT, nullable=False),
        sa.Column("lease_until", INSTANT, nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.String(length=500), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("finished_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_deliveries_account_id_accounts", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name="fk_deliveries_member_id_members"),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
        sa.UniqueConstraint("key", name="uq_deliveries_key"),
    )
    op.create_index("ix_deliveries_account_id", "deliveries", ["account_id"], unique=False)
    op.create_index("ix_deliveries_member_id", "deliveries", ["member_id"], unique=False)
    op.create_index("ix_deliveries_status_lane", "deliveries", ["status", "lane"], unique=False)
    op.create_index(
        "ix_deliveries_unsent",
        "deliveries",
        ["available_at"],
        unique=False,
        sqlite_where=sa.text("status IN ('pending', 'leased')"),
        postgresql_where=sa.text("status IN ('pending', 'leased')"),
    )
    op.create_index(
        "uq_deliveries_pending",
        "deliveries",
        ["merge_key"],
        unique=True,
        sqlite_where=sa.text("status = 'pending'"),
        postgresql_where=sa.text("status = 'pending'"),
    )

    op.create_table(
        "health_snapshots",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("account_id", BIG_ID, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("components", JSON_OBJECT, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_health_snapshots_account_id_accounts", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_health_snapshots"),
        sa.UniqueConstraint("account_id", "day", name="uq_health_snapshots_account_id_day"),
    )
    op.create_table(
        "milestones",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("account_id", BIG_ID, nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("target_date", sa.Date(), nullable=True),
        sa.Column("reached_at", INSTANT, nullable=True),
        sa.Column("evidence", sa.String(length=3000), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_milestones_account_id_accounts", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_milestones"),
        sa.UniqueConstraint("account_id", "key", name="uq_milestones_account_id_key"),
    )
    op.create_index("ix_milestones_status_target", "milestones", ["status", "target_date"], unique=False)

    op.create_table(
        "runs",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("account_id", BIG_ID, nullable=False),
        sa.Column("contact_id", BIG_ID, nullable=True),
        sa.Column("playbook_version_id", BIG_ID, nullable=False),
        sa.Column("playbook_key", sa.String(length=80), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("trigger_key", sa.String(length=200), nullable=True),
        sa.Column("started_on", sa.Date(), nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("started_by_id", BIG_ID, nullable=True),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("end_reason", sa.String(length=3000), nullable=True),
        sa.Column("thread_channel", sa.String(length=32), nullable=True),
        sa.Column("thread_ts", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_runs_account_id_accounts", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_runs_contact_id_contacts"),
        sa.ForeignKeyConstraint(
            ["playbook_version_id"], ["playbook_versions.id"], name="fk_runs_playbook_version_id_playbook_versions"
        ),
        sa.ForeignKeyConstraint(["started_by_id"], ["members.id"], name="fk_runs_started_by_id_members"),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
        sa.UniqueConstraint("trigger_key", name="uq_runs_trigger_key"),
    )
    op.create_index("ix_runs_account_status", "runs", ["account_id", "status"], unique=False)
    op.create_index(
        "uq_runs_open",
        "runs",
        ["account_id", "playbook_key", sa.text("coalesce(contact_id, 0)")],
        unique=True,
        sqlite_where=OPEN_RUN,
        postgresql_where=OPEN_RUN,
    )
    op.create_index("ix_runs_contact_id", "runs", ["contact_id"], unique=False)
    op.create_index("ix_runs_playbook_version_id", "runs", ["playbook_version_id"], unique=False)

    op.create_table(
        "signals",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("account_id", BIG_ID, nullable=False),
        sa.Column("contact_id", BIG_ID, nullable=True),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Float(), nullable=True),
        sa.Column("label", sa.String(length=200), nullable=True),
        sa.Column("comment", sa.String(length=3000), nullable=True),
        sa.Column("author_id", BIG_ID, nullable=True),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=False),
        sa.Column("observed_at", INSTANT, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_signals_account_id_accounts", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["author_id"], ["members.id"], name="fk_signals_author_id_members"),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contacts.id"], name="fk_signals_contact_id_contacts", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_signals"),
        sa.UniqueConstraint("source", "external_id", name="uq_signals_source_external_id"),
    )
    op.create_index("ix_signals_account_kind_at", "signals", ["account_id", "kind", "observed_at"], unique=False)
    op.create_index("ix_signals_contact_id", "signals", ["contact_id"], unique=False)

    op.create_table(
        "steps",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("run_id", BIG_ID, nullable=False),
        sa.Column("account_id", BIG_ID, nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("assignee_id", BIG_ID, nullable=False),
        sa.Column("role_missing", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("snoozed_until", sa.Date(), nullable=True),
        sa.Column("opened_at", INSTANT, nullable=True),
        sa.Column("finished_at", INSTANT, nullable=True),
        sa.Column("finished_by_id", BIG_ID, nullable=True),
        sa.Column("outcome", sa.String(length=80), nullable=True),
        sa.Column("reason", sa.String(length=3000), nullable=True),
        sa.Column("artefact", sa.String(length=3000), nullable=True),
        sa.Column("answers", JSON_OBJECT, nullable=False),
        sa.Column("effects", JSON_OBJECT, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_steps_account_id_accounts", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["assignee_id"], ["members.id"], name="fk_steps_assignee_id_members"),
        sa.ForeignKeyConstraint(["finished_by_id"], ["members.id"], name="fk_steps_finished_by_id_members"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_steps_run_id_runs", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_steps"),
        sa.UniqueConstraint("run_id", "key", name="uq_steps_run_id_key"),
    )
    op.create_index("ix_steps_account_status_due", "steps", ["account_id", "status", "due_on"], unique=False)
    op.create_index("ix_steps_assignee_status_due", "steps", ["assignee_id", "status", "due_on"], unique=False)

    op.create_table(
        "escalations",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("account_id", BIG_ID, nullable=False),
        sa.Column("step_id", BIG_ID, nullable=True),
        sa.Column("run_id", BIG_ID, nullable=True),
        sa.Column("raised_by_id", BIG_ID, nullable=True),
        sa.Column("target", sa.String(length=40), nullable=False),
        sa.Column("owner_id", BIG_ID, nullable=False),
        sa.Column("severity", sa.String(length=40), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("rung", sa.String(length=40), nullable=False),
        sa.Column("ask", sa.String(length=3000), nullable=False),
        sa.Column("tried", sa.String(length=3000), nullable=True),
        sa.Column("deadline", sa.Date(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("acknowledge_by", INSTANT, nullable=False),
        sa.Column("acknowledged_at", INSTANT, nullable=True),
        sa.Column("acknowledged_by_id", BIG_ID, nullable=True),
        sa.Column("resolved_at", INSTANT, nullable=True),
        sa.Column("resolved_by_id", BIG_ID, nullable=True),
        sa.Column("resolution", sa.String(length=3000), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_escalations_account_id_accounts", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["acknowledged_by_id"], ["members.id"], name="fk_escalations_acknowledged_by_id_members"
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["members.id"], name="fk_escalations_owner_id_members"),
        sa.ForeignKeyConstraint(["raised_by_id"], ["members.id"], name="fk_escalations_raised_by_id_members"),
        sa.ForeignKeyConstraint(["resolved_by_id"], ["members.id"], name="fk_escalations_resolved_by_id_members"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_escalations_run_id_runs", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["step_id"], ["steps.id"], name="fk_escalations_step_id_steps", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_escalations"),
    )
    op.create_index("ix_escalations_owner_id", "escalations", ["owner_id"], unique=False)
    op.create_index("ix_escalations_run_id", "escalations", ["run_id"], unique=False)
    op.create_index("ix_escalations_step_id", "escalations", ["step_id"], unique=False)
    op.create_index(
        "ix_escalations_unresolved",
        "escalations",
        ["account_id"],
        unique=False,
        sqlite_where=sa.text("status <> 'resolved'"),
        postgresql_where=sa.text("status <> 'resolved'"),
    )

    op.create_table(
        "notes",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("account_id", BIG_ID, nullable=False),
        sa.Column("step_id", BIG_ID, nullable=True),
        sa.Column("author_id", BIG_ID, nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("body", sa.String(length=12000), nullable=False),
        sa.Column("channel", sa.String(length=32), nullable=True),
        sa.Column("ts", sa.String(length=32), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_notes_account_id_accounts", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["author_id"], ["members.id"], name="fk_notes_author_id_members"),
        sa.ForeignKeyConstraint(["step_id"], ["steps.id"], name="fk_notes_step_id_steps", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_notes"),
        sa.UniqueConstraint("channel", "ts", name="uq_notes_channel_ts"),
    )
    op.create_index("ix_notes_account_at", "notes", ["account_id", "created_at"], unique=False)
    op.create_index("ix_notes_step_id", "notes", ["step_id"], unique=False)

    op.create_table(
        "posted_messages",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("ts", sa.String(length=32), nullable=False),
        sa.Column("delivery_id", BIG_ID, nullable=False),
        sa.Column("account_id", BIG_ID, nullable=True),
        sa.Column("escalation_id", BIG_ID, nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_posted_messages_account_id_accounts", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["delivery_id"], ["deliveries.id"], name="fk_posted_messages_delivery_id_deliveries"),
        sa.ForeignKeyConstraint(
            ["escalation_id"],
            ["escalations.id"],
            name="fk_posted_messages_escalation_id_escalations",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_posted_messages"),
        sa.UniqueConstraint("channel", "ts", name="uq_posted_messages_channel_ts"),
    )
    op.create_index("ix_posted_messages_account_id", "posted_messages", ["account_id"], unique=False)
    op.create_index("ix_posted_messages_delivery_id", "posted_messages", ["delivery_id"], unique=False)
    op.create_index("ix_posted_messages_escalation_id", "posted_messages", ["escalation_id"], unique=False)

    op.create_table(
        "timeline",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("account_id", BIG_ID, nullable=False),
        sa.Column("run_id", BIG_ID, nullable=True),
        sa.Column("step_id", BIG_ID, nullable=True),
        sa.Column("escalation_id", BIG_ID, nullable=True),
        sa.Column("actor_id", BIG_ID, nullable=True),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("summary", sa.String(length=3000), nullable=False),
        sa.Column("details", JSON_OBJECT, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_timeline_account_id_accounts", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["actor_id"], ["members.id"], name="fk_timeline_actor_id_members"),
        sa.ForeignKeyConstraint(
            ["escalation_id"], ["escalations.id"], name="fk_timeline_escalation_id_escalations", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_timeline_run_id_runs", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["step_id"], ["steps.id"], name="fk_timeline_step_id_steps", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_timeline"),
    )
    op.create_index("ix_timeline_account_at", "timeline", ["account_id", "at"], unique=False)
    op.create_index("ix_timeline_escalation_id", "timeline", ["escalation_id"], unique=False)
    op.create_index("ix_timeline_run_id", "timeline", ["run_id"], unique=False)
    op.create_index("ix_timeline_step_id", "timeline", ["step_id"], unique=False)

    op.create_table(
        "touchpoints",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("account_id", BIG_ID, nullable=False),
        sa.Column("step_id", BIG_ID, nullable=True),
        sa.Column("milestone_id", BIG_ID, nullable=True),
        sa.Column("escalation_id", BIG_ID, nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("fire_at", INSTANT, nullable=False),
        sa.Column("at_once", sa.Boolean(), nullable=False),
        sa.Column("fired_at", INSTANT, nullable=True),
        sa.Column("skip_reason", sa.String(length=200), nullable=True),
        sa.Column("delivery_id", BIG_ID, nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_touchpoints_account_id_accounts", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["delivery_id"], ["deliveries.id"], name="fk_touchpoints_delivery_id_deliveries"),
        sa.ForeignKeyConstraint(
            ["escalation_id"], ["escalations.id"], name="fk_touchpoints_escalation_id_escalations", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["milestone_id"], ["milestones.id"], name="fk_touchpoints_milestone_id_milestones", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["step_id"], ["steps.id"], name="fk_touchpoints_step_id_steps", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_touchpoints"),
        sa.UniqueConstraint("escalation_id", "kind", "revision", name="uq_touchpoints_escalation_id_kind_revision"),
        sa.UniqueConstraint("milestone_id", "kind", "revision", name="uq_touchpoints_milestone_id_kind_revision"),
        sa.UniqueConstraint("step_id", "kind", "revision", name="uq_touchpoints_step_id_kind_revision"),
    )
    op.create_index("ix_touchpoints_account_id", "touchpoints", ["account_id"], unique=False)
    op.create_index("ix_touchpoints_delivery_id", "touchpoints", ["delivery_id"], unique=False)
    op.create_index(
        "ix_touchpoints_planned",
        "touchpoints",
        ["fire_at"],
        unique=False,
        sqlite_where=sa.text("status = 'planned'"),
        postgresql_where=sa.text("status = 'planned'"),
    )

    op.create_table(
        "posted_steps",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("message_id", BIG_ID, nullable=False),
        sa.Column("step_id", BIG_ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["posted_messages.id"],
            name="fk_posted_steps_message_id_posted_messages",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["step_id"], ["steps.id"], name="fk_posted_steps_step_id_steps", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_posted_steps"),
        sa.UniqueConstraint("message_id", "step_id", name="uq_posted_steps_message_id_step_id"),
    )
    op.create_index("ix_posted_steps_step_id", "posted_steps", ["step_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_posted_steps_step_id", "posted_steps")

    op.drop_table("posted_steps")
    op.drop_index("ix_touchpoints_planned", "touchpoints")
    op.drop_index("ix_touchpoints_delivery_id", "touchpoints")
    op.drop_index("ix_touchpoints_account_id", "touchpoints")

    op.drop_table("touchpoints")
    op.drop_index("ix_timeline_step_id", "timeline")
    op.drop_index("ix_timeline_run_id", "timeline")
    op.drop_index("ix_timeline_escalation_id", "timeline")
    op.drop_index("ix_timeline_account_at", "timeline")

    op.drop_table("timeline")
    op.drop_index("ix_posted_messages_escalation_id", "posted_messages")
    op.drop_index("ix_posted_messages_delivery_id", "posted_messages")
    op.drop_index("ix_posted_messages_account_id", "posted_messages")

    op.drop_table("posted_messages")
    op.drop_index("ix_notes_step_id", "notes")
    op.drop_index("ix_notes_account_at", "notes")

    op.drop_table("notes")
    op.drop_index("ix_escalations_unresolved", "escalations")
    op.drop_index("ix_escalations_step_id", "escalations")
    op.drop_index("ix_escalations_run_id", "escalations")
    op.drop_index("ix_escalations_owner_id", "escalations")

    op.drop_table("escalations")
    op.drop_index("ix_steps_assignee_status_due", "steps")
    op.drop_index("ix_steps_account_status_due", "steps")

    op.drop_table("steps")
    op.drop_index("ix_signals_contact_id", "signals")
    op.drop_index("ix_signals_account_kind_at", "signals")

    op.drop_table("signals")
    op.drop_index("ix_runs_playbook_version_id", "runs")
    op.drop_index("ix_runs_contact_id", "runs")
    op.drop_index("uq_runs_open", "runs")
    op.drop_index("ix_runs_account_status", "runs")

    op.drop_table("runs")
    op.drop_index("ix_milestones_status_target", "milestones")

    op.drop_table("milestones")
    op.drop_table("health_snapshots")
    op.drop_index("uq_deliveries_pending", "deliveries")
    op.drop_index("ix_deliveries_unsent", "deliveries")
    op.drop_index("ix_deliveries_status_lane", "deliveries")
    op.drop_index("ix_deliveries_member_id", "deliveries")
    op.drop_index("ix_deliveries_account_id", "deliveries")

    op.drop_table("deliveries")
    op.drop_index("ix_contacts_account_id", "contacts")

    op.drop_table("contacts")
    op.drop_index("ix_account_roles_member_id", "account_roles")

    op.drop_table("account_roles")
    op.drop_table("playbook_versions")
    op.drop_index("ix_members_deputy_id", "members")

    op.drop_table("members")
    op.drop_table("lanes")
    op.drop_index("ix_accounts_renewal_date", "accounts")
    op.drop_index("ix_accounts_name", "accounts")
    op.drop_index("ix_accounts_domain", "accounts")

    op.drop_table("accounts")
