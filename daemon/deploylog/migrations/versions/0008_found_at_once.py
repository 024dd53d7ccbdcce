"""What is asked for at each log is found without a look at all others: retries, and in which logs an ID stands."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_effect_retry_at", "effect", ["retry_at"])
    op.create_index("ix_deployment_id", "deployment", ["id"])
