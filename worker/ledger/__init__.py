"""The ledger: the truth about every message, and the only writer of it.

`Ledger` gives each verb its transaction; what the verbs do stands in `custody` (deliveries and plans), `claims` and
`settles` (delivery), `gates` (what holds it up), `repair` (what a person does) and `overview` (what there is).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection
from sqlalchemy.exc import DataError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from connectors.base import Inbound
from tickets.models import Revision
from worker.ledger import claims, custody, facts, gates, letters, overview, planning, repair, settles, spending, waiting
from worker.ledger.budget import Limits
from worker.ledger.claims import Claim, Claimed, Mode, Terms
from worker.ledger.custody import QUARANTINED, Delivery, Recorded
from worker.ledger.database import Clock, Database
from worker.ledger.facts import Facts
from worker.ledger.gates import CloseGate, Pause
from worker.ledger.letters import DeadLetter, DeadLetterInFull, NoSuchDeadLetter
from worker.ledger.overview import Alarm, CaseStory, Overview
from worker.ledger.planning import BeginAgain, Rules
from worker.ledger.repair import CannotBeDone
from worker.ledger.room import says_full
from worker.ledger.settles import Settlement
from worker.ledger.spending import Spending
from worker.lifecycle import Kind, Policy
from worker.settings import Settings, TimingSettings

__all__ = [
    "QUARANTINED",
    "Alarm",
    "CannotBeDone",
    "CaseStory",
    "Claim",
    "Claimed",
    "Clock",
    "CloseGate",
    "DeadLetter",
    "DeadLetterInFull",
    "Delivery",
    "Ledger",
    "LedgerAway",
    "Limits",
    "Mode",
    "NoSuchDeadLetter",
    "Overview",
    "Pause",
    "Recorded",
    "Settlement",
    "Spending",
    "Terms",
    "open_ledger",
    "policy_of",
    "rejects_the_values",
    "says_full",
]

# What SQLAlchemy raises when the database does not answer, refuses or has no room; the caller tries again later.
LedgerAway = (OperationalError, PoolTimeout)


class Ledger:
    """The verbs, each in a transaction of its own. Raises one of `LedgerAway` when the database cannot be used."""

    def __init__(
        self,
        url: str,
        *,
        policy: Policy | None = None,
        revision: Revision = "A",
        timing: TimingSettings | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.database = Database(url, clock)
        self._policy = policy or Policy()
        self._revision = revision
        self._ghost_wait = timedelta(seconds=(timing or TimingSettings()).ghost_wait)
        self._facts: Facts | None = None

    def upgrade(self) -> None:
        """Bring the tables to this version's shape."""
        self.database.upgrade()
        with self.database.write() as connection:
            gates.ensure_gate(self.database, connection)
            facts.ensure(self.database, connection)

    def is_current(self) -> bool:
        """True when the tables are there, in this version's shape."""
        return self.database.is_current()

    def is_usable(self) -> bool:
        """True when the tables are there, in this version's shape or a later one's."""
        return self.database.is_usable()

    def close(self) -> None:
        self.database.close()

    def record(self, deliveries: Sequence[Delivery]) -> tuple[list[Recorded], frozenset[Kind]]:
        """Take deliveries into custody with their plans, in one transaction: all of them, or none.

        Gives what became of each, in order, and the kinds of operation that became due.
        """
        also_lock: frozenset[int] = frozenset()
        collided = False
        while True:
            try:
                with self.database.write() as connection:
                    return custody.record(self.database, connection, deliveries, self._rules(connection), also_lock)
            except BeginAgain as again:
                also_lock |= again.ids
            except IntegrityError:
                # Another process recorded one of the messages in a case of its own, at this moment: now it is seen.
                if collided:
                    raise
                collided = True

    def pair_waiting(self) -> frozenset[Kind]:
        """Plan comments whose case is known by now, drop those that waited in vain; gives the kinds that are due."""
        with self.database.write() as connection:
            rules = self._rules(connection)
            waiting.drop_expired(connection, rules.now)
            return planning.pair_known(self.database, connection, rules)

    def _rules(self, connection: Connection) -> Rules:
        if self._facts is None:
            self._facts = facts.read(connection)
        now = self.database.now(connection)
        return Rules(self._policy, self._revision, self._facts.marker_key, now, self._facts.restored_at)

    def claim(
        self,
        kind: Kind | None,
        *,
        limit: int,
        owner: str,
        terms: Terms,
        clock: Callable[[], float] = time.monotonic,
    ) -> Claimed:
        """Lease up to `limit` operations of this kind (None: of any), the best first, as far as the budget goes.

        `clock` counts seconds; it tells when the tokens were counted.
        """
        with self.database.write() as connection:
            return claims.claim(self.database, connection, kind, limit=limit, owner=owner, terms=terms, clock=clock)

    def settle(self, settled: Sequence[tuple[Claim, Settlement]]) -> tuple[list[Claim], frozenset[Kind]]:
        """Record outcomes; gives the claims that were no longer ours, and the kinds that are due now."""
        with self.database.write() as connection:
            return settles.settle(self.database, connection, settled, self.database.now(connection))

    def take_back(self, ghost_wait: timedelta, *, all_owners_gone: bool = False) -> int:
        """End the leases that have expired (or all); gives their number."""
        with self.database.write() as connection:
            now = self.database.now(connection)
            return claims.take_back(connection, now, ghost_wait, all_owners_gone=all_owners_gone)

    def due_kinds(self) -> frozenset[Kind]:
        """The kinds that have work to do now."""
        with self.database.read() as connection:
            return claims.due_kinds(connection, self.database.now(connection))

    def now(self) -> datetime:
        with self.database.read() as connection:
            return self.database.now(connection)

    def list_dead(self) -> list[DeadLetter]:
        with self.database.read() as connection:
            return letters.list_dead(connection)

    def show_dead(self, letter_id: str) -> DeadLetterInFull:
        """Raises NoSuchDeadLetter."""
        with self.database.read() as connection:
            return letters.show_dead(connection, letter_id)

    def quarantined_delivery(self, letter_id: str) -> tuple[int, Inbound] | None:
        """Number and delivery of a quarantined one, None when the id names an operation. Raises NoSuchDeadLetter."""
        with self.database.read() as connection:
            return letters.quarantined_delivery(connection, letter_id)

    def retry_operation(self, letter_id: str) -> None:
        """Send a dead operation again, with the same bytes and key. Raises NoSuchDeadLetter, CannotBeDone."""
        with self.database.write() as connection:
            repair.retry_operation(connection, letter_id, self._repairs(connection))

    def edit_operation(self, letter_id: str, request: bytes) -> None:
        """Send a dead operation with another request, under a key of its own. Raises as `retry_operation`."""
        with self.database.write() as connection:
            repair.edit_operation(connection, letter_id, request, self._repairs(connection))

    def bind(self, letter_id: str, ticket_id: str, status: str | None) -> int:
        """Let an existing ticket be the one that a dead operation is about; gives how many operations go on with it.

        Raises NoSuchDeadLetter, CannotBeDone.
        """
        with self.database.write() as connection:
            rules = self._repairs(connection)
            return repair.bind(self.database, connection, letter_id, ticket_id, status, rules)

    def skip(self, letter_id: str, why: str) -> int:
        """Give up a dead letter; gives how many operations went with it. Raises NoSuchDeadLetter."""
        with self.database.write() as connection:
            if letter_id.startswith("in-"):
                repair.skip_delivery(connection, letter_id, why)
                return 0
            return repair.skip_operation(connection, letter_id, why, self._repairs(connection))

    def _repairs(self, connection: Connection) -> repair.At:
        return repair.At(self.database.now(connection), self._ghost_wait)

    def mark_restored(self) -> int:
        """This ledger comes from a backup: whatever is unfinished may have happened; gives the number of operations.

        No other process may use the ledger meanwhile.
        """
        with self.database.write() as connection:
            self._facts = None
            return facts.mark_restored(connection, self._repairs(connection).now, self._ghost_wait)

    def pause(self, scope: str, why: str) -> bool:
        """Send nothing of this source, or of any (`*`); False when that was so already."""
        with self.database.write() as connection:
            return gates.pause(self.database, connection, scope, why, self.database.now(connection))

    def resume(self, scope: str) -> bool:
        """End a pause; False when there was none."""
        with self.database.write() as connection:
            return gates.resume(connection, scope)

    def note_ticket(self, ticket_id: str, status: str, at: datetime, *, reopened_by_person: bool = False) -> bool:
        """Record what a ticket's state is, as the Tickets API tells; False when the ticket is none of ours."""
        with self.database.write() as connection:
            return settles.note_ticket(connection, ticket_id, status, at, reopened_by_person=reopened_by_person)

    def overview(self, *, look_for_room: bool = False) -> Overview:
        """What there is; `look_for_room` finds out whether the disk is full where that has to be tried."""
        full = self.database.room.problem(look=look_for_room)
        with self.database.read() as connection:
            return replace(overview.overview(connection, self.database.now(connection)), full=full)

    def spending(self) -> Spending:
        """What the budget was spent on, and what waits for it."""
        with self.database.read() as connection:
            return spending.spending(connection, self.database.now(connection))

    def find(self, name: str) -> list[CaseStory]:
        """The cases of a source message id, a case key or a ticket id."""
        with self.database.read() as connection:
            return overview.find(connection, name)


def open_ledger(settings: Settings) -> Ledger:
    """The ledger that the settings name."""
    return Ledger(
        settings.ledger.url,
        policy=policy_of(settings),
        revision=settings.api.revision,
        timing=settings.timing,
    )


def policy_of(settings: Settings) -> Policy:
    """What the lifecycle does where users may choose."""
    chosen = settings.policy
    return Policy(timedelta(seconds=chosen.reopen_window), chosen.note_on_change, timedelta(seconds=chosen.damping))


def rejects_the_values(error: BaseException) -> bool:
    """True when the database refused what was to be written, and not because it is away."""
    return isinstance(error, DataError | IntegrityError)
