"""The verbs of jobs: find due jobs, read what they need, and record their results."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from sqlalchemy import Connection

from connectors.contract.calls import CallLater, CallRejected, CallUnknown
from connectors.contract.receipts import Outcome, Posted
from worker.ledger import receipts
from worker.ledger.queue import clock_mending, spare, tickets
from worker.ledger.receipts import Receipt
from worker.ledger.recording import aliases
from worker.ledger.reports import watching
from worker.ledger.reports.watching import OpenSubject
from worker.ledger.sources import directory, jobs
from worker.ledger.upkeep import standing_alarms, titles
from worker.ledger.verbs.transaction import Verbs, at_now, plain, reads, with_database, writes
from worker.ledger.verbs.upkeep import Upkeep


class JobStore(Verbs):
    """The job store: everything that jobs read and write in the ledger."""

    plan = writes(with_database(jobs.plan))
    take = writes(at_now(jobs.take))
    finish = writes(at_now(jobs.finish))
    fail = writes(at_now(jobs.fail))

    open_subjects = reads(plain(watching.open_subjects))
    opened_subjects = reads(plain(watching.opened_subjects))
    known = reads(plain(watching.known))
    opening_of = reads(plain(watching.opening_of))
    heard_since = reads(plain(watching.heard_since))

    display_names = reads(plain(directory.names))
    keep_display_names = writes(at_now(directory.keep))
    forget_display_names = writes(plain(directory.forget))

    ticket_to_look_at = reads(plain(watching.ticket_to_look_at))
    is_news = reads(plain(tickets.is_news))
    note_look = writes(plain(watching.note_look))
    fill_titles = writes(plain(titles.fill))
    take_spare_token = writes(with_database(spare.take_spare_token))

    def mend_clock(self, longest_wait: timedelta, ghost_wait: timedelta) -> int:
        """Mend times after the ledger's clock was set back; returns the number of cases that waited for too long."""
        return clock_mending.mend(self.database, longest_wait, ghost_wait)

    @property
    def upkeep(self) -> Upkeep:
        """The verbs of upkeep, for the job that prunes."""
        return Upkeep(self.database)

    alarms_on_record = reads(at_now(standing_alarms.read))

    @writes
    def expired(self, connection: Connection, source: str, *, for_: timedelta, limit: int) -> list[OpenSubject]:
        """Return the open subjects that the source has not reported for so long; the longest silence first."""
        now = self.database.now(connection)
        watching.begin_to_hear(connection, source, now)
        return watching.unheard(connection, source, before=now - for_, limit=limit)

    @reads
    def aliases_of_cases(self, connection: Connection, source: str, names: Collection[str]) -> frozenset[str]:
        """Return those of the names that are aliases of a case of the source."""
        return frozenset(alias for _, alias in aliases.read(connection, {(source, each) for each in names}))

    @writes
    def claim_receipts(self, connection: Connection, source: str, *, lease: timedelta, limit: int) -> list[Receipt]:
        """Lease due receipts of the source."""
        return receipts.claim(connection, source, now=self.database.now(connection), lease=lease, limit=limit)

    @writes
    def settle_receipt(self, connection: Connection, receipt: Receipt, outcome: Outcome, *, repeatable: bool) -> bool:
        """Record the outcome of a receipt; False if its lease had passed to another worker.

        A post with an unknown end is tried again only if it is `repeatable`.
        """
        now = self.database.now(connection)
        match outcome:
            case Posted(place, names):
                ours = {(receipt.source, name): receipt.case_id for name in names}
                aliases.register(self.database, connection, ours)
                return receipts.posted(connection, receipt, place, now=now)
            case CallRejected(reason):
                return receipts.bury(connection, receipt, reason)
            case CallUnknown(reason) if not repeatable:
                return receipts.bury(connection, receipt, f"it may have been told: {reason}")
            case CallUnknown(reason):
                pause = receipts.backoff(receipt.attempts)
                return receipts.later(connection, receipt, reason, at=now + pause)
            case CallLater(seconds, reason):
                pause = receipts.backoff(receipt.attempts) if seconds is None else timedelta(seconds=seconds)
                return receipts.later(connection, receipt, reason, at=now + pause)
