"""Add subject and sender of deliveries, the subject of cases, and the API's id of a request to attempts.

The columns are empty in old rows. A job fills those of deliveries and cases (`worker/jobs/titles.py`).
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("inbound", sa.Column("subject", sa.Text(), nullable=True))
    op.add_column("inbound", sa.Column("sender", sa.Text(), nullable=True))
    op.add_column("cases", sa.Column("subject", sa.Text(), nullable=True))
    op.add_column("attempts", sa.Column("request_id", sa.Text(), nullable=True))
