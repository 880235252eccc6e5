"""What playbooks are made of and governed by: versions to approve, variants, exemptions, success plans, advocacy.

Every change here works beside a process that does not know it yet: new tables, and columns with a default.

Revision ID: 0002
Revises: 0001
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON_OBJECT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "playbook_variants",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("version_id", BIG_ID, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("content", JSON_OBJECT, nullable=False),
        sa.Column("overlays", JSON_OBJECT, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"], ["playbook_versions.id"], name="fk_playbook_variants_version_id_playbook_versions"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_playbook_variants"),
        sa.UniqueConstraint("version_id", "digest", name="uq_playbook_variants_version_id_digest"),
    )
    op.create_table(
        "exemptions",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("account_id", BIG_ID, nullable=False),
        sa.Column("playbook_key", sa.String(length=80), nullable=True),
        sa.Column("stage", sa.String(length=40), nullable=True),
        sa.Column("reason", sa.String(length=3000), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("requested_by_id", BIG_ID, nullable=False),
        sa.Column("approver_id", BIG_ID, nullable=True),
        sa.Column("decided_at", INSTANT, nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_exemptions_account_id_accounts", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["approver_id"], ["members.id"], name="fk_exemptions_approver_id_members"),
        sa.ForeignKeyConstraint(["requested_by_id"], ["members.id"], name="fk_exemptions_requested_by_id_members"),
        sa.PrimaryKeyConstraint("id", name="pk_exemptions"),
    )
    op.create_index("ix_exemptions_account_key", "exemptions", ["account_id", "playbook_key"], unique=False)

    op.create_table(
        "playbook_switches",
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("on", sa.Boolean(), nullable=False),
        sa.Column("changed_by_id", BIG_ID, nullable=True),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["changed_by_id"], ["members.id"], name="fk_playbook_switches_changed_by_id_members"),
        sa.PrimaryKeyConstraint("key", name="pk_playbook_switches"),
    )
    op.create_table(
        "skipped_occurrences",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("account_id", BIG_ID, nullable=False),
        sa.Column("playbook_key", sa.String(length=80), nullable=False),
        sa.Column("occurrence", sa.String(length=80), nullable=False),
        sa.Column("reason", sa.String(length=3000), nullable=False),
        sa.Column("skipped_by_id", BIG_ID, nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_skipped_occurrences_account_id_accounts", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["skipped_by_id"], ["members.id"], name="fk_skipped_occurrences_skipped_by_id_members"),
        sa.PrimaryKeyConstraint("id", name="pk_skipped_occurrences"),
        sa.UniqueConstraint(
            "account_id", "playbook_key", "occurrence", name="uq_skipped_occurrences_account_id_playbook_key_occurrence"
        ),
    )
    op.create_table(
        "advocacy_asks",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("account_id", BIG_ID, nullable=False),
        sa.Column("contact_id", BIG_ID, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("asked_by_id", BIG_ID, nullable=False),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("outcome", sa.String(length=3000), nullable=True),
        sa.Column("closed_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_advocacy_asks_account_id_accounts", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["asked_by_id"], ["members.id"], name="fk_advocacy_asks_asked_by_id_members"),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contacts.id"], name="fk_advocacy_asks_contact_id_contacts", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_advocacy_asks"),
    )
    op.create_index("ix_advocacy_asks_account_id", "advocacy_asks", ["account_id"], unique=False)
    op.create_index("ix_advocacy_asks_contact_asked", "advocacy_asks", ["contact_id", "asked_at"], unique=False)

    op.create_table(
        "bulk_starts",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("playbook_key", sa.String(length=80), nullable=False),
        sa.Column("condition", sa.String(length=1000), nullable=False),
        sa.Column("asked_by_id", BIG_ID, nullable=True),
        sa.Column("last_account_id", BIG_ID, nullable=False),
        sa.Column("started", sa.Integer(), nullable=False),
        sa.Column("running", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("finished_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["asked_by_id"], ["members.id"], name="fk_bulk_starts_asked_by_id_members"),
        sa.PrimaryKeyConstraint("id", name="pk_bulk_starts"),
    )

    op.create_table(
        "objectives",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("account_id", BIG_ID, nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("measure", sa.String(length=300), nullable=True),
        sa.Column("baseline", sa.String(length=100), nullable=True),
        sa.Column("target", sa.String(length=100), nullable=True),
        sa.Column("current", sa.String(length=100), nullable=True),
        sa.Column("owner_id", BIG_ID, nullable=True),
        sa.Column("owner_contact_id", BIG_ID, nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("evidence", sa.String(length=3000), nullable=True),
        sa.Column("closed_at", INSTANT, nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_objectives_account_id_accounts", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["owner_contact_id"], ["contacts.id"], name="fk_objectives_owner_contact_id_contacts"),
        sa.ForeignKeyConstraint(["owner_id"], ["members.id"], name="fk_objectives_owner_id_members"),
        sa.PrimaryKeyConstraint("id", name="pk_objectives"),
    )
    op.create_index("ix_objectives_account_status", "objectives", ["account_id", "status"], unique=False)

    op.create_table(
        "playbook_entries",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("version_id", BIG_ID, nullable=True),
        sa.Column("actor_id", BIG_ID, nullable=True),
        sa.Column("summary", sa.String(length=3000), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["members.id"], name="fk_playbook_entries_actor_id_members"),
        sa.ForeignKeyConstraint(
            ["version_id"], ["playbook_versions.id"], name="fk_playbook_entries_version_id_playbook_versions"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_playbook_entries"),
    )
    op.create_index("ix_playbook_entries_key_at", "playbook_entries", ["key", "at"], unique=False)

    op.create_table(
        "retrospectives",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("escalation_id", BIG_ID, nullable=False),
        sa.Column("author_id", BIG_ID, nullable=False),
        sa.Column("happened", sa.String(length=3000), nullable=False),
        sa.Column("cause", sa.String(length=3000), nullable=False),
        sa.Column("change", sa.String(length=3000), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["members.id"], name="fk_retrospectives_author_id_members"),
        sa.ForeignKeyConstraint(
            ["escalation_id"],
            ["escalations.id"],
            name="fk_retrospectives_escalation_id_escalations",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_retrospectives"),
        sa.UniqueConstraint("escalation_id", name="uq_retrospectives_escalation_id"),
    )
    op.create_table(
        "suggestions",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("playbook_key", sa.String(length=80), nullable=False),
        sa.Column("step_key", sa.String(length=80), nullable=True),
        sa.Column("step_id", BIG_ID, nullable=True),
        sa.Column("escalation_id", BIG_ID, nullable=True),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("helpful", sa.Boolean(), nullable=True),
        sa.Column("body", sa.String(length=3000), nullable=True),
        sa.Column("author_id", BIG_ID, nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("decided_by_id", BIG_ID, nullable=True),
        sa.Column("decided_at", INSTANT, nullable=True),
        sa.Column("decision", sa.String(length=3000), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["members.id"], name="fk_suggestions_author_id_members"),
        sa.ForeignKeyConstraint(["decided_by_id"], ["members.id"], name="fk_suggestions_decided_by_id_members"),
        sa.ForeignKeyConstraint(
            ["escalation_id"], ["escalations.id"], name="fk_suggestions_escalation_id_escalations", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["step_id"], ["steps.id"], name="fk_suggestions_step_id_steps", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_suggestions"),
        sa.UniqueConstraint("step_id", "author_id", name="uq_suggestions_step_id_author_id"),
    )
    op.create_index("ix_suggestions_status_key", "suggestions", ["status", "playbook_key"], unique=False)

    op.add_column("accounts", sa.Column("journey_started_on", sa.Date(), nullable=True))
    op.add_column("contacts", sa.Column("advocate", sa.String(length=40), nullable=True))
    op.add_column("contacts", sa.Column("advocacy", JSON_OBJECT, nullable=False, server_default="[]"))
    op.add_column("contacts", sa.Column("asked_at", INSTANT, nullable=True))
    op.add_column("milestones", sa.Column("owner_role", sa.String(length=40), nullable=True))
    op.add_column("milestones", sa.Column("success", sa.String(length=500), nullable=True))
    op.add_column("milestones", sa.Column("journey", sa.String(length=80), nullable=True))
    op.add_column(
        "playbook_versions", sa.Column("kind", sa.String(length=40), nullable=False, server_default="playbook")
    )
    op.add_column(
        "playbook_versions", sa.Column("status", sa.String(length=40), nullable=False, server_default="approved")
    )
    _add_reference("playbook_versions", "decided_by_id", "members")
    op.add_column("playbook_versions", sa.Column("decided_at", INSTANT, nullable=True))
    op.add_column("playbook_versions", sa.Column("decision", sa.String(length=3000), nullable=True))
    _add_reference("runs", "variant_id", "playbook_variants")
    op.add_column("runs", sa.Column("criteria_met", sa.Boolean(), nullable=True))


def _add_reference(table: str, column: str, target: str) -> None:
    """SQLite takes a reference only as part of the new column; making the table anew would lose its indexes."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"ALTER TABLE {table} ADD COLUMN {column} INTEGER REFERENCES {target} (id)")
        return
    op.add_column(table, sa.Column(column, BIG_ID, nullable=True))
    op.create_foreign_key(f"fk_{table}_{column}_{target}", table, target, [column], ["id"])


def downgrade() -> None:
    op.drop_column("runs", "criteria_met")
    _drop_reference("runs", "variant_id", "playbook_variants")
    for column in ("decision", "decided_at", "status", "kind"):
        op.drop_column("playbook_versions", column)
    _drop_reference("playbook_versions", "decided_by_id", "members")
    for column in ("journey", "success", "owner_role"):
        op.drop_column("milestones", column)
    for column in ("asked_at", "advocacy", "advocate"):
        op.drop_column("contacts", column)
    op.drop_column("accounts", "journey_started_on")
    for table in (
        "bulk_starts",
        "suggestions",
        "retrospectives",
        "playbook_entries",
        "objectives",
        "advocacy_asks",
        "skipped_occurrences",
        "playbook_switches",
        "exemptions",
        "playbook_variants",
    ):
        op.drop_table(table)


def _drop_reference(table: str, column: str, target: str) -> None:
    if op.get_bind().dialect.name != "sqlite":
        op.drop_constraint(f"fk_{table}_{column}_{target}", table, type_="foreignkey")
    op.drop_column(table, column)
