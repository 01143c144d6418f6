"""Add the use of the budget, and the share of it that the service seems to grant."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from worker.ledger.schema.columns import Instant

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("gate", sa.Column("learnt", sa.Float(), nullable=True))
    op.add_column("gate", sa.Column("learnt_at", Instant(), nullable=True))
    op.add_column("budget", sa.Column("rank", sa.Integer(), server_default=sa.text("9"), nullable=False))
    is_ready = sa.text("state = 'ready'")
    op.drop_index("ix_cases_ready", "cases")  # it had no id, hence not the whole order in which cases are claimed
    for name, first in (("ix_cases_ready", ["rank"]), ("ix_cases_queues", ["source", "rank"])):
        columns = [*first, "run_at", "id"]
        op.create_index(name, "cases", columns, postgresql_where=is_ready, sqlite_where=is_ready)
    op.add_column("budget", sa.Column("source", sa.Text(), server_default=sa.text("''"), nullable=False))
