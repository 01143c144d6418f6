"""The ledger: the truth about every message, and the only writer of it.

`Ledger` gives each verb its transaction; what the verbs do stands in `custody` (deliveries and plans), `claims` and
`settles` (delivery), `gates` (what holds it up), `repair` (what a person does) and `overview` (what there is).
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DataError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from connectors.contract.events import TicketStatus
from connectors.contract.messages import Inbound
from tickets.models import Revision
from worker.ledger import receipts
from worker.ledger.engine import facts
from worker.ledger.engine.database import Clock, Database
from worker.ledger.engine.facts import Facts
from worker.ledger.engine.room import says_full
from worker.ledger.operator import audit, dead_letters, interventions, repair
from worker.ledger.operator.audit import Finding, LedgerSide
from worker.ledger.operator.dead_letters import DeadLetter, DeadLetterInFull, NoSuchDeadLetter
from worker.ledger.operator.interventions import LEDGER, UNNAMED, Intervention
from worker.ledger.operator.repair import CannotBeDone
from worker.ledger.queue import claims, gates, settles, spare, spending
from worker.ledger.queue.budget import Limits
from worker.ledger.queue.claim import Claim, Claimed, Mode, Terms
from worker.ledger.queue.gates import EVERYTHING, CloseGate, Pause
from worker.ledger.queue.settles import Settlement
from worker.ledger.queue.spending import Spending
from worker.ledger.recording import group_members, planning, recorder, replays, restoring, waiting
from worker.ledger.recording.load import BeginAgain
from worker.ledger.recording.recorder import Delivery, Recorded, UidPlace
from worker.ledger.recording.replays import Again, Span, Stored
from worker.ledger.reports import overview
from worker.ledger.reports.overview import Alarm, CaseStory, Overview, SourceActivity
from worker.ledger.schema.words import QUARANTINED
from worker.ledger.sources.mailboxes import Mailbox, Mailboxes, MailboxState
from worker.ledger.verbs.job_store import Errands
from worker.ledger.verbs.reading import Reading
from worker.ledger.verbs.upkeep import Upkeep
from worker.planning.arrival import Rules
from worker.planning.model import Kind, Policy
from worker.routing import default_policy, may_answer, may_damp, may_group
from worker.settings import Settings, TimingSettings

__all__ = [
    "EVERYTHING",
    "QUARANTINED",
    "Again",
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
    "Finding",
    "Intervention",
    "Ledger",
    "LedgerAway",
    "LedgerSide",
    "Limits",
    "Mailbox",
    "MailboxState",
    "Mailboxes",
    "Mode",
    "NoSuchDeadLetter",
    "Overview",
    "Pause",
    "Recorded",
    "Settlement",
    "SourceActivity",
    "Span",
    "Spending",
    "Stored",
    "Terms",
    "UidPlace",
    "open_ledger",
    "rejects_the_values",
    "says_full",
]

# What SQLAlchemy raises when the database does not answer, refuses or has no room; the caller tries again later.
LedgerAway = (OperationalError, PoolTimeout)

T = TypeVar("T")


class _Undo(Exception):
    """Ends a transaction that was only to show what would be."""


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
        may_damp: bool = False,
        may_group: bool = False,
        may_answer: bool = False,
    ) -> None:
        self.database = Database(url, clock)
        self.reading = Reading(self.database)
        self.upkeep = Upkeep(self.database)
        self.errands = Errands(self.database)
        self.mailboxes = Mailboxes(self.database)
        self._policy = policy or Policy()
        self._may_damp = may_damp
        self._may_group = may_group
        self._may_answer = may_answer
        self._current: Callable[[], Settings] | None = None
        self._revision = revision
        timing = timing or TimingSettings()
        self._ghost_wait = timedelta(seconds=timing.ghost_wait)
        self._key_window = timedelta(seconds=timing.key_window)
        self._all_gone = timedelta(seconds=timing.lease + timing.ghost_wait)
        self._facts: Facts | None = None

    def follow(self, current: Callable[[], Settings]) -> None:
        """Plan from now on by the policy and routes that hold when a transaction begins."""
        self._current = current

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
        return self._plan(
            lambda connection, rules, also_lock: recorder.record(
                self.database, connection, deliveries, rules, also_lock
            )
        )

    def read_again(self, delivery: Delivery, letter_id: str, *, by: str = UNNAMED) -> Recorded:
        """Plan what a delivery from quarantine says today."""

        def act(connection: Connection, rules: Rules, also_lock: frozenset[int]) -> Recorded:
            before = dead_letters.show_dead(connection, letter_id).letter
            (recorded,), _ = recorder.record(self.database, connection, [delivery], rules, also_lock)
            planned = sum(len(effect.operations) for effect in recorded.effects)
            detail = {"reason": before.reason, "outcome": recorded.outcome, "operations": planned}
            interventions.note(connection, by, "dead retry", letter_id, rules.now, **detail)
            return recorded

        return self._plan(act)

    def stored_deliveries(self, *, since: datetime, source: str | None, after: int, limit: int) -> list[Stored]:
        """The next deliveries since then, in the order of arrival, those after number `after`."""
        with self.database.read() as connection:
            connection.execution_options(postgresql_readonly=True)
            return replays.stored(connection, since=since, source=source, after=after, limit=limit)

    def stored_span(self, *, since: datetime, source: str | None, after: int = 0) -> Span:
        """How many deliveries `stored_deliveries` gives, and after which number they begin."""
        with self.database.read() as connection:
            return replays.span(connection, since=since, source=source, after=after)

    def replay(self, again: Sequence[Again], *, by: str = UNNAMED, dry_run: bool = False) -> list[Recorded]:
        """Plan what stored deliveries say today, in one transaction; with `dry_run`, undo that again."""
        shown: list[Recorded] = []

        def act(connection: Connection, rules: Rules, also_lock: frozenset[int]) -> list[Recorded]:
            recorded = replays.replay(self.database, connection, again, rules, also_lock)
            for each in recorded:
                if planned := sum(len(effect.operations) for effect in each.effects):
                    subject = f"in-{each.inbound_id}"
                    interventions.note(connection, by, "replay", subject, rules.now, operations=planned)
            if dry_run:
                shown[:] = recorded
                raise _Undo
            return recorded

        try:
            return self._plan(act)
        except _Undo:
            return shown

    def _plan(self, act: Callable[[Connection, Rules, frozenset[int]], T]) -> T:
        """Do something in a transaction that plans; it is begun again where the ledger moved meanwhile."""
        also_lock: frozenset[int] = frozenset()
        collided = False
        while True:
            try:
                with self.database.write() as connection:
                    return act(connection, self._rules(connection), also_lock)
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
            # Who was in a group once may be in it still, also when nothing is grouped any more.
            self._may_group = self._may_group or group_members.is_any(connection)
        now = self.database.now(connection)
        restored = self._facts.restored_at
        rests_until = None if restored is None else restored + self._all_gone
        key = self._facts.marker_key
        policy = self._policy
        if self._current is not None:
            settings = self._current()
            policy = default_policy(settings.policy)
            # What once may have been damped may still wait, also when nothing is damped any more.
            self._may_damp = self._may_damp or may_damp(settings.policy, settings.routes)
            self._may_group = self._may_group or may_group(settings.policy, settings.routes)
        return Rules(policy, self._revision, key, now, restored, rests_until, self._may_damp, self._may_group)

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
            now = self.database.now(connection)
            stale, due = settles.settle(connection, settled, now)
            if self._may_answer or (self._current is not None and may_answer(self._current().sources)):
                moved = {each.case_id for each, outcome in settled if receipts.moves(each.kind, outcome.state)}
                receipts.notice(connection, moved, now)
            return stale, due

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
            return dead_letters.list_dead(connection)

    def show_dead(self, letter_id: str) -> DeadLetterInFull:
        """Raises NoSuchDeadLetter."""
        with self.database.read() as connection:
            return dead_letters.show_dead(connection, letter_id)

    def quarantined_delivery(self, letter_id: str) -> tuple[int, Inbound] | None:
        """Number and delivery of a quarantined one, None when the id names an operation. Raises NoSuchDeadLetter."""
        with self.database.read() as connection:
            return dead_letters.quarantined_delivery(connection, letter_id)

    def retry_operation(self, letter_id: str, *, by: str = UNNAMED) -> int:
        """Send a dead operation again, with the same bytes and key; gives how many go on that waited for it.

        Raises NoSuchDeadLetter, CannotBeDone.
        """
        with self.database.write() as connection:
            before, at = dead_letters.show_dead(connection, letter_id), self._repairs(connection)
            released = repair.retry_operation(connection, letter_id, at)
            interventions.note(connection, by, "dead retry", letter_id, at.now, reason=before.letter.reason)
            return released

    def edit_operation(self, letter_id: str, request: bytes, *, by: str = UNNAMED) -> int:
        """Send a dead operation with another request, under a key of its own; gives and raises as `retry_operation`."""
        with self.database.write() as connection:
            before, at = dead_letters.show_dead(connection, letter_id), self._repairs(connection)
            released = repair.edit_operation(connection, letter_id, request, at)
            stored = dead_letters.request_of(connection, letter_id)
            digests = {"old": hashlib.sha256(before.body).hexdigest(), "new": hashlib.sha256(stored).hexdigest()}
            reason = before.letter.reason
            interventions.note(connection, by, "dead edit", letter_id, at.now, reason=reason, **digests)
            return released

    def bind(self, letter_id: str, ticket_id: str, status: TicketStatus | None, *, by: str = UNNAMED) -> int:
        """Let an existing ticket be the one that a dead operation is about; gives how many operations go on with it.

        Raises NoSuchDeadLetter, CannotBeDone.
        """
        with self.database.write() as connection:
            before, at = dead_letters.show_dead(connection, letter_id), self._repairs(connection)
            going_on = repair.bind(connection, letter_id, ticket_id, status, at)
            detail = {"ticket": ticket_id, "status": status, "reason": before.letter.reason}
            interventions.note(connection, by, "dead bind", letter_id, at.now, **detail)
            return going_on

    def skip(self, letter_id: str, why: str, *, by: str = UNNAMED) -> int:
        """Give up a dead letter; gives how many operations went with it. Raises NoSuchDeadLetter."""
        with self.database.write() as connection:
            before, at = dead_letters.show_dead(connection, letter_id), self._repairs(connection)
            if letter_id.startswith("in-"):
                repair.skip_delivery(connection, letter_id, why)
                skipped = 0
            else:
                skipped = repair.skip_operation(connection, letter_id, why, at)
            interventions.note(connection, by, "dead skip", letter_id, at.now, why=why, reason=before.letter.reason)
            return skipped

    def _repairs(self, connection: Connection) -> repair.At:
        return repair.At(self.database.now(connection), self._ghost_wait, self._key_window)

    def mark_restored(self, *, by: str = UNNAMED) -> int:
        """This ledger comes from a backup: whatever is unfinished may have happened; gives the number of operations.

        Nothing is sent for a lease and a ghost wait. No other process may use the ledger meanwhile.
        """
        with self.database.write() as connection:
            self._facts = None
            now = self._repairs(connection).now
            marked = restoring.mark_restored(connection, now, self._all_gone)
            interventions.note(connection, by, "db restored", LEDGER, now, operations=marked)
            return marked

    def leased_until(self) -> datetime | None:
        """When the last lease ends that still runs; None where none does."""
        with self.database.read() as connection:
            return claims.leased_until(connection, self.database.now(connection))

    def pause(self, scope: str, why: str, *, by: str = UNNAMED) -> bool:
        """Send nothing of this source, or of any (`*`); False when that was so already."""
        with self.database.write() as connection:
            now = self.database.now(connection)
            is_new = gates.pause(self.database, connection, scope, why, now)
            if is_new:
                interventions.note(connection, by, "sources pause", scope, now, why=why)
            return is_new

    def resume(self, scope: str, *, by: str = UNNAMED) -> bool:
        """End a pause; False when there was none."""
        with self.database.write() as connection:
            ended = gates.resume(connection, scope)
            if ended:
                interventions.note(connection, by, "sources resume", scope, self.database.now(connection))
            return ended

    def list_sources(self, configured: Collection[str]) -> list[SourceActivity]:
        """What these sources are about, and others that are paused or have operations to send."""
        with self.database.read() as connection:
            return overview.activity(connection, configured)

    def list_pauses(self) -> list[Pause]:
        with self.database.read() as connection:
            return gates.list_pauses(connection)

    def knows_source(self, source: str) -> bool:
        """True when something came from it."""
        with self.database.read() as connection:
            return overview.knows_source(connection, source)

    def audited(self, since: datetime | None, words: Collection[str], found: Collection[str]) -> LedgerSide:
        """What the ledger says of tickets bound since then, of these words of markers, and of the tickets found."""
        with self.database.read() as connection:
            return audit.read(connection, since, words, found, self.database.now(connection))

    def take_spare_token(self, limits: Limits) -> bool:
        """Take a token of the budget for a question that can wait; False while delivery needs them."""
        with self.database.write() as connection:
            return spare.take_spare_token(self.database, connection, limits)

    def update_tickets(self, found: Sequence[tuple[Finding, Delivery]], *, by: str = UNNAMED) -> int:
        """Record the deliveries that tell what an audit found, in one transaction; gives the number of tickets."""
        findings, deliveries = [each for each, _ in found], [each for _, each in found]

        def act(connection: Connection, rules: Rules, also_lock: frozenset[int]) -> int:
            recorded, _ = recorder.record(self.database, connection, deliveries, rules, also_lock)
            return audit.note_updates(connection, findings, recorded, by, rules.now)

        return self._plan(act)

    def list_interventions(
        self, *, since: datetime | None = None, subject: str | None = None, limit: int = 100
    ) -> list[Intervention]:
        """What people did by hand: the latest `limit` ones, the oldest of them first."""
        with self.database.read() as connection:
            return interventions.latest(connection, since=since, subject=subject, limit=limit)

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
        policy=default_policy(settings.policy),
        revision=settings.api.revision,
        timing=settings.timing,
        may_damp=may_damp(settings.policy, settings.routes),
        may_group=may_group(settings.policy, settings.routes),
    )


def rejects_the_values(error: BaseException) -> bool:
    """True when the database refused what was to be written, and not because it is away."""
    return isinstance(error, DataError | IntegrityError)
