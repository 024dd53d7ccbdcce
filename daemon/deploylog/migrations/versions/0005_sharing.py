"""What daemons on one store tell each other: looks that are not finished, what they concluded, calls under way."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("log", sa.Column("unfinished", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("log", sa.Column("looked_at", sa.DateTime))
    op.add_column("log", sa.Column("concluded", sa.JSON))
    op.add_column("effect", sa.Column("under_way_until", sa.DateTime))
    op.create_table(
        "kept",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("value", sa.JSON, nullable=False),
    )
