"""What the budget was spent on, and what the service seems to grant of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from worker.ledger.tables import Instant

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("gate", sa.Column("learnt", sa.Float(), nullable=True))
    op.add_column("gate", sa.Column("learnt_at", Instant(), nullable=True))
    op.add_column("budget", sa.Column("rank", sa.Integer(), server_default=sa.text("9"), nullable=False))
    is_ready = sa.text("state = 'ready'")
    op.create_index(
        "ix_cases_queues", "cases", ["source", "rank", "run_at"], postgresql_where=is_ready, sqlite_where=is_ready
    )
    op.add_column("budget", sa.Column("source", sa.Text(), server_default=sa.text("''"), nullable=False))
