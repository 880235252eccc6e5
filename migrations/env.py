"""Alembic's entry. bot.migrating hands over the connection; autogenerate gets it the same way."""

from alembic import context
from sqlmodel import SQLModel

import bot.models  # noqa: F401  # fills the metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=SQLModel.metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
