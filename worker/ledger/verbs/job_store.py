"""What do jobs ask of the ledger, and record there? Each verb in a transaction of its own, as those of `Ledger`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from connectors.contract.calls import Later, Refused, Unclear
from connectors.contract.events import TicketChanged
from connectors.contract.messages import Inbound
from connectors.contract.receipts import Outcome, Told
from worker.ledger import receipts
from worker.ledger.engine.database import Database
from worker.ledger.queue import spare, tickets
from worker.ledger.queue.budget import Limits
from worker.ledger.receipts import Receipt
from worker.ledger.recording import aliases
from worker.ledger.reports import watching
from worker.ledger.reports.watching import OpenSubject, OpenTicket
from worker.ledger.sources import directory, jobs
from worker.ledger.sources.jobs import Job


class Errands:
    """The verbs of jobs. Raises one of `LedgerAway` when the database cannot be used."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def plan(self, names: Collection[str]) -> None:
        """Let jobs be known; those that are new are due at once."""
        with self._database.write() as connection:
            jobs.plan(self._database, connection, names, self._database.now(connection))

    def take(self, names: Collection[str], *, owner: str, lease: timedelta) -> tuple[Job, datetime] | None:
        """A job that is due and the time of the ledger; None where there is none."""
        with self._database.write() as connection:
            now = self._database.now(connection)
            job = jobs.take(connection, names, owner=owner, now=now, lease=lease)
            return None if job is None else (job, now)

    def finish(self, job: Job, state: dict[str, Any], *, after: timedelta) -> bool:
        """Record a run that succeeded, and when the next one is due; False where the job was taken over."""
        with self._database.write() as connection:
            now = self._database.now(connection)
            return jobs.finish(connection, job, state, now=now, again=now + after)

    def fail(self, job: Job, error: str, state: dict[str, Any], *, after: timedelta) -> bool:
        """Record a run that failed, and what it remembers all the same; False where the job was taken over."""
        with self._database.write() as connection:
            now = self._database.now(connection)
            return jobs.fail(connection, job, error, state, now=now, again=now + after)

    def open_subjects(self, source: str, *, after: str = "", limit: int) -> list[OpenSubject]:
        """What the source has opened and not ended, by key, those after this key."""
        with self._database.read() as connection:
            return watching.open_subjects(connection, source, after=after, limit=limit)

    def opened_subjects(self, source: str, *, since: datetime, limit: int) -> list[str]:
        """The keys of the cases that the source opened since then and has not ended, the latest first."""
        with self._database.read() as connection:
            return watching.opened_subjects(connection, source, since=since, limit=limit)

    def expired(self, source: str, *, for_: timedelta, limit: int) -> list[OpenSubject]:
        """Of what is open, what the source did not tell of for so long; the longest first."""
        with self._database.write() as connection:
            now = self._database.now(connection)
            watching.begin_to_hear(connection, source, now)
            return watching.unheard(connection, source, before=now - for_, limit=limit)

    def known(self, source: str, messages: Collection[str]) -> frozenset[str]:
        """Those of the source message ids that are known."""
        with self._database.read() as connection:
            return watching.known(connection, source, messages)

    def case_names(self, source: str, names: Collection[str]) -> frozenset[str]:
        """Those of the names under which a case of the source is known."""
        with self._database.read() as connection:
            return frozenset(alias for _, alias in aliases.read(connection, {(source, each) for each in names}))

    def names(self, source: str, ids: Collection[str]) -> dict[str, str]:
        """What users and channels of the source are called, by id; those that are known."""
        with self._database.read() as connection:
            return directory.names(connection, source, ids)

    def keep_names(self, source: str, told: Mapping[str, str]) -> None:
        """They are called so now."""
        with self._database.write() as connection:
            directory.keep(connection, source, told, self._database.now(connection))

    def forget_names(self, source: str, *, before: datetime) -> None:
        """Forget those that were told last before then."""
        with self._database.write() as connection:
            directory.forget(connection, source, before=before)

    def opening_of(self, case_id: int) -> Inbound | None:
        """The delivery that opened a case; None where it was not one, or is not kept any more."""
        with self._database.read() as connection:
            return watching.opening_of(connection, case_id)

    def heard_since(self, source: str, after: int) -> tuple[int, datetime | None]:
        """The latest number of a delivery; when the source sent its latest among those after number `after`."""
        with self._database.read() as connection:
            return watching.heard_since(connection, source, after)

    def ticket_to_look_at(self, *, before: datetime) -> OpenTicket | None:
        """The ticket that was looked at longest ago, and before then, of what goes on or will not be fixed."""
        with self._database.read() as connection:
            return watching.ticket_to_look_at(connection, before=before)

    def is_news(self, event: TicketChanged) -> bool:
        """True where something would be recorded of what it tells."""
        with self._database.read() as connection:
            return tickets.is_news(connection, event)

    def note_look(self, ticket_id: str, at: datetime) -> None:
        """It was looked at."""
        with self._database.write() as connection:
            watching.note_look(connection, ticket_id, at)

    def take_spare_token(self, limits: Limits) -> bool:
        """Take a token of the budget for a question that can wait; False while delivery needs them."""
        with self._database.write() as connection:
            return spare.take_spare_token(self._database, connection, limits)

    def claim_receipts(self, source: str, *, lease: timedelta, limit: int) -> list[Receipt]:
        """Lease receipts of the source that are due."""
        with self._database.write() as connection:
            now = self._database.now(connection)
            return receipts.claim(connection, source, now=now, lease=lease, limit=limit)

    def settle_receipt(self, receipt: Receipt, outcome: Outcome, *, repeatable: bool) -> bool:
        """Record what became of a receipt; False where its lease had passed to somebody else.

        Where nobody knows the end, it is tried again only if it is `repeatable`.
        """
        with self._database.write() as connection:
            now = self._database.now(connection)
            match outcome:
                case Told(place, names):
                    ours = {(receipt.source, name): receipt.case_id for name in names}
                    aliases.register(self._database, connection, ours)
                    return receipts.told(connection, receipt, place, now=now)
                case Refused(reason):
                    return receipts.bury(connection, receipt, reason)
                case Unclear(reason) if not repeatable:
                    return receipts.bury(connection, receipt, f"it may have been told: {reason}")
                case Unclear(reason):
                    pause = receipts.backoff(receipt.attempts)
                    return receipts.later(connection, receipt, reason, at=now + pause)
                case Later(seconds, reason):
                    pause = receipts.backoff(receipt.attempts) if seconds is None else timedelta(seconds=seconds)
                    return receipts.later(connection, receipt, reason, at=now + pause)
