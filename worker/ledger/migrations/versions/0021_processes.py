"""Add the processes: one row for each, with its role, version, last heartbeat, and how it reaches the broker."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from worker.ledger.schema.columns import Instant

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "processes",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("pid", sa.BigInteger(), nullable=False),
        sa.Column("started_at", Instant(), nullable=False),
        sa.Column("seen_at", Instant(), nullable=False),
        sa.Column("stopped_at", Instant(), nullable=True),
        sa.Column("settings_digest", sa.Text(), nullable=True),
        sa.Column("settings_parts", sa.Text(), nullable=True),
        sa.Column("broker_ok_at", Instant(), nullable=True),
        sa.Column("broker_failing_since", Instant(), nullable=True),
        sa.Column("broker_error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_processes"),
    )
