"""Deployments: window and responsible, so that overlaps are known right after a start; warnings known already."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("deployment") as deployment:
        deployment.add_column(sa.Column("window_start", sa.DateTime))
        deployment.add_column(sa.Column("window_end", sa.DateTime))
        deployment.add_column(sa.Column("responsible", sa.String(254), nullable=False, server_default=""))
        deployment.add_column(sa.Column("known_warnings", sa.JSON))
    op.create_index("ix_deployment_window_end", "deployment", ["window_end"])
