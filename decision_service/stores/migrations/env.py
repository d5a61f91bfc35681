"""What alembic runs: the steps, on the connection it was given, and the guards once more.

A step that changes a table can lose its triggers on the way (SQLite copies the table), so the
ledger's guards are put in place again after every upgrade.
"""

from alembic import context
from sqlmodel import SQLModel

from overrides.stores.guards import install_guards

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=SQLModel.metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
    install_guards(connection)
