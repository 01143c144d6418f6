"""Add the latest jump of the ledger's clock, which closes the gate for a while."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from worker.ledger.schema.columns import Instant

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("gate", sa.Column("jumped_at", Instant(), nullable=True))
    op.add_column("gate", sa.Column("jumped_by", sa.Float(), nullable=True))
    op.add_column("gate", sa.Column("jump_until", Instant(), nullable=True))
    op.add_column("gate", sa.Column("jump_mended", sa.Boolean(), nullable=True))
    op.add_column("gate", sa.Column("jumped_back", sa.Float(), nullable=True))
