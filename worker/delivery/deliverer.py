"""Sends claims, and settles each as soon as its call ends. Threads claim and settle; one event loop holds the calls.

    a Celery task or dispatch ─▶ deliver(kind): claim as many as there are free slots
                                      ▼
                       event loop: one coroutine for each call in flight
                                      ▼
                       settler thread: all calls that ended meanwhile, in one transaction ─▶ wake-up

A slow call holds one slot, and no other call. A process that dies here loses nothing, because its leases end.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog

from tickets.client import TicketsClient
from worker.delivery.breaker import Breaker
from worker.delivery.clocks import log_jump
from worker.delivery.outcomes import Fraction
from worker.delivery.rules import Rules
from worker.delivery.sending import Sender, TokenTimes, seconds_since_boot, tokens_of
from worker.delivery.timer import WakeTimer, rest_after
from worker.ledger import Claim, Claimed, ClockWatch, Ledger, LedgerAway, Settlement
from worker.planning.model import Kind
from worker.runtime.metrics import Metrics
from worker.runtime.threads import Loop

log = structlog.get_logger()

GATHER_S = 0.005  # calls that end within this time of another share its transaction
LOOK_S = 0.001
Wake = Callable[[Collection[Kind]], None]


@dataclass(frozen=True, slots=True)
class _Sent:
    claim: Claim
    settlement: Settlement
    fence: float


class Deliverer:
    """Claims and sends operations. Started once in a process; `deliver` may be called from any thread."""

    def __init__(
        self,
        ledger: Ledger,
        client: Callable[[], TicketsClient],
        rules: Rules,
        *,
        owner: str,
        wake: Wake,
        fraction: Fraction,
        metrics: Metrics,
        watch: ClockWatch | None = None,
    ) -> None:
        self._ledger = ledger
        self._make_client = client
        self._rules = rules
        self._timing = rules.timing
        self._owner = owner
        self._wake = wake
        self._fraction = fraction
        self._metrics = metrics
        self._watch = watch or ClockWatch(seconds_since_boot)
        self._clock = self._watch.clock
        self._breaker = Breaker(rules.api, rules.timing)
        self._slots = _Slots(rules.api.in_flight)
        self._ended: queue.SimpleQueue[_Sent | None] = queue.SimpleQueue()
        self._loop = asyncio.new_event_loop()
        self._calls = threading.Thread(target=self._run_loop, name="calls", daemon=True)
        self._settler = Loop("settler", self._settle_what_ended)
        self._in_flight: set[asyncio.Task[None]] = set()
        self._sender: Sender | None = None
        self._timer = WakeTimer(lambda: self.deliver(None), self._clock)
        self._quiet_until = 0.0  # no token is available before
        self._quiet_for = rules.terms().limits  # within these limits

    def start(self) -> None:
        self._calls.start()
        self._settler.start()
        self._timer.start()

    def stop(self, patience: float) -> None:
        """Claim nothing more, let the calls in flight end for at most `patience` seconds, and settle them."""
        if self._loop.is_closed():
            return
        self._slots.close()
        self._timer.stop()
        self._slots.wait_until_empty(patience)
        self._ended.put(None)
        self._settler.join(patience)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._calls.join(patience)

    def answers(self, patience: float) -> bool:
        """Return True when the event loop turns within `patience` seconds, and the thread waiting for tokens lives."""
        turned = threading.Event()
        try:
            self._loop.call_soon_threadsafe(turned.set)
        except RuntimeError:  # closed
            return False
        return turned.wait(patience) and self._timer.is_alive()

    def deliver(self, kind: Kind | None) -> int:
        """Claim the best ready cases whose next call is of this kind (None: of any), and begin to send.

        Returns the number of claims. While no token is available, the call costs nothing: the timer delivers when there
        is one.
        """
        terms = self._rules.terms()
        if self._clock() < self._quiet_until and terms.limits == self._quiet_for:
            self._timer.at(self._quiet_until)
            return 0
        free = self._slots.reserve()
        if not free:
            return 0
        fence = self._clock()  # before the claim, so that the lease is never taken to be longer than it is
        claimed = Claimed([])
        try:
            claimed = self._ledger.claim(kind, limit=free, owner=self._owner, terms=terms, watch=self._watch)
            if claimed.jump is not None:
                log_jump(claimed.jump)
        except LedgerAway as error:
            log.warning("claim.failed", error=type(error).__name__)
        finally:
            is_wanted = self._slots.release(free - len(claimed.claims))
        if claimed.claims:
            self._loop.call_soon_threadsafe(self._begin, claimed, fence)
        if (rest := rest_after(claimed, self._clock())) is not None:
            self._quiet_until, self._quiet_for = rest.quiet_until, terms.limits
            self._timer.at(rest.wake_at)
        if len(claimed.claims) == free:
            self._slots.want()  # there may be more work than slots
        if is_wanted:  # a caller that came while this claim held the slots may have come for newer work
            self._timer.at(self._clock())
        return len(claimed.claims)

    def _run_loop(self) -> None:
        asyncio.set_event_loop(self._loop)
        client = self._make_client()
        self._sender = Sender(client, self._timing, self._fraction, self._clock)
        self._loop.run_forever()
        for task in self._in_flight:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*self._in_flight, return_exceptions=True))
        self._loop.run_until_complete(client.aclose())
        self._loop.close()

    def _begin(self, claimed: Claimed, fence: float) -> None:
        token = tokens_of(claimed)
        for each in claimed.claims:
            task = self._loop.create_task(self._send(each, fence, token))
            self._in_flight.add(task)
            task.add_done_callback(self._over)

    def _over(self, task: asyncio.Task[None]) -> None:
        self._in_flight.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            # A defect of ours. The lease ends, and the operation is sent again as one of unknown outcome.
            log.error("send.failed", exc_info=error)
            self._slots.release(1)

    async def _send(self, claim: Claim, fence: float, token: TokenTimes | None) -> None:
        if self._sender is None:
            raise RuntimeError("the deliverer was not started")
        settlement = await self._sender.send(claim, fence, token)
        self._ended.put(_Sent(claim, settlement, fence))

    def _settle_what_ended(self) -> None:
        batch = [self._ended.get(), *self._ended_meanwhile()]
        until = time.monotonic() + GATHER_S
        while self._slots.used > len(batch) and time.monotonic() < until:
            time.sleep(LOOK_S)  # waking up for each call would cost more than settling it
            batch += self._ended_meanwhile()
        if None in batch:
            self._settler.ask_to_stop()
        sent = [self._looked_at(each) for each in batch if each is not None]
        if not sent:
            return
        due = self._settle(sent)
        if self._slots.release(len(sent)):
            self._timer.at(self._clock())
        if due:
            self._wake(due)

    def _ended_meanwhile(self) -> list[_Sent | None]:
        ended: list[_Sent | None] = []
        with suppress(queue.Empty):
            while True:
                ended.append(self._ended.get_nowait())
        return ended

    def _looked_at(self, sent: _Sent) -> _Sent:
        """Count the outcome of one call, which may close the gate for all."""
        now = sent.claim.claimed_at + timedelta(seconds=self._clock() - sent.fence)
        closing = self._breaker.look_at(sent.claim, sent.settlement, now)
        gate = sent.settlement.gate or closing
        return replace(sent, settlement=replace(sent.settlement, gate=gate, estimated_at=now))

    def _settle(self, sent: list[_Sent]) -> frozenset[Kind]:
        """Settle, for as long as the leases hold. After that the operations are repeated with the same keys."""
        pairs = [(each.claim, each.settlement) for each in sent]
        while True:
            try:
                stale, due = self._ledger.settle(pairs)
            except LedgerAway as error:
                log.warning("settle.failed", error=type(error).__name__, operations=len(sent))
                if self._clock() - min(each.fence for each in sent) > self._timing.lease:
                    return frozenset()
                time.sleep(min(1.0, self._timing.dispatch_interval))
                continue
            except Exception as defect:  # noqa: BLE001 — each is logged, and none may end the thread that settles
                return self._settle_alone(sent, defect)
            for claim, settlement in pairs:
                self._metrics.attempts.labels(claim.kind, settlement.outcome).inc()
                log.info(
                    "operation.settled" if claim not in stale else "operation.settle_refused",
                    inbound=f"in-{claim.inbound_id}",
                    operation=f"op-{claim.case_id}-{claim.seq}",
                    kind=claim.kind,
                    outcome=settlement.outcome,
                    state=settlement.state,
                    status=settlement.status,
                    error=settlement.error,
                    request_id=settlement.request_id,
                    source=claim.source,
                )
            return due

    def _settle_alone(self, sent: list[_Sent], defect: Exception) -> frozenset[Kind]:
        """Settle each call by itself, after a batch failed. A call that fails alone is left to the end of its lease."""
        if len(sent) == 1:
            log.error("settle.impossible", operation=f"op-{sent[0].claim.case_id}-{sent[0].claim.seq}", exc_info=defect)
            return frozenset()
        return frozenset().union(*(self._settle([each]) for each in sent))


class _Slots:
    """Slots for calls in flight, and whether more work waits for a free slot."""

    def __init__(self, size: int) -> None:
        self.used = 0
        self._size = size
        self._closed = False
        self._wanted = False
        self._changed = threading.Condition()

    def reserve(self) -> int:
        """Take all free slots. Without a free slot, mark that slots are wanted."""
        with self._changed:
            free = 0 if self._closed else self._size - self.used
            if not free:
                self._wanted = True
            self.used += free
            return free

    def want(self) -> None:
        with self._changed:
            self._wanted = True

    def release(self, number: int) -> bool:
        """Give slots back. Returns True when slots are wanted, and enough are free to be worth a claim."""
        with self._changed:
            self.used -= number
            self._changed.notify_all()
            if self._closed or self.used > self._size // 2:
                return False
            wanted, self._wanted = self._wanted, False
            return wanted

    def close(self) -> None:
        with self._changed:
            self._closed = True

    def wait_until_empty(self, patience: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self.used == 0, patience)
