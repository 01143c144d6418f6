"""The verbs of status and health: count the contents of the ledger."""

from __future__ import annotations

from dataclasses import replace

from worker.ledger.reports import overview
from worker.ledger.reports.overview import Overview
from worker.ledger.verbs.transaction import Verbs, plain, reads


class ReportVerbs(Verbs):
    """Report on the ledger and its sources."""

    list_sources = reads(plain(overview.activity))
    knows_source = reads(plain(overview.knows_source))
    find = reads(plain(overview.find))

    def overview(self, *, look_for_room: bool = False) -> Overview:
        """Return the overview; `look_for_room` checks for a full disk also where that needs a trial write."""
        full = self.database.room.problem(look=look_for_room)
        with self.database.read() as connection:
            return replace(overview.overview(connection, self.database.now(connection)), full=full)
