"""Which boxes were ticked, so that each tick is told in History once; NULL: not looked at yet."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("deployment", sa.Column("ticked", sa.JSON, nullable=True))
