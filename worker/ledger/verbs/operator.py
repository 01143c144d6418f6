"""The verbs of people: they mend dead letters, compare with the Tickets API, and say that a backup was restored."""

from __future__ import annotations

import hashlib

from sqlalchemy import Connection

from connectors.contract.events import TicketStatus
from worker.ledger.operator import audit, dead_letters, interventions, repair
from worker.ledger.operator.dead_letters import DeadLetterInFull
from worker.ledger.operator.interventions import LEDGER, UNNAMED
from worker.ledger.recording import restoring
from worker.ledger.verbs.rules import StandingRules
from worker.ledger.verbs.transaction import Verbs, at_now, plain, reads, writes


class OperatorVerbs(Verbs):
    """Do by hand what no message asks for. Each is noted as an intervention of `by`."""

    rules: StandingRules

    list_dead = reads(plain(dead_letters.list_dead))
    show_dead = reads(plain(dead_letters.show_dead))
    quarantined_delivery = reads(plain(dead_letters.quarantined_delivery))
    audited = reads(at_now(audit.read))
    list_interventions = reads(plain(interventions.latest))

    @writes
    def retry_operation(self, connection: Connection, letter_id: str, *, by: str = UNNAMED) -> int:
        """Send a dead operation again, with the same bytes and key; gives how many go on that waited for it.

        Raises NoSuchDeadLetter, CannotBeDone.
        """
        dead, at = self._found(connection, letter_id)
        released = repair.retry_operation(connection, letter_id, at)
        interventions.note(connection, by, "dead retry", letter_id, at.now, reason=dead.letter.reason)
        return released

    @writes
    def edit_operation(self, connection: Connection, letter_id: str, request: bytes, *, by: str = UNNAMED) -> int:
        """Send a dead operation with another request, under a key of its own; gives and raises as `retry_operation`."""
        dead, at = self._found(connection, letter_id)
        released = repair.edit_operation(connection, letter_id, request, at)
        stored = dead_letters.request_of(connection, letter_id)
        digests = {"old": hashlib.sha256(dead.body).hexdigest(), "new": hashlib.sha256(stored).hexdigest()}
        interventions.note(connection, by, "dead edit", letter_id, at.now, reason=dead.letter.reason, **digests)
        return released

    @writes
    def bind(
        self, connection: Connection, letter_id: str, ticket_id: str, status: TicketStatus | None, *, by: str = UNNAMED
    ) -> int:
        """Let an existing ticket be the one that a dead operation is about; gives how many operations go on with it.

        Raises NoSuchDeadLetter, CannotBeDone.
        """
        dead, at = self._found(connection, letter_id)
        going_on = repair.bind(connection, letter_id, ticket_id, status, at)
        detail = {"ticket": ticket_id, "status": status, "reason": dead.letter.reason}
        interventions.note(connection, by, "dead bind", letter_id, at.now, **detail)
        return going_on

    @writes
    def skip(self, connection: Connection, letter_id: str, why: str, *, by: str = UNNAMED) -> int:
        """Give up a dead letter; gives how many operations went with it. Raises NoSuchDeadLetter."""
        dead, at = self._found(connection, letter_id)
        if letter_id.startswith("in-"):
            repair.skip_delivery(connection, letter_id, why)
            skipped = 0
        else:
            skipped = repair.skip_operation(connection, letter_id, why, at)
        interventions.note(connection, by, "dead skip", letter_id, at.now, why=why, reason=dead.letter.reason)
        return skipped

    @writes
    def mark_restored(self, connection: Connection, *, by: str = UNNAMED) -> int:
        """This ledger comes from a backup: whatever is unfinished may have happened; gives the number of operations.

        Nothing is sent for a lease and a ghost wait. No other process may use the ledger meanwhile.
        """
        self.rules.forget_facts()
        now = self.database.now(connection)
        marked = restoring.mark_restored(connection, now, self.rules.all_gone)
        interventions.note(connection, by, "db restored", LEDGER, now, operations=marked)
        return marked

    def _found(self, connection: Connection, letter_id: str) -> tuple[DeadLetterInFull, repair.At]:
        dead = dead_letters.show_dead(connection, letter_id)
        return dead, repair.At(self.database.now(connection), self.rules.ghost_wait, self.rules.key_window)
