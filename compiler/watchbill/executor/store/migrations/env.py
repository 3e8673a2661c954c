"""What Alembic runs: migrations in the transaction that is open on the connection it was given."""

from alembic import context

from watchbill.executor.store.schema import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
context.run_migrations()
