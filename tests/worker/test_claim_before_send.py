"""A call is made only after its claim was committed, and only while the lease and the token of the claim hold.

The moment of the commit is the test's: time passes in it, or the event loop turns. The service is called in process.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Connection, event
from sqlalchemy.exc import OperationalError

from tests.acceptance.processes import wait_until
from tickets.client import TicketsClient
from tickets.server import Limit, LocalTicketsApi, Options
from worker.delivery.deliverer import Deliverer
from worker.delivery.rules import Rules
from worker.ledger import ClockWatch, Ledger
from worker.ledger.schema.tables import attempts, cases
from worker.runtime.metrics import Metrics
from worker.settings import ApiSettings, TimingSettings

from .builders import NOON, ManualClock, delivery, opened, rows

TIMING = TimingSettings(dispatch_interval=0.05)
URL, KEY = "http://tickets.test/api/v1", "ak_test_local"
TURNS = 50  # of the event loop: more than a call needs until its request leaves


class Wire(httpx.ASGITransport):
    """Brings requests to the service in this process, and counts them; all but the first wait until `released`."""

    def __init__(self, api: LocalTicketsApi) -> None:
        super().__init__(api.app)
        self.requests = self.answers = 0
        self.released = threading.Event()
        self.released.set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests += 1
        if self.requests > 1 and not self.released.is_set():
            await asyncio.to_thread(self.released.wait)
        answer = await super().handle_async_request(request)
        self.answers += 1
        return answer


@dataclass
class Bench:
    """A ledger with one open case, and a service."""

    ledger: Ledger
    clock: ManualClock
    wire: Wire
    started: list[Deliverer] = field(default_factory=list)

    def deliverer(self, *, per_minute: int | None = None) -> Deliverer:
        limits = {"per_minute": per_minute, "per_second": None}
        made = Deliverer(
            self.ledger,
            lambda: TicketsClient(URL, KEY, transport=self.wire, total_timeout=TIMING.http_timeout),
            Rules(ApiSettings.model_validate({"url": URL, "key": KEY} | limits), TIMING),
            owner="one",
            wake=lambda _: None,
            fraction=lambda: 1.0,
            metrics=Metrics(),
            watch=ClockWatch(lambda: (self.clock.now - NOON).total_seconds()),
        )
        made.start()
        self.started.append(made)
        return made

    def at_the_next_commits(self, *act: Callable[[], object]) -> None:
        """Call each of these once, when one of the next transactions is about to be committed."""
        left = iter(act)

        @event.listens_for(self.ledger.database.engine, "commit")
        def commit(_: Connection) -> None:
            next(left, lambda: None)()

    def outcomes(self) -> list[str]:
        return [each["outcome"] for each in rows(self.ledger, attempts)]


def fail() -> None:
    raise OperationalError("COMMIT", None, ConnectionError("the database went away"))


@pytest.fixture
def bench(sqlite_ledger: Ledger, clock: ManualClock, tmp_path: Path) -> Iterator[Bench]:
    with LocalTicketsApi(Options(f"sqlite:///{tmp_path / 'tickets.db'}", limit=Limit.named("none"))) as api:
        bench = Bench(sqlite_ledger, clock, Wire(api))
        sqlite_ledger.record([delivery(opened())])
        yield bench
        for each in bench.started:
            each.stop(5)


def test_nothing_is_sent_before_its_claim_is_committed(bench: Bench) -> None:
    deliverer = bench.deliverer()
    sent_before: list[int] = []

    def turn() -> None:
        assert all(deliverer.answers(5) for _ in range(TURNS))
        sent_before.append(bench.wire.requests)

    bench.at_the_next_commits(turn)
    deliverer.deliver("create_ticket")
    wait_until(lambda: rows(bench.ledger, cases)[0]["state"] != "leased", "settled")
    assert sent_before == [0]
    assert (bench.wire.requests, bench.outcomes()) == (1, ["done"])


def test_a_claim_that_cannot_be_committed_sends_nothing(bench: Bench) -> None:
    deliverer = bench.deliverer()
    bench.at_the_next_commits(fail)
    assert deliverer.deliver("create_ticket") == 0
    assert all(deliverer.answers(5) for _ in range(TURNS))
    assert bench.wire.requests == 0
    assert rows(bench.ledger, cases)[0]["state"] == "ready"


def test_a_claim_that_took_as_long_as_its_lease_is_not_sent(bench: Bench) -> None:
    """The lease began when the claim was made, and not when it was committed."""
    deliverer = bench.deliverer()
    bench.at_the_next_commits(lambda: bench.clock.advance(seconds=TIMING.lease))
    deliverer.deliver("create_ticket")
    wait_until(lambda: bench.outcomes() != [], "settled")
    assert (bench.wire.requests, bench.outcomes()) == (0, ["not executed"])


def test_a_claim_that_took_longer_than_its_token_is_good_is_not_sent(bench: Bench) -> None:
    """A token is good for less than a second after it was counted: later, the call could meet the service's limit."""
    deliverer = bench.deliverer(per_minute=100)
    bench.at_the_next_commits(lambda: bench.clock.advance(seconds=5))
    deliverer.deliver("create_ticket")
    wait_until(lambda: bench.outcomes() != [], "settled")
    assert (bench.wire.requests, bench.outcomes()) == (0, ["not executed"])
    deliverer.deliver("create_ticket")
    wait_until(lambda: len(bench.outcomes()) == 2, "settled with a fresh token")
    assert (bench.wire.requests, bench.outcomes()) == (1, ["not executed", "done"])


def test_an_outcome_is_settled_again_when_its_commit_failed(bench: Bench) -> None:
    """Else the operation would be of unknown outcome when its lease ends, although the answer is known."""
    deliverer = bench.deliverer()
    bench.at_the_next_commits(lambda: None, fail)
    deliverer.deliver("create_ticket")
    deliverer.stop(30)  # lets the call end, and be settled
    assert (bench.wire.requests, bench.outcomes()) == (1, ["done"])


def test_calls_that_cannot_be_settled_together_are_settled_one_by_one(bench: Bench) -> None:
    bench.ledger.record([delivery(opened("bad"), opened("good"))])
    with bench.ledger.database.write() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER refuse BEFORE UPDATE OF ticket_id ON cases WHEN NEW.key = 'bad' "
            "BEGIN SELECT RAISE(ABORT, 'refused'); END"
        )
    deliverer = bench.deliverer()

    def end_the_others() -> None:
        """Let both calls end while the first one is settled, so that the next transaction has both."""
        bench.wire.released.set()
        wait_until(lambda: bench.wire.answers == 3, "answered")
        for _ in range(TURNS):
            deliverer.answers(5)

    bench.wire.released.clear()
    bench.at_the_next_commits(lambda: None, end_the_others)
    deliverer.deliver("create_ticket")
    deliverer.stop(30)
    has_ticket = {each["key"]: each["ticket_id"] is not None for each in rows(bench.ledger, cases)}
    assert has_ticket == {"disk": True, "bad": False, "good": True}
