"""Parsing of bytes into one answer, the end of an answer, and requests that are refused before they become bytes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from itertools import pairwise

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets.wire import MAX_HEAD, MAX_RECEIVED, WireAnswer, request_bytes

OK = b"HTTP/1.1 201 Created\r\n"
WITH_LENGTH = OK + b"Content-Type: application/json\r\nContent-Length: 5\r\n\r\nhello"
IN_CHUNKS = OK + b"Transfer-Encoding: Chunked\r\n\r\n2;x=y\r\nhe\r\n3\r\nllo\r\n0\r\nX-Trailer: t\r\n\r\n"
AFTER_OTHERS = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + WITH_LENGTH


def answer_of(*parts: bytes) -> WireAnswer:
    answer = WireAnswer()
    for each in parts:
        answer.feed(each)
    return answer


def endless(beginning: bytes, part: bytes) -> Iterator[bytes]:
    """Yield more bytes than the limit for an answer."""
    yield beginning
    yield from (part for _ in range(MAX_RECEIVED // len(part) + 1))


@pytest.mark.parametrize("data", [WITH_LENGTH, IN_CHUNKS, AFTER_OTHERS])
@given(cuts=st.sets(st.integers(1, 150)))
def test_however_an_answer_is_cut_it_is_the_same(data: bytes, cuts: set[int]) -> None:
    places = [0, *sorted(each for each in cuts if each < len(data)), len(data)]
    answer = WireAnswer()
    for begin, end in pairwise(places):
        assert not answer.is_whole
        answer.feed(data[begin:end])
    assert (answer.status, bytes(answer.body), answer.leaves_connection_clean) == (201, b"hello", True)
    names = [name for name, _ in answer.headers]
    assert b"Link" not in names
    assert b"X-Trailer" not in names


@pytest.mark.parametrize("status", [b"204 No Content", b"304 Not Modified"])
def test_an_answer_that_has_no_body_is_whole_with_its_head(status: bytes) -> None:
    answer = answer_of(b"HTTP/1.1 " + status + b"\r\n\r\n")
    assert answer.leaves_connection_clean
    assert answer.body == b""


def test_an_answer_that_says_no_length_ends_with_its_connection() -> None:
    answer = answer_of(OK + b"\r\nhel", b"lo")
    assert (answer.status, answer.is_whole) == (201, False)
    answer.end()
    assert (answer.is_whole, bytes(answer.body), answer.leaves_connection_clean) == (True, b"hello", False)


@pytest.mark.parametrize("data", [WITH_LENGTH, IN_CHUNKS])
def test_an_answer_that_says_its_length_is_cut_where_the_connection_ends_before(data: bytes) -> None:
    for size in range(len(data)):
        answer = answer_of(data[:size])
        with pytest.raises(httpx.RemoteProtocolError):
            answer.end()


@pytest.mark.parametrize(
    "behind", [b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b"H", b"\0", b"garbage", b"\r\n\r\nHTTP/1.1 200"]
)
@pytest.mark.parametrize("data", [WITH_LENGTH, IN_CHUNKS, b"HTTP/1.1 204 No Content\r\n\r\n"])
def test_an_answer_with_something_behind_it_stands_and_its_connection_is_not_used_again(
    data: bytes, behind: bytes
) -> None:
    answer = answer_of(data + behind)
    assert answer.is_whole
    assert (answer.status, bytes(answer.body)) == (answer_of(data).status, bytes(answer_of(data).body))
    assert not answer.leaves_connection_clean


@pytest.mark.parametrize(
    "head", [b"HTTP/1.1 201 Created\r\nConnection: close\r\n", b"HTTP/1.0 201 Created\r\n", b"HTTP/1.0 201\r\n"]
)
def test_a_service_that_will_close_is_not_sent_to_again(head: bytes) -> None:
    answer = answer_of(head + b"Content-Length: 5\r\n\r\nhello")
    assert answer.is_whole
    assert not answer.leaves_connection_clean


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01 what is this?\r\n\r\n",
        b"<html>",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/2.0 201 Created\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 2x1 Created\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        OK + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        OK + b"Content-Length: 5, 6\r\n\r\nhello",
        OK + b"Content-Length: -5\r\n\r\nhello",
        OK + b"Content-Length: five\r\n\r\nhello",
        OK + b"Content-Length: 99999999999999999999999\r\n\r\nhello",
        OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        OK + b"Transfer-Encoding: identity\r\n\r\nhello",
        OK + b"Transfer-Encoding: chunked\r\n\r\nfive\r\nhello\r\n0\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello, and more\r\n0\r\n\r\n",
        OK + b"X-Broken\x00: 1\r\nContent-Length: 0\r\n\r\n",
        OK + b"Content-Length : 5\r\n\r\nhello",
    ],
)
def test_what_is_no_answer_or_could_be_read_as_two_is_refused(data: bytes) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        answer_of(data)


@pytest.mark.parametrize(
    ("beginning", "part"),
    [
        (OK + b"X: ", b"y" * 4096),
        (OK, b"X: y\r\n" * 512),
        (b"", b"HTTP/1.1 102 Processing\r\n\r\n" * 64),
        (OK + b"\r\n", b"y" * 65536),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\ny\r\n" * 4096),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n" * 4096),
    ],
    ids=["header", "headers", "interim answers", "body", "chunks", "trailers"],
)
def test_nothing_is_received_for_ever(beginning: bytes, part: bytes) -> None:
    answer = WireAnswer()

    def receive() -> None:
        for each in endless(beginning, part):
            answer.feed(each)

    with pytest.raises(httpx.RemoteProtocolError, match="too long"):
        receive()
    assert len(answer.body) <= MAX_RECEIVED
    assert answer.status is not None or sum(len(name) + len(value) for name, value in answer.headers) <= MAX_HEAD


@given(st.binary(max_size=300) | st.binary(max_size=100).map(lambda data: WITH_LENGTH[:60] + data))
def test_bytes_of_any_kind_are_an_answer_or_refused(data: bytes) -> None:
    answer = WireAnswer()
    try:
        answer.feed(data)
        if not answer.is_whole:
            answer.end()
    except httpx.RemoteProtocolError:
        return
    assert answer.is_whole
    assert answer.status is not None


URL = "https://tickets.example:8443/api/v1/tickets?search=a%20b"


def test_a_request_is_its_line_its_headers_and_its_body() -> None:
    request = httpx.Request("POST", URL, headers={"X-API-Key": "k"}, content=b"{}")
    assert request_bytes(request, b"{}") == (
        b"POST /api/v1/tickets?search=a%20b HTTP/1.1\r\nHost: tickets.example:8443\r\nX-API-Key: k\r\n"
        b"Content-Length: 2\r\n\r\n{}"
    )
    assert request_bytes(httpx.Request("GET", "http://h"), b"") == b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"


async def unknown_length() -> AsyncIterator[bytes]:
    yield b"{}"


REFUSED: dict[str, httpx.Request] = {
    "a header's value with a line of its own": httpx.Request("GET", URL, headers={"X": "secret\r\nY: z"}),
    "a header's value with half a line's end": httpx.Request("GET", URL, headers={"X": "secret\rY: z"}),
    "a header's name with a line of its own": httpx.Request("GET", URL, headers={"X: secret\r\nY": "z"}),
    "a NUL": httpx.Request("GET", URL, headers={"X": "secret\0"}),
    "a method of two words": httpx.Request("GET /secret HTTP/1.1\r\nX:", URL),
    "a method whose answer ends otherwise": httpx.Request("HEAD", URL),
    "a tunnel": httpx.Request("CONNECT", URL),
    "a body of unknown length": httpx.Request("POST", URL, content=unknown_length()),
    "a body shorter than was said": httpx.Request("POST", URL, headers={"Content-Length": "9"}, content=b"{}"),
    "a body that was said to be none": httpx.Request("POST", URL, headers={"Content-Length": "0"}, content=b"{}"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_request_that_could_be_read_as_another_is_not_put_into_bytes(what: str) -> None:
    request = REFUSED[what]
    with pytest.raises(httpx.LocalProtocolError) as refusal:
        request_bytes(request, asyncio.run(request.aread()))
    assert "secret" not in str(refusal.value)
