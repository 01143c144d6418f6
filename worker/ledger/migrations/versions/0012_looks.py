"""Add the time when a ticket was last polled, where the Tickets API's webhooks cannot reach us."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("tickets", sa.Column("looked_at", sa.BigInteger(), nullable=True))
