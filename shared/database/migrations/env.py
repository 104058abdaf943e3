"""Renders the wanted steps as one SQL script; ``shared.database.migrate`` runs it. Alembic executes this file."""

from __future__ import annotations

from alembic import context

context.configure(
    dialect_name="postgresql",
    dialect_opts={"paramstyle": "named"},
    version_table="migration",
    version_table_schema="log",
)
context.run_migrations()
