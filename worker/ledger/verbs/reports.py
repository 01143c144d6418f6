"""The verbs of status and health: count the contents of the ledger, and note the alarms that are up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from worker.ledger.queue import undelivered
from worker.ledger.reports import flow, overview
from worker.ledger.reports.overview import Overview
from worker.ledger.upkeep import standing_alarms
from worker.ledger.verbs.rules import StandingRules
from worker.ledger.verbs.transaction import Verbs, at_now, plain, reads

NOTE_PATIENCE_S = 1.0  # for SQLite's lock: the next look notes the same alarms


class ReportVerbs(Verbs):
    """Report on the ledger and its sources."""

    rules: StandingRules

    list_sources = reads(plain(overview.activity))
    knows_source = reads(plain(overview.knows_source))
    find = reads(plain(overview.find))

    alarms_on_record = reads(at_now(standing_alarms.read))

    def note_alarms(self, up: Mapping[str, str], watched: timedelta = standing_alarms.HOLD) -> None:
        """Write the alarms that are up now, each with its text. `watched`: for how long this process has looked."""
        with self.database.write(NOTE_PATIENCE_S) as connection:
            standing_alarms.note(self.database, connection, up, watched)

    def overview(self, *, in_full: bool = False) -> Overview:
        """Return the overview.

        `in_full` checks for a full disk also where that needs a trial write, and tells why each operation waits, how
        the last hour went, and what each process holds.
        """
        full = self.database.room.problem(look=in_full)
        with self.database.read() as connection:
            now = self.database.now(connection)
            found = replace(overview.overview(connection, now, self.rules.ghost_wait, in_full=in_full), full=full)
            if not in_full:
                return found
            waits = undelivered.by_reason(connection, now, self.rules.ghost_wait, self.rules.all_gone)
            return replace(found, undelivered=waits, flow=flow.last_hour(connection, now))
