"""A sender that is too slow is told so and its connection ends; one that is slow within its time is answered.

A deadline that a test waits for is short, and any other is long: a test ends when the listener acts, not at a time.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from tickets.http_listener import Limits, StrictProtocol
from tickets.http_listener.limits import BYTES_PER_SECOND
from tickets.server import AbortableProtocol

from .listening import GET, HEAD, LONG, PATIENT, PROBE, SHORT, listening

SHORT_HEAD = replace(PATIENT, head_s=SHORT)
SHORT_BODY = replace(PATIENT, body_s=SHORT)
TWO_BYTES = HEAD + b"Content-Length: 2\r\n\r\n"


def test_the_deadlines_are_those_that_the_settings_name() -> None:
    assert (Limits().head_s, Limits().body_s, Limits().keep_alive_s) == (10, 60, 75)
    assert BYTES_PER_SECOND == 65536


@pytest.mark.parametrize("protocol", [StrictProtocol, AbortableProtocol], ids=["serve", "run"])
def test_a_connection_on_which_nothing_comes_ends_without_a_word(protocol: type[StrictProtocol]) -> None:
    with listening(SHORT_HEAD, protocol) as served:
        assert served.connect().rest() == b""


@pytest.mark.parametrize(
    "part", [b"P", HEAD, HEAD + b"A: b\r\n", b"\r\n"], ids=["a byte", "a host", "a header", "a line"]
)
def test_a_head_that_does_not_come_to_its_end_is_answered_408(part: bytes) -> None:
    with listening(SHORT_HEAD) as served:
        sender = served.connect(part)
        late = sender.answer()
        assert (late.status, late.headers["connection"]) == (408, "close")
        assert sender.rest() == b""


def test_a_head_that_drips_is_answered_408() -> None:
    with listening(SHORT_HEAD) as served:
        sender = served.connect(HEAD)
        sender.socket.settimeout(SHORT / 10)
        came = b""
        while not came:
            sender.send(b"A: b\r\n")
            try:
                came = sender.socket.recv(12)
            except TimeoutError:
                continue
        assert came == b"HTTP/1.1 408"


def test_the_head_of_a_later_request_has_a_deadline_too() -> None:
    with listening(SHORT_HEAD) as served:
        sender = served.connect(GET)
        assert sender.answer().status == 200
        assert sender.send(b"P").answer().status == 408
        assert sender.rest() == b""


def test_a_connection_that_waits_for_its_next_request_ends_after_its_own_time() -> None:
    with listening(replace(PATIENT, keep_alive_s=SHORT)) as served:
        sender = served.connect(GET)
        assert sender.answer().status == 200
        assert sender.rest() == b""


@pytest.mark.parametrize("part", [b"", b"a"], ids=["no byte", "a byte"])
def test_a_body_that_does_not_come_to_its_end_is_answered_408_and_not_handed_on(part: bytes) -> None:
    with listening(SHORT_BODY) as served:
        sender = served.connect(TWO_BYTES + part)
        late = sender.answer()
        assert (late.status, late.headers["connection"]) == (408, "close")
        assert sender.rest() == b""
    assert (served.app.bodies, served.app.cut_off) == ([], 1)


def test_a_body_that_does_not_come_is_no_defect(caplog: pytest.LogCaptureFixture) -> None:
    with listening(SHORT_BODY) as served:
        assert served.connect(TWO_BYTES).answer().status == 408
    assert caplog.records == []


def test_a_chunked_body_that_does_not_come_to_its_end_is_answered_408() -> None:
    with listening(SHORT_BODY) as served:
        sender = served.connect(HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n1;")
        assert sender.answer().status == 408
        assert sender.rest() == b""


def test_a_body_has_a_second_more_for_each_64_kib_that_came() -> None:
    size = int(LONG) * BYTES_PER_SECOND  # so much would be read until long after the test
    with listening(replace(PATIENT, body_s=SHORT)) as served:
        quick = served.connect(
            HEAD + b"Content-Length: %d\r\n\r\n" % (3 * BYTES_PER_SECOND), b"a" * 2 * BYTES_PER_SECOND
        )
        slow = served.connect(HEAD + b"Content-Length: %d\r\n\r\n" % size)
        assert slow.answer().status == 408
        assert quick.send(b"a" * BYTES_PER_SECOND).answer().status == 200


def test_a_body_that_comes_byte_by_byte_within_its_time_is_taken() -> None:
    with listening() as served:
        body = b"byte by byte" * 100
        sender = served.connect(HEAD + b"Content-Length: %d\r\n\r\n" % len(body))
        sender.send(*(bytes((each,)) for each in body))
        assert sender.answer().status == 200
        assert served.app.bodies == [body]


def test_a_body_that_is_not_wanted_any_more_is_not_read_for_long() -> None:
    with listening(SHORT_HEAD) as served:
        sender = served.connect(b"POST /early HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000000\r\n\r\n")
        assert sender.answer().status == 200
        assert sender.rest() == b""


def test_a_request_that_is_being_worked_on_has_all_time() -> None:
    with listening(replace(PATIENT, head_s=SHORT, body_s=SHORT, keep_alive_s=SHORT)) as served:
        held = served.connect(b"GET /held HTTP/1.1\r\nHost: x\r\n\r\n")
        assert served.connect().rest() == b""  # so long, at least
        served.app.go_on()
        assert held.answer().status == 200


def test_a_request_behind_one_that_is_being_worked_on_has_its_time_from_then_on() -> None:
    with listening(replace(PATIENT, head_s=SHORT, body_s=SHORT)) as served:
        held = served.connect(b"GET /held HTTP/1.1\r\nHost: x\r\n\r\n" + TWO_BYTES + b"a")
        assert served.connect().rest() == b""
        served.app.go_on()
        assert [held.answer().status for _ in range(2)] == [200, 408]
        assert held.rest() == b""


def test_a_sender_that_does_not_take_its_answer_is_cut_off() -> None:
    with listening(SHORT_BODY) as served:
        sender = served.connect(b"GET /long HTTP/1.1\r\nHost: x\r\n\r\n")
        served.connect(TWO_BYTES).answer()  # its deadline passes later than the other one's
        assert len(sender.rest()) < 64 * 1024 * 1024


def test_a_sender_that_goes_on_sending_after_its_refusal_reads_it() -> None:
    with listening() as served:
        sender = served.connect(b"nonsense\r\n\r\n", *[b"a" * 65536] * 20)
        assert sender.answer().status == 400


def test_a_listener_that_ends_waits_for_no_slow_sender(caplog: pytest.LogCaptureFixture) -> None:
    with listening(replace(PATIENT, shutdown_s=SHORT)) as served:
        in_head, in_body = served.connect(HEAD), served.connect(TWO_BYTES + b"a")
        idle, silent = served.connect(PROBE), served.connect()
        assert idle.answer().status == 200
        long = served.connect(b"GET /long HTTP/1.1\r\nHost: x\r\n\r\n")
        served.connect(PROBE).answer()
        served.end()
        ended = in_body.answer()
        assert (ended.status, ended.headers["retry-after"]) == (503, "5")
        assert [each.rest() for each in (in_head, idle, silent, in_body)] == [b""] * 4
        assert len(long.rest()) < 64 * 1024 * 1024
    assert caplog.records == []


def test_a_listener_that_ends_lets_a_request_come_to_its_end() -> None:
    with listening() as served:
        held = served.connect(b"POST /held HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\na")
        served.connect(PROBE).answer()
        served.end()
        held.send(b"b")
        served.app.go_on()
        answer = held.answer()
        assert (answer.status, answer.headers["connection"]) == (200, "close")
        assert served.app.bodies == [b"ab"]
