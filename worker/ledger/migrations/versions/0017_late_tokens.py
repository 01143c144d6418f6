"""Name the claim of each token, and the moment until which it is good; add the late bound of all processes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from worker.ledger.schema.columns import Instant, Number

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("budget", sa.Column("good_until", Instant(), nullable=True))
    op.add_column("budget", sa.Column("case_id", Number, nullable=True))
    op.add_column("budget", sa.Column("epoch", sa.BigInteger(), nullable=True))
    op.add_column("gate", sa.Column("late_bound", sa.Float(), nullable=True))
    op.add_column("gate", sa.Column("late_at", Instant(), nullable=True))
