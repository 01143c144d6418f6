"""The verbs of delivery: lease operations, settle them, and pause sending."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from worker.ledger import receipts
from worker.ledger.operator import interventions
from worker.ledger.operator.interventions import UNNAMED
from worker.ledger.queue import answers, claims, clock_jumps, gates, settles, spare, spending, undelivered
from worker.ledger.queue.claim import Claim, Claimed, Terms
from worker.ledger.queue.clock_jumps import ClockWatch, Jump
from worker.ledger.queue.settles import Settlement
from worker.ledger.queue.spending import Spending
from worker.ledger.verbs.rules import StandingRules
from worker.ledger.verbs.transaction import Verbs, at_now, plain, reads, with_database, writes
from worker.planning.model import Kind


class DeliveryVerbs(Verbs):
    """Claim and settle operations."""

    rules: StandingRules

    _claim = writes(with_database(claims.claim))
    leases = reads(plain(claims.leases))
    take_back = writes(at_now(claims.take_back))
    take_all_back = writes(at_now(claims.take_all_back))
    due_kinds = reads(at_now(claims.due_kinds))
    leased_until = reads(at_now(claims.leased_until))
    take_spare_token = writes(with_database(spare.take_spare_token))

    @reads
    def spending(self, connection: Connection, *, in_full: bool = True) -> Spending:
        """Return the use of the budget, and the work that waits for it; `in_full` tells why each operation waits."""
        now = self.database.now(connection)
        if not in_full:
            return spending.spending(connection, now, ())
        waits = undelivered.by_reason(connection, now, self.rules.ghost_wait, self.rules.all_gone)
        return spending.spending(connection, now, waits)

    def claim(
        self,
        kind: Kind | None,
        *,
        limit: int,
        owner: str,
        terms: Terms,
        watch: ClockWatch | None = None,
    ) -> Claimed:
        """Lease the best ready cases, as `claims.claim` says."""
        claimed = self._claim(kind, limit=limit, owner=owner, terms=terms, watch=watch)
        if watch is not None and claimed.jump is not None:
            watch.follow(claimed.jump)  # only now: the transaction that noted the jump is committed
        return claimed

    def look_at_clock(self, terms: Terms, watch: ClockWatch) -> Jump | None:
        """Note a jump of the ledger's clock since this process's last look; returns it if nobody noted it before."""
        asker = claims.asker_of(terms, watch)
        with self.database.read() as connection:
            newest = gates.newest_at_start(connection, asker)
            jump = gates.find_jump(newest, clock_jumps.read(self.database, connection, watch.clock), asker)
        if jump is None:
            return None
        with self.database.write() as connection:
            is_new = gates.note_jump(connection, jump, terms.limits, asker)
        watch.follow(jump)
        return jump if is_new else None

    @writes
    def settle(
        self, connection: Connection, settled: Sequence[tuple[Claim, Settlement]]
    ) -> tuple[list[Claim], frozenset[Kind]]:
        """Record outcomes; returns the claims that were no longer valid, and the kinds that are due now."""
        now = self.database.now(connection)
        stale, due = settles.settle(connection, settled, now)
        if self.rules.may_answer():
            moved = {each.case_id for each, outcome in settled if receipts.moves(each.kind, outcome.state)}
            receipts.notice(connection, moved, now)
        # It locks a row that all settles share, so it comes last.
        answers.note(connection, [each for each in settled if each[0] not in stale], now)
        return stale, due


class GateVerbs(Verbs):
    """Pause and resume sending."""

    list_pauses = reads(plain(gates.list_pauses))

    @writes
    def pause(self, connection: Connection, scope: str, why: str, *, by: str = UNNAMED) -> bool:
        """Send nothing of this source, or of any (`*`); False when it was paused already."""
        now = self.database.now(connection)
        is_new = gates.pause(self.database, connection, scope, why, now)
        if is_new:
            interventions.note(connection, by, "sources pause", scope, now, why=why)
        return is_new

    @writes
    def resume(self, connection: Connection, scope: str, *, by: str = UNNAMED) -> bool:
        """End a pause; False when there was none."""
        now = self.database.now(connection)
        could_send = undelivered.sendable_cases(connection, now) > 0
        ended = gates.resume(connection, scope)
        if ended:
            interventions.note(connection, by, "sources resume", scope, now)
        if ended and not could_send:
            answers.begin_anew(connection)
        return ended
