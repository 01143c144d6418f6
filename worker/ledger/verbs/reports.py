"""The verbs of status and health: they count what the ledger holds."""

from __future__ import annotations

from dataclasses import replace

from worker.ledger.reports import overview
from worker.ledger.reports.overview import Overview
from worker.ledger.verbs.transaction import Verbs, plain, reads


class ReportVerbs(Verbs):
    """Say how the ledger and its sources are."""

    list_sources = reads(plain(overview.activity))
    knows_source = reads(plain(overview.knows_source))
    find = reads(plain(overview.find))

    def overview(self, *, look_for_room: bool = False) -> Overview:
        """What there is; `look_for_room` finds out whether the disk is full where that has to be tried."""
        full = self.database.room.problem(look=look_for_room)
        with self.database.read() as connection:
            return replace(overview.overview(connection, self.database.now(connection)), full=full)
