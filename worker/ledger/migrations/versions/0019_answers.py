"""Add the answers of the Tickets API (one row), and an index of the open operations by rank and age.

PostgreSQL blocks the writers of `operations` while it makes the index: for about a second with a million rows.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from worker.ledger.schema.columns import Number

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "answers",
        sa.Column("id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("succeeded_at", sa.BigInteger()),
        sa.Column("failures", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("failing_since", sa.BigInteger()),
        sa.Column("failed_at", sa.BigInteger()),
        sa.Column("in_doubt", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("case_id", Number),
        sa.Column("several", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.PrimaryKeyConstraint("id", name="pk_answers"),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL statement_timeout = 0")  # the index reads the whole table
    is_open = sa.text("state = 'open'")
    op.create_index(
        "ix_operations_open", "operations", ["rank", "created_at"], postgresql_where=is_open, sqlite_where=is_open
    )
