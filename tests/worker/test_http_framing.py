"""Requests that two servers could read differently are refused, and the connection is closed (RFC 9112, 11.2)."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tickets.http_listener import MAX_HEAD, StrictProtocol
from tickets.http_listener.limits import MAX_PIPELINED
from tickets.server import AbortableProtocol

from .listening import GET, HEAD, Listening, listening

CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
EMPTY = b"Content-Length: 0\r\n\r\n"
AMBIGUOUS = {
    "a length and a transfer coding": HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a transfer coding and a length": HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "a length in a trailer": CHUNKED + b"0\r\nContent-Length: 5\r\n\r\n",
    "two lengths": HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "one length twice": HEAD + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\na",
    "a list of lengths": HEAD + b"Content-Length: 1, 1\r\n\r\na",
    "an empty length": HEAD + b"Content-Length: \r\n\r\n",
    "a length with a sign": HEAD + b"Content-Length: +1\r\n\r\na",
    "a negative length": HEAD + b"Content-Length: -1\r\n\r\na",
    "a length in hexadecimal": HEAD + b"Content-Length: 0x1\r\n\r\na",
    "a length beyond all numbers": HEAD + b"Content-Length: " + b"9" * 30 + b"\r\n\r\na",
    "bare line feeds": b"POST /in HTTP/1.1\nHost: x\nContent-Length: 0\n\n",
    "a bare line feed after a header": HEAD + b"A: b\nContent-Length: 0\r\n\r\n",
    "a bare line feed after the head": HEAD + b"Content-Length: 0\r\n\n",
    "a bare carriage return": HEAD + b"A: b\rContent-Length: 0\r\n\r\n",
    "a folded header": HEAD + b"A: b\r\n c\r\n" + EMPTY,
    "a header folded with a tab": HEAD + b"A: b\r\n\tc\r\n" + EMPTY,
    "a folded transfer coding": HEAD + b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    "a folded first header": b"POST /in HTTP/1.1\r\n Host: x\r\n" + EMPTY,
    "white space before the colon": HEAD + b"Content-Length : 0\r\n\r\n",
    "a header without a name": HEAD + b": b\r\n" + EMPTY,
    "a header without a colon": HEAD + b"A\r\n" + EMPTY,
    "NUL in a name": HEAD + b"A\0: b\r\n" + EMPTY,
    "NUL in a value": HEAD + b"A: b\0c\r\n" + EMPTY,
    "a control character in a value": HEAD + b"A: b\x01\r\n" + EMPTY,
    "NUL in the address": b"POST /in\0 HTTP/1.1\r\nHost: x\r\n" + EMPTY,
    "a vertical tab before the coding": HEAD + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "two transfer codings": HEAD + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
    "one coding twice": HEAD + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "a coding that is not the last": HEAD + b"Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
    "an empty coding": HEAD + b"Transfer-Encoding: \r\n\r\n0\r\n\r\n",
    "a coding in HTTP/1.0": b"POST /in HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a chunk size that is no number": CHUNKED + b"x\r\n",
    "a chunk size with a sign": CHUNKED + b"+1\r\na\r\n0\r\n\r\n",
    "a chunk size with 0x": CHUNKED + b"0x1\r\na\r\n0\r\n\r\n",
    "a chunk size with a space": CHUNKED + b"1 \r\na\r\n0\r\n\r\n",
    "a chunk size beyond all numbers": CHUNKED + b"f" * 17 + b"\r\na\r\n",
    "a chunk that is longer than its size": CHUNKED + b"1\r\nab\r\n0\r\n\r\n",
    "a bare line feed after a chunk's size": CHUNKED + b"1\na\r\n0\r\n\r\n",
    "a bare line feed after a chunk": CHUNKED + b"1\r\na\n0\r\n\r\n",
    "a bare line feed in a chunk's extension": CHUNKED + b"1;a\nb\r\na\r\n0\r\n\r\n",
    "NUL in a chunk's extension": CHUNKED + b"1;a\0b\r\na\r\n0\r\n\r\n",
    "a folded trailer": CHUNKED + b"0\r\nA: b\r\n c\r\n\r\n",
    "no host": b"POST /in HTTP/1.1\r\n" + EMPTY,
    "two hosts": HEAD + b"Host: y\r\n" + EMPTY,
    "a host with a path": b"POST /in HTTP/1.1\r\nHost: x/y\r\n" + EMPTY,
    "no method": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "an address with a space": b"POST /in x HTTP/1.1\r\nHost: x\r\n" + EMPTY,
}
UNSUPPORTED = {
    "a coding with another name": (501, HEAD + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
    "a coding before chunked": (501, HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
    "a tunnel": (501, b"CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n"),
    "HTTP/2.0 in the first line": (505, b"POST /in HTTP/2.0\r\nHost: x\r\n" + EMPTY),
    "no version": (505, b"GET /in\r\n\r\n"),
}
REFUSED = {name: (400, request) for name, request in AMBIGUOUS.items()} | UNSUPPORTED


@pytest.fixture(scope="module", params=[StrictProtocol, AbortableProtocol], ids=["serve", "run"])
def listener(request: pytest.FixtureRequest) -> Iterator[Listening]:
    with listening(protocol=request.param) as each:
        yield each


@pytest.fixture
def served(listener: Listening) -> Iterator[Listening]:
    yield listener
    listener.disconnect()


@pytest.mark.parametrize(("status", "request_"), REFUSED.values(), ids=REFUSED)
def test_a_request_that_can_be_read_in_two_ways_is_refused_and_nothing_after_it_is_read(
    served: Listening, status: int, request_: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    before = len(served.app.bodies)
    sender = served.connect(request_ + GET)
    refused = sender.answer()
    assert (refused.status, refused.headers["connection"]) == (status, "close")
    assert sender.rest() == b""
    assert len(served.app.bodies) == before
    assert caplog.records == []  # a stranger writes no log


@pytest.mark.parametrize(("status", "request_"), REFUSED.values(), ids=REFUSED)
def test_that_holds_when_it_comes_byte_by_byte(served: Listening, status: int, request_: bytes) -> None:
    sender = served.connect(*(bytes((each,)) for each in request_))
    assert sender.answer().status == status
    assert sender.rest() == b""


def test_a_refusal_does_not_overtake_the_answer_to_the_request_before(served: Listening) -> None:
    sender = served.connect(GET + HEAD + b"A: b\r\n c\r\n" + EMPTY)
    assert [sender.answer().status for _ in range(2)] == [200, 400]
    assert sender.rest() == b""


def test_nor_where_that_answer_is_still_being_made(served: Listening) -> None:
    sender = served.connect(b"GET /held HTTP/1.1\r\nHost: x\r\n\r\n")
    sender.send(CHUNKED + b"nonsense\r\n" + GET)
    served.connect(GET).answer()
    served.app.go_on()
    assert [sender.answer().status for _ in range(2)] == [200, 400]
    assert sender.rest() == b""


@pytest.mark.parametrize("size", [MAX_HEAD, 3 * MAX_HEAD])
def test_headers_over_the_limit_are_refused_in_one_read_too(served: Listening, size: int) -> None:
    for head in (
        HEAD + b"A: " + b"a" * size,
        HEAD + b"A: bcd\r\n" * (size // 8),
        b"POST /" + b"a" * size + b" HTTP/1.1\r\nHost: x",
        b"POST /" + b"a" * size + b" HTTP/1.0",
    ):
        sender = served.connect(head + b"\r\n\r\n" + GET)
        assert sender.answer().status == 400
        assert sender.rest() == b""


def test_headers_within_the_limit_are_read(served: Listening) -> None:
    size = MAX_HEAD - len("/inHost: x\r\nA: \r\n") - 1
    assert served.connect(b"GET /in HTTP/1.1\r\nHost: x\r\nA: " + b"a" * size + b"\r\n\r\n").answer().status == 200


def test_a_trailer_is_not_taken_for_a_header(served: Listening) -> None:
    sender = served.connect(CHUNKED + b"1\r\na\r\n0\r\nAuthorization: Bearer forged\r\n\r\n")
    assert sender.answer().status == 200
    assert b"authorization" not in dict(served.app.headers[-1])


def test_white_space_around_a_value_is_not_part_of_it(served: Listening) -> None:
    served.connect(HEAD + b"A: \t b c \t\r\nContent-Length: 1 \r\n\r\na").answer()
    assert dict(served.app.headers[-1])[b"a"] == b"b c"
    assert served.app.bodies[-1] == b"a"


UPGRADE = HEAD + b"Connection: Upgrade\r\nUpgrade: h2c\r\n"


INNER = GET.ljust(49)
IN_CHUNKS = b"Transfer-Encoding: chunked\r\n\r\n31\r\n" + INNER + b"\r\n0\r\n\r\n"


@pytest.mark.parametrize("rest", [b"Content-Length: 49\r\n\r\n" + INNER, IN_CHUNKS], ids=["a length", "chunks"])
def test_the_body_of_a_request_that_asks_for_another_protocol_is_not_taken_for_a_request(
    served: Listening, rest: bytes
) -> None:
    """Java's client asks for HTTP/2 in every first request; nginx hands the wish on where it is told to."""
    before = len(served.app.bodies)
    for cut in (0, 1, 30, len(rest)):
        sender = served.connect(UPGRADE + rest[:cut])
        served.connect(GET).answer()
        sender.send(rest[cut:] + HEAD + b"Content-Length: 5\r\n\r\nafter")
        assert [sender.answer().status for _ in range(2)] == [200, 200]
        assert [each for each in served.app.bodies[before:] if each] == [INNER, b"after"]
        del served.app.bodies[before:]


