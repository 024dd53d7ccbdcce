"""The first schema: logs, deployments, effects, history, customers."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "log",
        sa.Column("file_id", sa.String(128), primary_key=True),
        sa.Column("customer", sa.Text, nullable=False),
        sa.Column("highest", sa.Integer, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("edited_at", sa.DateTime),
    )
    op.create_table(
        "deployment",
        sa.Column("log_id", sa.String(128), primary_key=True),
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("row", sa.Integer, nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("components", sa.JSON, nullable=False),
        sa.Column("first_seen_at", sa.DateTime, nullable=False),
        sa.Column("changed_at", sa.DateTime, nullable=False),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("status_since", sa.DateTime, nullable=False),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("start", sa.DateTime),
        sa.Column("ends", sa.JSON, nullable=False),
        sa.Column("overridden", sa.Boolean, nullable=False),
        sa.Column("copy_of", sa.String(64), nullable=False),
        sa.Column("due_at", sa.DateTime),
        sa.Column("vanished_at", sa.DateTime),
    )
    op.create_index("ix_deployment_due_at", "deployment", ["due_at"])
    op.create_table(
        "effect",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("log_id", sa.String(128), nullable=False),
        sa.Column("deployment_id", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("round", sa.Integer, nullable=False),
        sa.Column("target", sa.String(254), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("payload", sa.JSON, nullable=False),
        sa.Column("due_at", sa.DateTime),
        sa.Column("committed_at", sa.DateTime, nullable=False),
        sa.Column("at", sa.DateTime),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("retry_at", sa.DateTime),
        sa.Column("in_doubt", sa.Boolean, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("external_id", sa.String(1024), nullable=False),
        sa.Column("draft_id", sa.String(128), nullable=False),
        sa.Column("thread_id", sa.String(128), nullable=False),
        sa.Column("message_header", sa.Text, nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("to_tell", sa.String(16), nullable=False),
        sa.UniqueConstraint("log_id", "deployment_id", "kind", "generation", "round", "target", name="effect_key"),
    )
    op.create_index("ix_effect_state", "effect", ["state"])
    op.create_table(
        "history",
        sa.Column("log_id", sa.String(128), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("at", sa.DateTime),
        sa.Column("cells", sa.JSON, nullable=False),
    )
    op.create_table(
        "customer",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("changed_at", sa.DateTime, nullable=False),
    )


def downgrade() -> None:
    for table in ("customer", "history", "effect", "deployment", "log"):
        op.drop_table(table)
