"""The verbs of operators: repair dead letters, audit against the Tickets API, and mark a restored ledger."""

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
    """Actions of people. Each is noted as an intervention of `by`."""

    rules: StandingRules

    list_dead = reads(plain(dead_letters.list_dead))
    show_dead = reads(plain(dead_letters.show_dead))
    quarantined_delivery = reads(plain(dead_letters.quarantined_delivery))
    audited = reads(at_now(audit.read))
    list_interventions = reads(plain(interventions.latest))

    @writes
    def retry_operation(self, connection: Connection, dead_letter_id: str, *, by: str = UNNAMED) -> int:
        """Have a dead operation sent again with the same bytes and key; returns how many waiting operations go on.

        Raises NoSuchDeadLetter, CannotBeDone.
        """
        dead, at = self._found(connection, dead_letter_id)
        released = repair.retry_operation(connection, dead_letter_id, at)
        interventions.note(connection, by, "dead retry", dead_letter_id, at.now, reason=dead.dead_letter.reason)
        return released

    @writes
    def edit_operation(self, connection: Connection, dead_letter_id: str, request: bytes, *, by: str = UNNAMED) -> int:
        """Have a dead operation sent with another request and key; returns and raises like `retry_operation`."""
        dead, at = self._found(connection, dead_letter_id)
        released = repair.edit_operation(connection, dead_letter_id, request, at)
        stored = dead_letters.request_of(connection, dead_letter_id)
        digests = {"old": hashlib.sha256(dead.body).hexdigest(), "new": hashlib.sha256(stored).hexdigest()}
        interventions.note(
            connection, by, "dead edit", dead_letter_id, at.now, reason=dead.dead_letter.reason, **digests
        )
        return released

    @writes
    def bind(
        self,
        connection: Connection,
        dead_letter_id: str,
        ticket_id: str,
        status: TicketStatus | None,
        *,
        by: str = UNNAMED,
    ) -> int:
        """Bind an existing ticket to a dead operation; returns how many operations go on with it.

        Raises NoSuchDeadLetter, CannotBeDone.
        """
        dead, at = self._found(connection, dead_letter_id)
        going_on = repair.bind(connection, dead_letter_id, ticket_id, status, at)
        detail = {"ticket": ticket_id, "status": status, "reason": dead.dead_letter.reason}
        interventions.note(connection, by, "dead bind", dead_letter_id, at.now, **detail)
        return going_on

    @writes
    def skip(self, connection: Connection, dead_letter_id: str, why: str, *, by: str = UNNAMED) -> int:
        """Give up a dead letter; returns how many operations went with it. Raises NoSuchDeadLetter."""
        dead, at = self._found(connection, dead_letter_id)
        if dead_letter_id.startswith("in-"):
            repair.skip_delivery(connection, dead_letter_id, why)
            skipped = 0
        else:
            skipped = repair.skip_operation(connection, dead_letter_id, why, at)
        interventions.note(connection, by, "dead skip", dead_letter_id, at.now, why=why, reason=dead.dead_letter.reason)
        return skipped

    @writes
    def mark_restored(self, connection: Connection, *, by: str = UNNAMED) -> int:
        """Mark this ledger as restored from a backup; returns the number of unfinished operations.

        Each of these may have been executed already. Nothing is sent for a lease and a ghost wait. No other process may
        use the ledger meanwhile.
        """
        self.rules.forget_facts()
        now = self.database.now(connection)
        marked = restoring.mark_restored(connection, now, self.rules.all_gone)
        interventions.note(connection, by, "db restored", LEDGER, now, operations=marked)
        return marked

    def _found(self, connection: Connection, dead_letter_id: str) -> tuple[DeadLetterInFull, repair.At]:
        dead = dead_letters.show_dead(connection, dead_letter_id)
        return dead, repair.At(self.database.now(connection), self.rules.ghost_wait, self.rules.key_window)
