"""Add aliases and participants of cases, and comments that wait for their case."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from worker.ledger.schema.columns import Instant, Number

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("cases", sa.Column("opener", sa.Text(), nullable=True))
    op.create_table(
        "aliases",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("alias", sa.Text(), nullable=False),
        sa.Column("case_id", Number, nullable=False),
        sa.PrimaryKeyConstraint("source", "alias", name=op.f("pk_aliases")),
    )
    op.create_table(
        "participants",
        sa.Column("case_id", Number, autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "name", name=op.f("pk_participants")),
    )
    op.create_table(
        "pending",
        sa.Column("id", Number, autoincrement=True, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("wanted", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("inbound_id", Number, nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("occurred_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pending")),
        sa.UniqueConstraint("source", "digest", name=op.f("uq_pending_source_digest")),
    )
    op.create_index(op.f("ix_pending_expires_at"), "pending", ["expires_at"], unique=False)
    op.create_index(op.f("ix_pending_source_wanted"), "pending", ["source", "wanted"], unique=False)
