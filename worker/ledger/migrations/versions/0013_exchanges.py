"""Add the exchanges of the loop guard, and the recent messages of each."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

Number = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "exchanges",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("case_id", Number, nullable=True),
        sa.Column("passed", sa.Text(), nullable=False),
        sa.Column("noted_at", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source", "name", name="pk_exchanges"),
    )
    op.create_index("ix_exchanges_at", "exchanges", ["at"])
