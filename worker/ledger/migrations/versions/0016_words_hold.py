"""Validate the constraints on existing rows, and fill the new columns for operations that an older version joined.

No statement here blocks writers: PostgreSQL validates under a lock that allows writes.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

# The sentence that older versions wrote, and compared.
_JOINED = """
UPDATE operations SET joined_into = CAST(substr(why, length('folded into op-' || case_id || '-') + 1) AS BIGINT)
WHERE state = 'folded' AND joined_into IS NULL AND why LIKE 'folded into op-' || case_id || '-%'
"""
# A reopening keeps the create there that may take its place; a note or an update, what it said by itself.
_OWN_REQUESTS = """
UPDATE operations SET own_request = instead
WHERE instead IS NOT NULL AND own_request IS NULL AND kind IN ('add_note', 'update_ticket')
"""
_OURS = frozenset(
    f"ck_{name}"
    for name in (
        "inbound_outcome", "cases_phase", "cases_state", "cases_kind", "cases_left", "operations_kind",
        "operations_state", "members_phase", "tickets_how", "attempts_outcome", "gate_reason", "receipts_state",
        "mailbox_uids_outcome",
    )
)  # fmt: skip
_NOT_VALIDATED = """
SELECT conrelid::regclass::text, conname FROM pg_constraint
WHERE contype = 'c' AND NOT convalidated AND connamespace = current_schema()::regnamespace ORDER BY 1, 2
"""


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        op.execute("SET LOCAL statement_timeout = 0")  # it reads whole tables, and nobody waits for it
    op.execute(_JOINED)
    op.execute(_OWN_REQUESTS)
    if connection.dialect.name == "postgresql":
        for table, name in connection.execute(sa.text(_NOT_VALIDATED)).all():
            if name not in _OURS:
                continue  # another application may share the schema
            op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")
