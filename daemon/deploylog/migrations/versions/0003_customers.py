"""Customers: with whom we shared their logs, and mail that came back."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "share",
        sa.Column("log_id", sa.String(128), primary_key=True),
        sa.Column("address", sa.String(254), primary_key=True),
        sa.Column("role", sa.String(32), nullable=False),
    )
    op.create_table(
        "bounce",
        sa.Column("message_id", sa.String(128), primary_key=True),
        sa.Column("address", sa.String(254), primary_key=True),
        sa.Column("at", sa.DateTime, nullable=False),
    )