def test_a_request_without_a_body_that_asks_for_another_protocol_is_answered(served: Listening) -> None:
    sender = served.connect((UPGRADE + b"\r\n") * 2 + GET)
    assert [sender.answer().status for _ in range(3)] == [200] * 3


def test_a_sender_that_waits_for_100_continue_gets_it_and_with_http_1_0_does_not(served: Listening) -> None:
    expects = b"Host: x\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n"
    sender = served.connect(b"POST /in HTTP/1.1\r\n" + expects)
    assert sender.answer().status == 100
    assert sender.send(b"a").answer().status == 200
    older = served.connect(b"POST /in HTTP/1.0\r\n" + expects, b"a")
    assert older.answer().status == 200
    assert older.rest() == b""


def test_http_1_0_needs_no_host_and_its_connection_ends(served: Listening) -> None:
    sender = served.connect(b"POST /in HTTP/1.0\r\nContent-Length: 1\r\n\r\na" + GET)
    assert sender.answer().status == 200
    assert sender.rest() == b""


def test_requests_that_come_together_are_answered_in_their_order_and_only_so_many_are_kept(served: Listening) -> None:
    def numbered(number: int) -> bytes:
        return HEAD + b"Content-Length: 4\r\n\r\n%04d" % number

    before = len(served.app.bodies)
    sender = served.connect(b"".join(numbered(each) for each in range(5)))
    assert [sender.answer().status for _ in range(5)] == [200] * 5
    assert served.app.bodies[before:] == [b"%04d" % each for each in range(5)]
    del served.app.bodies[before:]
    many = served.connect(b"".join(numbered(each) for each in range(1000)))
    assert many.rest().count(b"HTTP/1.1 200 OK") == MAX_PIPELINED + 1
    assert served.app.bodies[before:] == [b"%04d" % each for each in range(MAX_PIPELINED + 1)]


