"""There is a cap of connections below the limit of open files, and a probe is answered above it."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from tickets.http_listener import AtMostOncePer, Limits
from tickets.http_listener.limits import ABOVE_CAP, KEPT_FILES, ON_PROBATION

from .builders import ManualClock
from .listening import GET, HEAD, PATIENT, PROBE, Listening, Sender, listening

FEW = replace(PATIENT, connections=3)


def full(served: Listening) -> list[Sender]:
    """Return senders that have all places, each in the middle of a request."""
    senders = [served.connect(HEAD) for _ in range(FEW.connections)]
    senders[-1].send(b"Content-Length: 1\r\n\r\n")
    wait_for(lambda: len(served.thread._connections._placed) == FEW.connections)
    return senders


def wait_for(holds: Callable[[], bool]) -> None:
    while not holds():
        time.sleep(0.001)


def test_a_request_on_one_connection_too_many_is_answered_503_and_told_when_to_come_again() -> None:
    with listening(FEW) as served:
        full(served)
        refused = served.connect(GET)
        answer = refused.answer()
        assert (answer.status, answer.headers["retry-after"], answer.headers["connection"]) == (503, "5", "close")
        assert refused.rest() == b""
        assert served.app.bodies == []


def test_a_probe_is_answered_on_one_connection_too_many_and_then_that_connection_ends() -> None:
    with listening(FEW) as served:
        full(served)
        for _ in range(3):
            probe = served.connect(PROBE)
            answer = probe.answer()
            assert (answer.status, answer.headers["connection"]) == (200, "close")
            assert probe.rest() == b""


def test_a_probe_is_answered_while_senders_without_a_place_say_nothing() -> None:
    with listening(FEW) as served:
        full(served)
        silent = [served.connect() for _ in range(ON_PROBATION + 5)]
        assert served.connect(PROBE).answer().status == 200
        assert [each.answer().status for each in silent[:5]] == [503] * 5


def test_a_place_that_is_free_again_is_for_the_next_request() -> None:
    with listening(FEW) as served:
        senders = full(served)
        waiting = served.connect()
        served.connect(PROBE).answer()
        assert senders[-1].send(b"a").answer().status == 200
        senders[-1].close()
        wait_for(lambda: len(served.thread._connections._placed) < FEW.connections)
        answer = waiting.send(GET).answer()
        assert (answer.status, "connection" in answer.headers) == (200, False)


def test_a_connection_that_waits_for_its_next_request_gives_way() -> None:
    with listening(FEW) as served:
        idle = [served.connect(GET) for _ in range(FEW.connections)]
        assert [each.answer().status for each in idle] == [200] * 3
        assert served.connect(GET).answer().status == 200
        assert idle[0].rest() == b""
        assert idle[1].send(GET).answer().status == 200
        assert served.connect(GET).answer().status == 200
        assert idle[2].rest() == b""


def test_a_sender_that_left_holds_no_place() -> None:
    with listening(FEW) as served:
        for _ in range(4):
            for each in full(served):
                each.close()
            wait_for(lambda: not served.thread._connections._placed)
        assert served.connect(GET).answer().status == 200


def test_a_full_listener_says_so_in_the_log_but_not_for_each_sender() -> None:
    with capture_logs() as logs, listening(FEW) as served:
        full(served)
        for _ in range(20):
            served.connect(GET).answer()
    assert [each["event"] for each in logs].count("http.full") == 1


def test_something_that_happens_often_is_told_once_a_minute_with_its_number() -> None:
    clock, told = ManualClock(), []
    say = AtMostOncePer(60, lambda number, text: told.append((number, text)), lambda: clock.now.timestamp())
    for _ in range(1000):
        say("too many open files")
    assert told == [(1, "too many open files")]
    clock.advance(seconds=60)
    say("too many open files")
    assert told[1:] == [(1000, "too many open files")]


def test_the_cap_leaves_the_process_enough_files(monkeypatch: pytest.MonkeyPatch) -> None:
    def capped(files: int) -> int:
        monkeypatch.setattr(resource, "getrlimit", lambda _: (files, files))
        return Limits(connections=100_000).under_file_limit().connections

    assert capped(1024) == 1024 - KEPT_FILES - ABOVE_CAP >= Limits().connections
    assert capped(8192) == 8192 - KEPT_FILES - ABOVE_CAP
    assert capped(256) == 64
    assert capped(resource.RLIM_INFINITY) == 100_000


WITHOUT_FILES = """
import asyncio.constants, resource, socket, time
from tests.worker.listening import GET, PATIENT, Sender, listening
from worker.runtime.starting import log_to_stderr

log_to_stderr("info")
asyncio.constants.ACCEPT_RETRY_DELAY = 0.05
with listening(PATIENT) as served:
    served.connect(GET).answer()
    lowest = socket.socket().fileno()
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest + 20, lowest + 20))
    senders = []
    try:
        while True:
            senders.append(Sender(served.address))
    except OSError:
        pass
    senders.pop().close()  # a file for the listener, or for the next sender
    time.sleep(0.2)
    for each in senders:
        each.close()
    print(served.connect(GET).answer().status)
"""


def test_a_process_without_a_file_for_a_connection_says_so_once_and_goes_on_when_it_has_one() -> None:
    """asyncio's own report is a line for each try: 184 MB in 20 s."""
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_FILES], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout == "200\n", done.stderr
    assert done.stderr.count("http.accept_failed") == 1
    assert len(done.stderr.splitlines()) == 1
