"""Delivery when answers get lost, servers refuse, keys expire and workers freeze.

A real local Tickets API with faults, a real ledger, real time at a small scale. No broker: the test sends the wake-ups.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, event

from connectors.contract.events import Opened, digest
from connectors.contract.messages import Inbound, Parsed
from tests.acceptance.processes import free_port, wait_until
from tickets.client import TicketsClient
from tickets.server import FaultRule, Limit, LocalTicketsApi, Options
from tickets.server.testing import running
from worker.delivery.deliverer import Deliverer
from worker.delivery.dispatch import BrokerAway, Dispatch
from worker.delivery.rules import Rules
from worker.ledger import Delivery, Ledger
from worker.ledger.schema.tables import operations
from worker.planning.model import KINDS, Kind
from worker.runtime.metrics import Metrics
from worker.settings import ApiSettings, TimingSettings

from .builders import rows, rules_of, take_back

BEGAN = datetime(2026, 3, 1, 10, tzinfo=UTC)
TIMING = TimingSettings(
    http_timeout=1.0,
    margin=0.2,
    lease=2.0,
    request_life=0.5,
    ghost_wait=0.5,
    backoff_base=0.05,
    backoff_cap=0.2,
    dispatch_interval=0.05,
    probe_interval=0.5,
    ring_expires=60.0,
)


@dataclass
class Bench:
    """One ledger, one Tickets API, and as many deliverers as a test makes."""

    ledger: Ledger
    api: LocalTicketsApi
    url: str
    key: str = "ak_test_local"
    started: list[Deliverer] = field(default_factory=list)

    def deliverer(self, *, owner: str = "one", per_minute: int | None = None) -> Deliverer:
        """Start a deliverer; its wake-ups go to itself, as if a broker carried them."""
        settings = ApiSettings.model_validate(
            {"url": self.url, "key": self.key, "per_minute": per_minute, "per_second": None, "in_flight": 10}
        )
        made: list[Deliverer] = []

        def wake(kinds: Collection[Kind]) -> None:
            for kind in kinds:
                made[0].deliver(kind)

        deliverer = Deliverer(
            self.ledger,
            lambda: TicketsClient(self.url, self.key, total_timeout=TIMING.http_timeout),
            Rules(settings, TIMING),
            owner=owner,
            wake=wake,
            fraction=lambda: 1.0,
            metrics=Metrics(),
        )
        made.append(deliverer)
        deliverer.start()
        self.started.append(deliverer)
        return deliverer

    def open_cases(self, *names: str) -> None:
        events = tuple(
            Opened(
                case_key=name,
                source_message_id=f"opened-{name}",
                occurred_at=BEGAN,
                started_at=BEGAN,
                subject=f"Case {name}",
                text=f"This is case {name}.",
                content_digest=digest(name),
            )
            for name in names
        )
        self.ledger.record([Delivery(Inbound("source", BEGAN, b"{}"), Parsed(events))])

    def deliver_until(self, deliverer: Deliverer, holds: Callable[[], bool], what: str) -> None:
        """Deliver what is due, as dispatch does, until a condition holds."""

        def turn() -> bool:
            take_back(self.ledger, timedelta(seconds=TIMING.ghost_wait))
            for kind in sorted(self.ledger.due_kinds()):
                deliverer.deliver(kind)
            return holds()

        wait_until(turn, what, patience=20)

    def all_done(self) -> bool:
        return self.ledger.overview().cases.keys() <= {"idle"}

    def tickets_made(self) -> Counter[str]:
        return Counter(each.kind for each in self.api.effects())

    def outcomes(self, name: str) -> list[tuple[str, int | None]]:
        return [(each.outcome, each.status) for each in self.ledger.find(name)[0].operations[0].tries]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    ledger.upgrade()
    options = Options(f"sqlite:///{tmp_path / 'tickets.db'}", limit=Limit.named("none"))
    with LocalTicketsApi(options) as api, running(api) as served:
        bench = Bench(ledger, api, served.base_url)
        yield bench
        for each in bench.started:
            each.stop(5)
        ledger.close()


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(FaultRule(action="reset", when="after", times=1), id="cut after the effect"),
        pytest.param(FaultRule(action="reset", when="before", times=1), id="cut before the effect"),
        pytest.param(FaultRule(action="status", when="after", status=500, times=1), id="500 after the effect"),
        pytest.param(FaultRule(action="status", status=502, times=1), id="a proxy's page"),
        pytest.param(FaultRule(action="truncate", times=1), id="half an answer"),
        pytest.param(FaultRule(action="latency", when="after", seconds=1.5, times=1), id="an answer too late"),
    ],
)
def test_a_call_of_unknown_outcome_is_made_again_after_the_ghost_wait_and_has_one_effect(
    bench: Bench, fault: FaultRule
) -> None:
    bench.api.faults.add(fault)
    bench.open_cases("a")
    bench.deliver_until(bench.deliverer(), bench.all_done, "done")
    assert bench.tickets_made() == {"create_ticket": 1}
    assert [outcome for outcome, _ in bench.outcomes("a")] == ["unknown", "done"]
    first, second = bench.ledger.find("a")[0].operations[0].tries
    (operation,) = rows(bench.ledger, operations)
    # The call began after its claim, and ended this long after it had begun.
    ended_at = operation["first_sent_at"] + timedelta(milliseconds=first.latency_ms or 0)
    assert second.at >= ended_at + timedelta(seconds=TIMING.ghost_wait)


def test_what_was_not_executed_is_sent_again_soon(bench: Bench) -> None:
    bench.api.faults.add(FaultRule(action="status", status=503, times=2))
    bench.open_cases("a")
    bench.deliver_until(bench.deliverer(), bench.all_done, "done")
    assert bench.outcomes("a") == [("not executed", 503), ("not executed", 503), ("done", None)]


def test_a_server_that_is_not_there_costs_time_and_nothing_else(bench: Bench) -> None:
    there = bench.url
    bench.url = f"http://127.0.0.1:{free_port()}/api/v1"
    bench.open_cases("a")
    away = bench.deliverer(owner="away")
    bench.deliver_until(away, lambda: len(bench.outcomes("a")) >= 2, "tried twice")
    away.stop(5)
    bench.url = there
    bench.deliver_until(bench.deliverer(), bench.all_done, "done")
    outcomes = bench.outcomes("a")
    assert set(outcomes[:-1]) == {("not executed", None)}
    assert bench.tickets_made() == {"create_ticket": 1}


def test_one_slow_call_does_not_hold_up_the_others(bench: Bench) -> None:
    bench.api.faults.add(FaultRule(action="latency", seconds=0.8, body="Case slow"))
    names = [f"case-{number}" for number in range(40)]
    bench.open_cases("slow", *names)
    deliverer = bench.deliverer()
    bench.deliver_until(deliverer, lambda: bench.ledger.overview().cases.get("idle", 0) == 40, "forty done")
    assert bench.ledger.find("slow")[0].state == "leased"
    bench.deliver_until(deliverer, bench.all_done, "done")
    assert bench.tickets_made() == {"create_ticket": 41}


def test_a_429_closes_the_gate_for_everybody_until_retry_after(bench: Bench) -> None:
    bench.api.faults.add(FaultRule(action="status", status=429, retry_after=1, times=1))
    bench.open_cases("a")
    deliverer = bench.deliverer()
    bench.deliver_until(deliverer, lambda: bench.ledger.overview().gate_reason == "budget", "closed")
    bench.open_cases("b")
    assert bench.deliverer(owner="two").deliver("create_ticket") == 0
    assert bench.ledger.due_kinds() == frozenset()
    bench.deliver_until(deliverer, bench.all_done, "done")
    assert bench.tickets_made() == {"create_ticket": 2}


def test_a_refused_key_loses_nothing_sends_one_probe_at_a_time_and_goes_on_when_it_is_mended(bench: Bench) -> None:
    bench.key = "ak_test_of_nobody"
    bench.open_cases("a", "b", "c")
    refused = bench.deliverer(owner="refused")
    bench.deliver_until(refused, lambda: bench.ledger.overview().gate_reason == "credentials", "closed")
    tried_at_once = sum(len(bench.ledger.find(name)[0].operations[0].tries) for name in "abc")
    assert tried_at_once <= 3
    bench.deliver_until(
        refused,
        lambda: sum(len(bench.ledger.find(name)[0].operations[0].tries) for name in "abc") > tried_at_once,
        "probed once",
    )
    assert refused.deliver("create_ticket") == 0
    refused.stop(5)
    assert bench.ledger.overview().dead == 0
    bench.key = "ak_test_local"
    bench.deliver_until(bench.deliverer(), bench.all_done, "done")
    assert bench.tickets_made() == {"create_ticket": 3}
    assert bench.ledger.overview().gate_reason is None


def test_a_call_that_comes_too_late_for_its_token_does_not_leave_on_it_and_leaves_on_a_longer_one(bench: Bench) -> None:
    bench.open_cases("a")

    def commit_slowly(_: Connection) -> None:
        time.sleep(0.5)  # longer than the least late bound

    event.listen(bench.ledger.database.engine, "commit", commit_slowly)
    bench.deliver_until(bench.deliverer(per_minute=100), bench.all_done, "sent")
    assert {outcome for outcome, _ in bench.outcomes("a")[:-1]} == {"not executed"}
    assert bench.outcomes("a")[-1] == ("done", None)
    assert bench.tickets_made() == {"create_ticket": 1}


def test_a_worker_that_froze_between_claim_and_send_does_not_send(bench: Bench) -> None:
    bench.open_cases("a")

    freezes = [TIMING.latest_send + 0.1]  # once

    def freeze(_: Connection) -> None:
        time.sleep(freezes.pop() if freezes else 0)

    event.listen(bench.ledger.database.engine, "commit", freeze)
    frozen = bench.deliverer(owner="frozen")
    assert frozen.deliver("create_ticket") == 1
    wait_until(lambda: bench.outcomes("a") != [], "settled")
    assert bench.outcomes("a")[0] == ("not executed", None)
    frozen.stop(5)
    bench.deliver_until(bench.deliverer(), bench.all_done, "done")
    assert bench.api.record.counts() == {("POST", "/tickets", 201): 1}


def test_an_outcome_that_comes_after_its_lease_is_refused_and_replayed_by_its_key(bench: Bench) -> None:
    bench.api.faults.add(FaultRule(action="latency", when="after", seconds=0.9, times=1))
    bench.open_cases("a")
    slow = bench.deliverer(owner="slow")
    slow.deliver("create_ticket")
    wait_until(lambda: bench.tickets_made() == {"create_ticket": 1}, "executed")
    # An operator who believes that the owner is gone ends its lease. Here the owner lives, and answers late.
    assert bench.ledger.take_all_back(timedelta(seconds=TIMING.ghost_wait)) == 1
    bench.deliver_until(bench.deliverer(owner="other"), bench.all_done, "done")
    slow.stop(5)
    assert bench.tickets_made() == {"create_ticket": 1}
    assert [outcome for outcome, _ in bench.outcomes("a")] == ["unknown", "done"]


def test_stop_lets_the_calls_in_flight_end_and_settles_them(bench: Bench) -> None:
    bench.api.faults.add(FaultRule(action="latency", seconds=0.4))
    bench.open_cases("a", "b", "c")
    deliverer = bench.deliverer()
    assert deliverer.deliver("create_ticket") == 3
    deliverer.stop(5)
    assert bench.all_done()
    assert bench.tickets_made() == {"create_ticket": 3}


def test_a_409_is_repeated_twice_and_then_left_to_a_person(bench: Bench) -> None:
    bench.api.faults.add(FaultRule(action="status", status=409))
    bench.open_cases("a")
    bench.deliver_until(bench.deliverer(), lambda: bench.ledger.overview().dead == 1, "dead")
    assert bench.outcomes("a") == [("unknown", 409)] * 3
    assert bench.ledger.find("a")[0].state == "blocked"


@pytest.mark.parametrize("broker", ["away", "deaf"])
def test_dispatch_delivers_itself_when_the_broker_is_away_or_nobody_hears_the_wake_ups(
    bench: Bench, broker: str
) -> None:
    def publish(_: Kind) -> None:
        if broker == "away":
            raise BrokerAway("nobody listens")

    deliverer = bench.deliverer()
    timing = TIMING.model_copy(update={"ring_expires": 0.2})
    dispatch = Dispatch(bench.ledger, publish, deliverer.deliver, rules_of(timing))
    bench.open_cases("a", "b")
    dispatch.start()
    try:
        wait_until(bench.all_done, "done", patience=20)
    finally:
        dispatch.stop()
    assert bench.tickets_made() == {"create_ticket": 2}


def test_wake_ups_from_many_threads_at_once_send_each_operation_once(bench: Bench) -> None:
    bench.open_cases(*(f"case-{number}" for number in range(100)))
    deliverers = [bench.deliverer(owner=f"owner-{number}") for number in range(3)]
    barrier = threading.Barrier(6)

    def wake(deliverer: Deliverer) -> None:
        barrier.wait()
        for _ in range(20):
            for kind in KINDS:
                deliverer.deliver(kind)

    threads = [threading.Thread(target=wake, args=(each,)) for each in deliverers * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    bench.deliver_until(deliverers[0], bench.all_done, "done")
    assert bench.tickets_made() == {"create_ticket": 100}
    assert len({each.idempotency_key for each in bench.api.effects()}) == 100


def test_an_answer_that_the_ledger_cannot_take_does_not_end_the_settling_of_others(bench: Bench) -> None:
    """The ledger refuses a ticket id.

    A server other than the real one may send an id with NUL. SQLite accepts such an id, so a trigger refuses it here.
    """
    with bench.ledger.database.write() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER refuse BEFORE UPDATE OF ticket_id ON cases WHEN NEW.key = 'bad' "
            "BEGIN SELECT RAISE(ABORT, 'refused'); END"
        )
    bench.open_cases("bad", "good")
    deliverer = bench.deliverer()
    bench.deliver_until(deliverer, lambda: bench.ledger.find("good")[0].ticket_id is not None, "the good one settled")
    bench.open_cases("later")
    bench.deliver_until(deliverer, lambda: bench.ledger.find("later")[0].ticket_id is not None, "a later one settled")
    assert bench.ledger.find("bad")[0].ticket_id is None
