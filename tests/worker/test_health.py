"""`/livez` distinguishes a process that works from one that only runs."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.worker.test_tasks import settings_for
from worker.broker.relay import Relay
from worker.broker.worker import WorkerThread
from worker.delivery.dispatch import BrokerAway
from worker.ledger import Ledger
from worker.runtime.health import Parts, health_app, threads
from worker.runtime.metrics import Metrics

PARTS = {"alarms", "bell", "calls", "celery", "dispatch", "jobs", "notify", "ping", "settler"}


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    made = Ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    made.upgrade()
    yield made
    made.close()


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[Relay]:
    made = Relay(settings_for(tmp_path, "http://127.0.0.1:1/api/v1"))
    made.ledger.upgrade()
    yield made
    made.publisher.close()
    made.ledger.close()


def ask(ledger: Ledger, parts: Parts, path: str) -> httpx.Response:
    async def get() -> httpx.Response:
        transport = httpx.ASGITransport(health_app(ledger, Metrics(), parts))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.get(path)

    return asyncio.run(get())


def test_a_process_is_alive_while_all_of_its_parts_live(ledger: Ledger) -> None:
    lives = {"heart": True, "lungs": True}
    parts: Parts = {"heart": lambda: lives["heart"], "lungs": lambda: lives["lungs"]}
    assert ask(ledger, parts, "/livez").status_code == 200
    lives["lungs"] = False
    answer = ask(ledger, parts, "/livez")
    assert (answer.status_code, answer.text) == (503, "parts that died: lungs\n")


def test_a_thread_lives_until_it_ends() -> None:
    over = threading.Event()
    thread = threading.Thread(target=over.wait, name="the thread of this test")
    lives = threads("the thread of this test")["the thread of this test"]
    assert not lives()
    thread.start()
    assert lives()
    over.set()
    thread.join()
    assert not lives()


def test_every_part_of_a_worker_lives_from_its_start_to_its_end(relay: Relay) -> None:
    worker = WorkerThread(relay)
    worker.start()
    parts = worker.parts()
    assert {name for name, lives in parts.items() if lives()} == PARTS
    worker.stop()
    assert [name for name, lives in parts.items() if lives()] == []


def test_a_worker_can_follow_another_one_in_the_same_process(relay: Relay) -> None:
    for _ in range(2):
        worker = WorkerThread(relay)
        worker.start()
        parts = worker.parts()
        assert {name for name, lives in parts.items() if lives()} == PARTS
        worker.stop()


def test_an_event_loop_that_does_not_turn_counts_as_dead(relay: Relay) -> None:
    worker = WorkerThread(relay)
    worker.start()
    node = relay.node
    assert node is not None
    go_on = threading.Event()
    node._deliverer._loop.call_soon_threadsafe(go_on.wait)  # as a call that blocks instead of awaiting
    assert not node.answers(0.05)
    go_on.set()
    assert node.answers(20)
    worker.stop()


def test_after_a_failure_nobody_waits_for_the_broker_again_at_once(tmp_path: Path) -> None:
    with socket.socket() as silent:  # takes connections, and sends no byte
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        silent.setblocking(False)
        port = silent.getsockname()[1]
        relay = Relay(settings_for(tmp_path, "http://127.0.0.1:1/api/v1", f"amqp://guest:guest@127.0.0.1:{port}//"))
        try:
            with pytest.raises(BrokerAway, match="timed out"):
                relay.publisher.publish("create_ticket")
            while _is_called(silent):
                pass
            with pytest.raises(BrokerAway, match="just failed"):
                relay.publisher.publish("create_ticket")
            assert not _is_called(silent)
        finally:
            relay.publisher.close()
            relay.ledger.close()


def _is_called(listener: socket.socket) -> bool:
    """Take one waiting connection; False if there is none."""
    try:
        listener.accept()[0].close()
    except BlockingIOError:
        return False
    return True
