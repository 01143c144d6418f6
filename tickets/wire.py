"""Serialises requests, and parses the received bytes, however they are split, into one answer.

Pure: sends nothing and waits for nothing. httptools, the binding of Node.js's parser, parses. This module decides what
httptools leaves open: where an answer without a length ends, data after an answer, and the longest answer.

Source: RFC 9112 (HTTP/1.1), sections 3, 6, 9.
"""

from __future__ import annotations

import httpx
from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

MAX_HEAD = 64 * 1024  # bytes before the end of an answer's head, interim answers included
MAX_RECEIVED = 8 * 1024 * 1024  # bytes of a whole answer, chunk sizes and trailers included

Headers = list[tuple[bytes, bytes]]

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")  # answers to HEAD and CONNECT end in other ways
_VERSIONS = ("1.1", "1.0")
_LENGTH, _ENCODING = b"content-length", b"transfer-encoding"


def request_bytes(request: httpx.Request, body: bytes) -> bytes:
    """Return the request as sent over the wire, its headers in their order.

    Raises httpx.LocalProtocolError, without values in its message, if a service could misread the request as
    another one.
    """
    target, headers = request.url.raw_path, request.headers.raw
    if request.method not in _METHODS:
        raise httpx.LocalProtocolError("the method is unknown to this transport")
    framing = [value for name, value in headers if name.lower() in (_LENGTH, _ENCODING)]
    if framing != [b"%d" % len(body)] and (framing or body):
        raise httpx.LocalProtocolError("Content-Length must be the length of the body")
    lines = [b"%b %b HTTP/1.1" % (request.method.encode("ascii"), target), *map(b": ".join, headers)]
    head = b"\r\n".join(lines)
    breaks = len(lines) - 1  # counted over all lines at once, because checking each line takes longer
    if (head.count(b"\r"), head.count(b"\n"), head.count(b"\0"), target.count(b" ")) != (breaks, breaks, 0, 0):
        raise httpx.LocalProtocolError("the request line or a header holds a line break, NUL or space")
    return b"%b\r\n\r\n%b" % (head, body)


class WireAnswer:
    """The answer to one request, as far as it has arrived. Interim answers (1xx) are skipped."""

    def __init__(self) -> None:
        self.status: int | None = None
        """None until the whole head has arrived."""
        self.headers: Headers = []
        self.body = bytearray()
        self.is_whole = False
        self._says_its_end = False
        self._keeps_connection = False
        self._is_last = True
        self._received = 0
        self._parser = HttpResponseParser(self)

    @property
    def leaves_connection_clean(self) -> bool:
        """True if the answer is complete, no data followed, and the service keeps the connection open."""
        return self.is_whole and self._keeps_connection and self._is_last

    def feed(self, data: bytes) -> None:
        """Parse more bytes of an unfinished answer. Raises httpx.RemoteProtocolError: not an answer, or too long."""
        self._received += len(data)
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as error:
            if not self.is_whole:
                refused = error.__context__
                raise refused if isinstance(refused, httpx.RemoteProtocolError) else _unreadable(str(error)) from None
            self._is_last = False  # the answer stands; the data behind it is not read
        if self.is_whole:
            del self._parser  # the parser holds this answer: a cycle, which would stay until the garbage collector runs
        elif self._received > (MAX_HEAD if self.status is None else MAX_RECEIVED):
            raise _unreadable("too long")

    def end(self) -> None:
        """Handle the end of the connection. Raises httpx.RemoteProtocolError unless that also ends the answer."""
        if self.status is None or self._says_its_end:
            raise _unreadable("the connection ended before the answer did")
        self.is_whole = True

    # Callbacks of the parser; an exception ends the parsing.

    def on_message_begin(self) -> None:
        if self.is_whole:
            raise _unreadable("a second answer follows")

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.status is None:  # otherwise a trailer
            self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if self._parser.get_http_version() not in _VERSIONS:
            raise _unreadable("the protocol has another version")
        if status < 200:
            self.headers.clear()
            return
        framing = {name.lower(): value.lower() for name, value in self.headers}
        if framing.get(_ENCODING, b"chunked") != b"chunked":
            raise _unreadable("the transfer encoding is not chunked")
        self._says_its_end = _LENGTH in framing or _ENCODING in framing
        self.status = status

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        if self.status is not None:
            self.is_whole = True
            self._keeps_connection = self._parser.should_keep_alive()


def _unreadable(why: str) -> httpx.RemoteProtocolError:
    return httpx.RemoteProtocolError(f"the answer cannot be read as HTTP/1.1: {why}")