def test_a_request_that_asks_for_another_protocol_is_not_logged(
    served: Listening, caplog: pytest.LogCaptureFixture
) -> None:
    served.connect(UPGRADE + b"\r\n").answer()
    assert caplog.records == []


def test_bytes_that_are_torn_and_changed_break_nothing(served: Listening, caplog: pytest.LogCaptureFixture) -> None:
    chance = random.Random(9112)  # noqa: S311 — the same bytes each time
    good = [GET, UPGRADE + IN_CHUNKS, CHUNKED + b"1\r\na\r\n0\r\n\r\n"]
    parts = [*(request for _, request in REFUSED.values()), *(good * 10)]
    for _ in range(300):
        data = bytearray(b"".join(chance.choices(parts, k=3)))
        for _ in range(chance.choice((0, 1, 4))):
            data[chance.randrange(len(data))] = chance.randrange(256)
        cut = chance.randrange(len(data))
        sender = served.connect()
        with suppress(ConnectionError):
            sender.send(bytes(data[:cut]))
            served.connect(GET).answer()  # until then the first part has been read
            sender.send(bytes(data[cut:]))
            served.connect(GET).answer()
            sender.socket.shutdown(socket.SHUT_WR)
        assert sender.rest()[:9] in (b"", b"HTTP/1.1 ")
        served.disconnect()
    assert served.connect(GET).answer().status == 200
    assert caplog.records == []
