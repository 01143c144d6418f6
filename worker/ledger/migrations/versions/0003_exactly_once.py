"""Add the ticket of each operation, the facts that prove absence, pauses and interventions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from worker.ledger.schema.columns import Instant, Number

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_TARGETS = """
UPDATE operations SET target = (
    SELECT MAX(made.seq) FROM operations AS made
    WHERE made.case_id = operations.case_id AND made.kind = 'create_ticket' AND made.seq <= operations.seq
)
"""
_CREATES = """
UPDATE cases SET create_seq = (
    SELECT MAX(made.seq) FROM operations AS made WHERE made.case_id = cases.id AND made.kind = 'create_ticket'
)
"""
_LOST = """
UPDATE cases SET lost = (1 = 1) WHERE EXISTS (
    SELECT 1 FROM operations AS made
    WHERE made.case_id = cases.id AND made.seq = cases.create_seq AND made.state = 'dead'
)
"""
_HELD = """
UPDATE operations SET state = 'held' WHERE state = 'open' AND EXISTS (
    SELECT 1 FROM operations AS made
    WHERE made.case_id = operations.case_id AND made.seq = operations.target AND made.state = 'dead'
)
"""
# An older version held up the creates of later episodes too: they go on.
_WAITING = "FROM operations AS waiting WHERE waiting.case_id = cases.id AND waiting.state = 'open'"
_FREED = f"""
UPDATE cases SET
    state = 'ready',
    head_seq = (SELECT MIN(waiting.seq) {_WAITING}),
    rank = (SELECT MIN(waiting.rank) {_WAITING}),
    kind = (SELECT waiting.kind {_WAITING} ORDER BY waiting.seq LIMIT 1)
WHERE state = 'blocked' AND EXISTS (SELECT 1 {_WAITING})
"""  # noqa: S608 (nothing from outside)
_SENT = "UPDATE operations SET last_sent_at = first_sent_at WHERE state IN ('open', 'dead')"
# Only the latest create that was done made the ticket that the case knows; older ones left no number behind.
_TICKETS = """
INSERT INTO tickets (ticket_id, case_id, create_seq, how, bound_at, status)
SELECT MAX(cases.ticket_id), cases.id, MAX(made.seq), 'created', MAX(made.created_at), MAX(cases.ticket_status)
FROM cases JOIN operations AS made ON made.case_id = cases.id AND made.kind = 'create_ticket' AND made.state = 'done'
WHERE cases.ticket_id IS NOT NULL
GROUP BY cases.id
"""


def upgrade() -> None:
    op.add_column("cases", sa.Column("create_seq", sa.BigInteger(), nullable=True))
    op.add_column("cases", sa.Column("lost", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("operations", sa.Column("target", sa.BigInteger(), nullable=True))
    op.add_column("operations", sa.Column("instead", sa.LargeBinary(), nullable=True))
    op.add_column("operations", sa.Column("last_sent_at", Instant(), nullable=True))
    op.add_column("operations", sa.Column("unproven", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("gate", sa.Column("since", Instant(), nullable=True))
    op.add_column("gate", sa.Column("probed_case", Number, nullable=True))
    op.create_table(
        "tickets",
        sa.Column("ticket_id", sa.Text(), nullable=False),
        sa.Column("case_id", Number, nullable=False),
        sa.Column("create_seq", sa.BigInteger(), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("bound_at", Instant(), nullable=False),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("status_at", Instant(), nullable=True),
        sa.Column("reopened_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("ticket_id", name=op.f("pk_tickets")),
        sa.UniqueConstraint("case_id", "create_seq", name=op.f("uq_tickets_case_id_create_seq")),
    )
    op.create_table(
        "pauses",
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("scope", name=op.f("pk_pauses")),
    )
    op.create_table(
        "interventions",
        sa.Column("id", Number, autoincrement=True, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interventions")),
    )
    op.create_table(
        "facts",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_facts")),
    )
    for statement in (_TARGETS, _CREATES, _LOST, _HELD, _FREED, _SENT, _TICKETS):
        op.execute(statement)
