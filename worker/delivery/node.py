"""The parts of a delivering process: a deliverer, `WakeUps` and dispatch, started and stopped together."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection

from tickets.client import TicketsClient
from worker.delivery.deliverer import Deliverer
from worker.delivery.dispatch import Dispatch, Publish, WakeUps
from worker.delivery.rules import Rules
from worker.delivery.sending import seconds_since_boot
from worker.ledger import ClockWatch, Ledger
from worker.planning.model import Kind
from worker.runtime.metrics import Metrics
from worker.runtime.threads import owner_name
from worker.settings import Settings


def open_client(settings: Settings) -> TicketsClient:
    """Return a client for the API in the settings."""
    return TicketsClient(
        str(settings.api.url).rstrip("/"),
        settings.api.key.get_secret_value(),
        total_timeout=settings.timing.http_timeout,
        revision=settings.api.revision,
    )


class Node:
    """One delivering process."""

    def __init__(
        self,
        settings: Settings,
        ledger: Ledger,
        publish: Publish,
        metrics: Metrics,
        current: Callable[[], Settings] | None = None,
    ) -> None:
        self._ledger = ledger
        self._timing = settings.timing
        self.owner = owner_name()
        """Owner of this process's leases."""
        rules = Rules(settings.api, settings.timing, settings.policy.repeat_notes, current)
        watch = ClockWatch(seconds_since_boot)
        self._wake_ups = WakeUps(publish)
        self._deliverer = Deliverer(
            ledger,
            lambda: open_client(settings),
            rules,
            owner=self.owner,
            wake=self._wake_ups.send,
            fraction=random.random,
            metrics=metrics,
            watch=watch,
        )
        self._dispatch = Dispatch(ledger, publish, self._deliverer.deliver, rules, watch)

    def start(self) -> None:
        self._wake_ups.start()
        self._deliverer.start()
        self._dispatch.start()

    def deliver(self, kind: Kind) -> int:
        """Claim and send due operations of this kind. Returns how many calls began."""
        return self._deliverer.deliver(kind)

    def wake(self, kinds: Collection[Kind]) -> None:
        """Publish wake-ups for operations that became due in this process."""
        self._wake_ups.send(kinds)

    def answers(self, patience: float) -> bool:
        """Return True when the event loop that holds the calls turns within `patience` seconds."""
        return self._deliverer.answers(patience)

    def stop(self) -> None:
        """Claim nothing more, let the calls in flight end, and settle them."""
        self._dispatch.stop()
        self._deliverer.stop(self._timing.http_timeout + self._timing.margin)
        self._wake_ups.stop()
