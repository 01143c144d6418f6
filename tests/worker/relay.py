"""A deliverer, a ledger and a real Tickets API, in a time that only the test moves: days pass between two lines.

The calls go over sockets and the ledger is a database. No broker wakes the deliverer up; the test does. Waiting for
other threads is for a condition, and time is moved only while no call is under way.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from tests.no_tls import NO_TLS
from tickets.client import TicketsClient
from tickets.server import FaultRule, Limit, LocalTicketsApi, Options
from tickets.server.clock import Clock
from tickets.server.testing import running
from worker.delivery.deliverer import Deliverer
from worker.delivery.rules import Rules
from worker.ledger import ClockWatch, Ledger
from worker.ledger.schema.tables import cases, gate, operations
from worker.runtime.metrics import Metrics
from worker.settings import ApiSettings, TimingSettings

from .builders import NOON, ManualClock, rows, take_back

TIMING = TimingSettings()
PATIENCE_S = 60
REPEAT_LINE = "This note may be a repeat"
KEY = "ak_test_local"


@dataclass(frozen=True, slots=True)
class Did:
    """One effect at the Tickets API."""

    kind: str
    ticket: str | None
    text: str
    """The text of the request: a subject, a note, a priority or a status."""

    @property
    def says_that_it_may_be_a_repeat(self) -> bool:
        return REPEAT_LINE in self.text


@dataclass
class Relay:
    """A ledger, the deliverer for it, and the Tickets API that it delivers to."""

    ledger: Ledger
    api: LocalTicketsApi
    url: str
    clock: ManualClock
    timing: TimingSettings = TIMING
    repeat_notes: bool = True
    settings: dict[str, Any] = field(default_factory=dict)
    key: str = KEY
    _deliverer: Deliverer | None = None

    def advance(self, *, seconds: float = 0, hours: float = 0) -> None:
        """Advance the clocks of this process and of the service."""
        self.clock.advance(seconds=seconds, hours=hours)
        self.api.clock.advance(seconds + 3600 * hours)

    def use_key(self, key: str) -> None:
        self.stop()
        self.key = key

    def lose_patience(self) -> None:
        """Give up a call after half a second; on a busy machine this may end any call."""
        self.stop()
        self.timing = self.timing.model_copy(update={"http_timeout": 0.5})

    def stop(self) -> None:
        if self._deliverer is not None:
            self._deliverer.stop(10)
            self._deliverer = None

    @property
    def deliverer(self) -> Deliverer:
        if self._deliverer is None:
            limits = {"per_minute": None, "per_second": None, "in_flight": 50}
            api = {"url": self.url, "key": self.key} | limits | self.settings
            self._deliverer = Deliverer(
                self.ledger,
                lambda: TicketsClient(self.url, self.key, total_timeout=self.timing.http_timeout),
                Rules(ApiSettings.model_validate(api), self.timing, self.repeat_notes),
                owner="one",
                wake=lambda _: None,
                fraction=lambda: 0.5,
                metrics=Metrics(),
                watch=ClockWatch(lambda: (self.clock.now - NOON).total_seconds()),
            )
            self._deliverer.start()
        return self._deliverer

    def turn(self) -> int:
        """Send once what is due now, and wait until it is settled; return the number of operations."""
        take_back(self.ledger, timedelta(seconds=self.timing.ghost_wait))
        sent = sum(self.deliverer.deliver(kind) for kind in sorted(self.ledger.due_kinds()))
        if sent:
            self._wait_until_settled()
        return sent

    def _wait_until_settled(self) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while self._is_under_way():
            assert time.monotonic() < deadline, "not settled"
            time.sleep(0.002)

    def _is_under_way(self) -> bool:
        return any(each["state"] == "leased" for each in rows(self.ledger, cases))

    def send_what_is_due(self) -> None:
        """Send until no operation is due at this moment.

        The deliverer continues by itself when its slots get free again.
        """
        deadline = time.monotonic() + PATIENCE_S
        while self.turn() or self._goes_on():
            assert time.monotonic() < deadline, "due, and not claimed"

    def _goes_on(self) -> bool:
        """True when more is due once everything that is under way has been settled."""
        self._wait_until_settled()
        return bool(self.ledger.due_kinds()) or self._is_under_way()

    def run(self, *, for_hours: float = 48) -> None:
        """Deliver, and advance the time to each next due moment, until nothing waits or `for_hours` have passed."""
        until = self.clock.now + timedelta(hours=for_hours)
        while True:
            self.send_what_is_due()
            due = self._next_due()
            if due is None or due <= self.clock.now or due > until:
                return  # what is due and was not sent is paused
            self.advance(seconds=max(0.001, (due - self.clock.now).total_seconds()))

    def _next_due(self) -> datetime | None:
        waiting: list[datetime] = [each["run_at"] for each in rows(self.ledger, cases) if each["state"] == "ready"]
        if not waiting:
            return None
        closed: datetime | None = rows(self.ledger, gate)[0]["closed_until"]
        return max(min(waiting), closed) if closed is not None else min(waiting)

    def effects(self) -> list[Did]:
        """Return every effect at the service, in order."""
        found = self.api.effects(limit=10_000)
        return [Did(each.kind, each.ticket_id, _text(each.kind, each.body)) for each in found]

    def did(self) -> list[tuple[str, str | None]]:
        """Return the kind and ticket of every effect, in order."""
        return [(each.kind, each.ticket) for each in self.effects()]

    def counts(self) -> Counter[str]:
        return Counter(each.kind for each in self.effects())

    def ticket(self, ticket_id: str) -> dict[str, Any]:
        """Return a ticket as the service shows it."""
        return self.by_hand("GET", f"/tickets/{ticket_id}")

    def by_hand(self, method: str, path: str, **body: Any) -> dict[str, Any]:
        """Make a request as a person does in the ticket system."""
        answer = httpx.request(method, self.url + path, headers={"X-API-Key": KEY}, json=body or None, verify=NO_TLS)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def break_once(self, action: Any, **more: Any) -> None:
        """Make the next matching call fail."""
        self.api.faults.add(FaultRule(**{"action": action, "times": 1} | more))

    def operation(self, seq: int, case_id: int | None = None) -> dict[str, Any]:
        """Return an operation by its number, of the only case unless `case_id` is given."""
        found = [each for each in rows(self.ledger, operations) if each["seq"] == seq]
        (one,) = [each for each in found if case_id in (None, each["case_id"])]
        return one


def _text(kind: str, body: str) -> str:
    fields = json.loads(body) if body else {}
    if kind == "create_ticket":
        return str(fields["subject"])
    return str(fields.get("body") or fields.get("priority") or fields.get("status") or "")


@contextmanager
def relaying(ledger: Ledger, clock: ManualClock, folder: Path, **more: Any) -> Iterator[Relay]:
    """A relay from `ledger` to a Tickets API of its own.

    The option `close_on_closed` is for the API, the others are for the relay.
    """
    options = Options(
        f"sqlite:///{folder / 'tickets.db'}",
        limit=Limit.named("none"),
        close_on_closed=more.pop("close_on_closed", "accept"),
    )
    with LocalTicketsApi(options, Clock(clock.now, ticking=False)) as api, running(api) as served:
        relay = Relay(ledger, api, served.base_url, clock, **more)
        try:
            yield relay
        finally:
            relay.stop()
