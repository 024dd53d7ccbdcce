"""Who this store is: the id its installation marks the folder with (`ownership.py`)."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table("store", sa.Column("id", sa.String(32), primary_key=True))
