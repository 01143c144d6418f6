"""Alembic environment: migrates the connection that `Ledger.upgrade` passes in."""

from alembic import context

from worker.ledger.schema.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
