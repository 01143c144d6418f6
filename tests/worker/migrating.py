"""Tables of an earlier version with rows in them, for tests of migrations."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config

import worker.ledger
from worker.ledger import Ledger

MIGRATIONS = Path(worker.ledger.__file__).parent / "migrations"


def migrated_to(ledger: Ledger, revision: str) -> None:
    """Migrate the ledger to an earlier revision."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with ledger.database.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


CASE = (
    "INSERT INTO cases (id, source, key, episode, phase, state, rank, run_at, head_seq, next_seq, epoch, attempts)"
    " VALUES ({0}, 'prom', 'case-{0}', 1, 'open', 'idle', 9, 0, 9, 9, 1, 0)"
)


OPERATION = (
    "INSERT INTO operations (case_id, seq, inbound_id, episode, kind, rank, state, idempotency_key, request,"
    " created_at, ambiguous, conflicts)"
    " VALUES ({0}, {1}, 1, 1, 'add_note', 5, 'open', 'key-{0}-{1}', '', 0, (1 = 0), 0)"
)


ROW = {
    "inbound": "INSERT INTO inbound (source, received_at, outcome, headers, query, body, body_digest)"
    " VALUES ('prom', 0, 'accepted', '[]', '', '', '')",
    "cases": CASE,
    "operations": OPERATION.format("{0}", 1),
    "members": "INSERT INTO members (case_id, key, source, episode, phase, subject)"
    " VALUES ({0}, 'k', 'prom', 1, 'open', '')",
    "tickets": "INSERT INTO tickets (ticket_id, case_id, create_seq, how, bound_at)"
    " VALUES ('T-{0}', {0}, 1, 'created', 0)",
    "attempts": "INSERT INTO attempts (case_id, seq, at, outcome) VALUES ({0}, 1, 0, 'done')",
    "gate": "INSERT INTO gate (id) VALUES (10 + {0})",
    "receipts": "INSERT INTO receipts (case_id, target, source, state, wanted, run_at, epoch, attempts)"
    " VALUES ({0}, 't', 'prom', 'idle', 0, 0, 0, 0)",
    "mailbox_uids": "INSERT INTO mailbox_uids (source, mailbox, folder, uidvalidity, uid, outcome, owed)"
    " VALUES ('mail', 'main', 'INBOX', 1, {0}, 'ticket', (1 = 0))",
}
"""The statement that makes a row of each table; `{0}` is the row's number."""
