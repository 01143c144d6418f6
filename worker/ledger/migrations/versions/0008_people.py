"""Add the state in which people left the ticket of a case, and the time when a case got its priority."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("cases", sa.Column("left", sa.Text(), nullable=True))
    op.add_column("cases", sa.Column("left_at", sa.BigInteger(), nullable=True))
    op.add_column("cases", sa.Column("changed_at", sa.BigInteger(), nullable=True))
    op.add_column("tickets", sa.Column("told_at", sa.BigInteger(), nullable=True))
