"""The ledger's schema, step by step (Alembic). A released step is never changed; a new one is added."""
