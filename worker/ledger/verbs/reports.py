"""The verbs of status and health: count the contents of the ledger."""

from __future__ import annotations

from dataclasses import replace

from worker.ledger.queue import undelivered
from worker.ledger.reports import overview
from worker.ledger.reports.overview import Overview
from worker.ledger.verbs.rules import StandingRules
from worker.ledger.verbs.transaction import Verbs, plain, reads


class ReportVerbs(Verbs):
    """Report on the ledger and its sources."""

    rules: StandingRules

    list_sources = reads(plain(overview.activity))
    knows_source = reads(plain(overview.knows_source))
    find = reads(plain(overview.find))

    def overview(self, *, in_full: bool = False) -> Overview:
        """Return the overview.

        `in_full` checks for a full disk also where that needs a trial write, and tells why each operation waits.
        """
        full = self.database.room.problem(look=in_full)
        with self.database.read() as connection:
            now = self.database.now(connection)
            found = replace(overview.overview(connection, now, self.rules.ghost_wait), full=full)
            if not in_full:
                return found
            waits = undelivered.by_reason(connection, now, self.rules.ghost_wait, self.rules.all_gone)
            return replace(found, undelivered=waits)
