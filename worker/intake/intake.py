"""Records deliveries in the ledger; those that wait at the same time share a transaction.

The queue is bounded: when the ledger falls behind, a delivery is refused and its sender comes again.
"""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Collection
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import structlog

from connectors.contract.messages import Parsed
from worker.ledger import Delivery, Ledger, LedgerAway, Recorded, rejects_the_values, says_full, why_away
from worker.planning.model import Kind
from worker.runtime.metrics import Metrics
from worker.runtime.threads import Loop

log = structlog.get_logger()

DELIVERIES_AT_ONCE = 64
EVENTS_AT_ONCE = 2000
PATIENCE_S = 3.0  # for a locked ledger; a sender waits for its answer
GATHER_S = 0.005  # while deliveries come close together, those within this time share a transaction


class Busy(Exception):
    """Too many deliveries wait for the ledger."""

    def __str__(self) -> str:
        return "too many deliveries wait for the ledger"


class Stopped(Exception):
    """This process takes no more deliveries."""

    def __str__(self) -> str:
        return "this process takes no more deliveries"


def why_not_taken(error: BaseException) -> str:
    """Return in words why a delivery was not taken in: Busy, Stopped, or one of `LedgerAway`.

    Of another error only the class is named, since its text may hold values of a message.
    """
    if isinstance(error, Busy | Stopped):
        return str(error)
    return why_away(error) if isinstance(error, LedgerAway) else f"a defect in Ticketrelay: {type(error).__name__}"


def patience_left(patience: float, waited: float) -> float:
    """Return how long deliveries that have waited may still wait for a locked ledger.

    A little is left in any case, because a ledger that is only busy is locked for moments.
    """
    return max(patience - waited, patience / 10)


@dataclass(frozen=True, slots=True)
class _Waiting:
    delivery: Delivery
    recorded: Future[Recorded]
    since: float
    """By the monotonic clock."""


class Intake:
    """Records deliveries. `take` may be called from any thread."""

    def __init__(
        self,
        ledger: Ledger,
        wake: Callable[[Collection[Kind]], None],
        metrics: Metrics,
        max_waiting: int = 1000,
        patience: float = PATIENCE_S,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`clock` is that by which deliveries have the time of their arrival."""
        self._ledger = ledger
        self._wake = wake
        self._metrics = metrics
        self._patience = patience
        self._clock = clock
        self._waiting: queue.Queue[_Waiting | None] = queue.Queue(max_waiting)
        self._stopped = False
        self._is_full = False
        self._is_crowded = False
        self._loop = Loop("intake", self._turn)
        self.start = self._loop.start

    def stop(self) -> None:
        """Commit the waiting deliveries, and take no more."""
        self._stopped = True
        self._waiting.put(None)
        self._loop.join(30)

    def take(self, delivery: Delivery) -> Future[Recorded]:
        """Return a future of the recorded delivery, which is done when the record is durable.

        Raises Busy and Stopped; the future raises one of `LedgerAway` when the ledger cannot be used.
        """
        if self._stopped:
            raise Stopped
        waiting = _Waiting(delivery, Future(), time.monotonic())
        try:
            self._waiting.put_nowait(waiting)
        except queue.Full:
            raise Busy from None
        return waiting.recorded

    def _turn(self) -> None:
        batch = self._next_batch(GATHER_S if self._is_crowded else 0.0)
        self._is_crowded = len(batch) > 1
        if None in batch:
            self._loop.ask_to_stop()
        # A caller that cancelled was not answered, and sends again; from here on no caller can cancel any more.
        waiting = [each for each in batch if each is not None and each.recorded.set_running_or_notify_cancel()]
        if waiting:
            self._record(waiting)

    def _next_batch(self, patience: float) -> list[_Waiting | None]:
        """Return the waiting deliveries, and those that come within `patience` seconds of the first of them."""
        batch = [self._waiting.get()]
        until = time.monotonic() + patience
        events = 0
        while len(batch) < DELIVERIES_AT_ONCE and events < EVENTS_AT_ONCE and batch[-1] is not None:
            events += len(batch[-1].delivery.parsed.events)
            left = until - time.monotonic()
            try:
                batch.append(self._waiting.get(block=left > 0, timeout=max(left, 0.0)))
            except queue.Empty:
                break
        return batch

    def _record(self, waiting: list[_Waiting]) -> None:
        try:
            waited = time.monotonic() - min(each.since for each in waiting)
            left = patience_left(self._patience, waited)
            recorded, due = self._ledger.record([each.delivery for each in waiting], left)
        except LedgerAway as error:
            log.warning("intake.ledger_away", error=why_away(error), deliveries=len(waiting))
            self._say_whether_full(says_full(error))
            for each in waiting:
                each.recorded.set_exception(error)
        except Exception as error:  # noqa: BLE001 — every one is handed on, to a future
            # One delivery cannot be recorded: record each alone, so that it does not affect its neighbours.
            if len(waiting) > 1:
                for each in waiting:
                    self._record([each])
            else:
                self._record_unplannable(waiting[0], error)
        else:
            self._say_whether_full(False)
            if due:
                self._wake(due)
            for each, result in zip(waiting, recorded, strict=True):
                self._count(each.delivery, result)
                each.recorded.set_result(result)

    def _record_unplannable(self, waiting: _Waiting, error: Exception) -> None:
        """Quarantine a delivery whose plan the ledger does not take; a person or a fix decides."""
        delivery = waiting.delivery
        log.error("intake.unplannable", source=delivery.inbound.source, exc_info=error)
        if delivery.unreadable is not None or not (
            rejects_the_values(error) or isinstance(error, ValueError | TypeError)
        ):
            waiting.recorded.set_exception(error)
            return
        reason = f"the delivery could not be planned ({type(error).__name__})"
        unread = replace(delivery, parsed=Parsed(), treatments=(), unreadable=reason)
        self._record([replace(waiting, delivery=unread)])

    def _say_whether_full(self, is_full: bool) -> None:
        """Log the alarm for a full disk. A process with intake alone has no other part to raise it."""
        if is_full and not self._is_full:
            log.error("alarm.raised", alarm="disk_full", text="the disk of the ledger is full: no message is taken in")
        elif self._is_full and not is_full:
            log.warning("alarm.ended", alarm="disk_full")
        self._is_full = is_full

    def _count(self, delivery: Delivery, result: Recorded) -> None:
        source = delivery.inbound.source
        self._metrics.inbound.labels(source, result.outcome).inc()
        waited = self._clock() - delivery.inbound.received_at
        self._metrics.intake.observe(max(waited.total_seconds(), 0.0))
        for route in delivery.dropped:
            self._metrics.dropped.labels(source, route).inc()
        for route in delivery.misfits:
            self._metrics.misfits.labels(source, route).inc()
        for effect in result.effects:
            self._metrics.events.labels(source, effect.recurrence.value).inc()
        log.info(
            "inbound.recorded",
            inbound=f"in-{result.inbound_id}",
            source=source,
            outcome=result.outcome,
            events=len(result.effects),
            operations=sum(len(effect.operations) for effect in result.effects),
        )
