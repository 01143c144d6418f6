"""Add the treatment of a waiting comment."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("pending", sa.Column("treatment", sa.Text(), nullable=True))
