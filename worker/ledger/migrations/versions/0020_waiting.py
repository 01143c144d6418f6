"""Add an index of the open operations that only the questions about ranks use; 0024 drops the one before.

PostgreSQL without statistics, as on a young database, preferred `ix_operations_open` to the primary key for the open
operations of a case, and read all open operations for each case. The condition about the rank, which is never missing,
keeps it from that: a statement uses the index only if it names the rank.

PostgreSQL blocks the writers of `operations` while it makes the index: for about a second with a million rows.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL statement_timeout = 0")  # the index reads the whole table
    waits = sa.text("state = 'open' AND rank >= 0")
    op.create_index(
        "ix_operations_waiting", "operations", ["rank", "created_at"], postgresql_where=waits, sqlite_where=waits
    )
