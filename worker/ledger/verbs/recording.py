"""The verbs of intake and replay: record deliveries and plan their operations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from worker.ledger.engine.database import PATIENCE_S
from worker.ledger.operator import audit, dead_letters, interventions
from worker.ledger.operator.audit import Finding
from worker.ledger.operator.interventions import UNNAMED
from worker.ledger.queue import clock_jumps
from worker.ledger.queue.clock_jumps import ClockWatch
from worker.ledger.recording import planning, recorder, replays, waiting
from worker.ledger.recording.load import BeginAgain
from worker.ledger.recording.recorder import Delivery, Recorded
from worker.ledger.recording.replays import Again, Span, Stored
from worker.ledger.verbs.rules import StandingRules
from worker.ledger.verbs.transaction import Verbs, reads, writes
from worker.planning.arrival import Rules
from worker.planning.model import Kind

T = TypeVar("T")


class _Undo(Exception):
    """Rolls back a transaction that only showed its result."""


class RecordingVerbs(Verbs):
    """Record deliveries, and plan their operations."""

    rules: StandingRules

    def record(
        self, deliveries: Sequence[Delivery], patience: float = PATIENCE_S
    ) -> tuple[list[Recorded], frozenset[Kind]]:
        """Record deliveries with their plans, in one transaction: all of them, or none.

        Returns the result of each delivery, in order, and the kinds of operation that became due. `patience` is how
        many seconds it waits for SQLite's lock.
        """
        return self._plan(
            lambda connection, rules, also_lock: recorder.record(
                self.database, connection, deliveries, rules, also_lock
            ),
            patience,
        )

    def read_again(
        self, delivery: Delivery, dead_letter_id: str, *, by: str = UNNAMED, other_settings: Sequence[str] = ()
    ) -> Recorded:
        """Plan a quarantined delivery again, as it is read today.

        `other_settings`, here and below: the settings that the live processes have otherwise, for the record.
        """

        def act(connection: Connection, rules: Rules, also_lock: frozenset[int]) -> Recorded:
            before = dead_letters.show_dead(connection, dead_letter_id).dead_letter
            (recorded,), _ = recorder.record(self.database, connection, [delivery], rules, also_lock)
            planned = sum(len(effect.operations) for effect in recorded.effects)
            interventions.note(
                connection, by, "dead retry", dead_letter_id, rules.now, reason=before.reason,
                outcome=recorded.outcome, operations=planned, other_settings=list(other_settings) or None,
            )  # fmt: skip
            return recorded

        return self._plan(act)

    def replay(
        self, again: Sequence[Again], *, by: str = UNNAMED, dry_run: bool = False, other_settings: Sequence[str] = ()
    ) -> list[Recorded]:
        """Plan stored deliveries as they are read today, in one transaction; with `dry_run`, roll it back."""
        shown: list[Recorded] = []

        def act(connection: Connection, rules: Rules, also_lock: frozenset[int]) -> list[Recorded]:
            recorded = replays.replay(self.database, connection, again, rules, also_lock)
            for each in recorded:
                if planned := sum(len(effect.operations) for effect in each.effects):
                    subject = f"in-{each.inbound_id}"
                    detail = {"operations": planned, "other_settings": list(other_settings) or None}
                    interventions.note(connection, by, "replay", subject, rules.now, **detail)
            if dry_run:
                shown[:] = recorded
                raise _Undo
            return recorded

        try:
            return self._plan(act)
        except _Undo:
            return shown

    def update_tickets(
        self, found: Sequence[tuple[Finding, Delivery]], *, by: str = UNNAMED, other_settings: Sequence[str] = ()
    ) -> list[Finding]:
        """Record the deliveries made from an audit's findings, in one transaction; returns the recorded findings."""
        findings, deliveries = [each for each, _ in found], [each for _, each in found]

        def act(connection: Connection, rules: Rules, also_lock: frozenset[int]) -> list[Finding]:
            recorded, _ = recorder.record(self.database, connection, deliveries, rules, also_lock)
            return audit.note_updates(connection, findings, recorded, by, rules.now, other_settings)

        return self._plan(act)

    def _plan(self, act: Callable[[Connection, Rules, frozenset[int]], T], patience: float = PATIENCE_S) -> T:
        """Run `act` in a transaction that plans; begin it again if another process changed the ledger meanwhile."""
        also_lock: frozenset[int] = frozenset()
        collided = False
        while True:
            try:
                with self.database.write(patience) as connection:
                    return act(connection, self.rules.read(self.database, connection), also_lock)
            except BeginAgain as again:
                also_lock |= again.ids
            except IntegrityError:
                # Another process recorded one of the messages in a new case at this moment. The next try sees that
                # case.
                if collided:
                    raise
                collided = True

    @writes
    def pair_waiting(self, connection: Connection, watch: ClockWatch | None = None) -> frozenset[Kind]:
        """Plan comments with a case that is known by now, drop expired ones; returns the kinds that are due.

        With the `watch` of this process, none is dropped by a clock that was set since its last look.
        """
        rules = self.rules.read(self.database, connection)
        if watch is None:
            waiting.drop_expired(connection, rules.now)
        elif watch.look(reading := clock_jumps.read(self.database, connection, watch.clock)) is None:
            waiting.drop_expired(connection, reading.now)
        return planning.pair_known(self.database, connection, rules)

    @reads
    def stored_deliveries(
        self, connection: Connection, *, since: datetime, source: str | None, after: int, limit: int
    ) -> list[Stored]:
        """Return the next deliveries since then, in the order of arrival, beginning after number `after`."""
        connection.execution_options(postgresql_readonly=True)
        return replays.stored(connection, since=since, source=source, after=after, limit=limit)

    @reads
    def stored_span(self, connection: Connection, *, since: datetime, source: str | None, after: int = 0) -> Span:
        """Return how many deliveries `stored_deliveries` gives, and after which number they begin."""
        return replays.span(connection, since=since, source=source, after=after)
