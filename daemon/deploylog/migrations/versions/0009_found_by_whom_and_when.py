"""What is asked for at each look is found by an index: a person's windows, the mails of an hour, a customer's logs."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_deployment_window_end", "deployment")
    op.create_index("ix_deployment_responsible", "deployment", ["responsible", "window_end"])
    # Of all that was ever sent only what was sent for one log.
    op.drop_index("ix_effect_state", "effect")
    op.create_index("ix_effect_state", "effect", ["state", "log_id"])
    op.create_index("ix_effect_at", "effect", ["at", "committed_at"])
    op.create_index("ix_log_customer", "log", ["customer"])
