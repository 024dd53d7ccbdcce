"""Effects: which wait for another attempt is found without a look at those that do not."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_effect_retry_at", "effect", ["retry_at"])
