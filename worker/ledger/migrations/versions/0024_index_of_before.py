"""Drop `ix_operations_open`, which `ix_operations_waiting` replaced (0020), in a transaction of its own.

A drop waits for all readers of the table, for example for a backup, and must not be waited for with writers blocked.
No release had that index. A worker of the version in between reads the open operations without it until it ends.
"""

from __future__ import annotations

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_operations_open", "operations")
