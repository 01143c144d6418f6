"""The answers that the listener itself gives, after which it closes the connection."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus

from tickets.http_listener.limits import RETRY_AFTER_S


@dataclass(frozen=True, slots=True)
class Refusal:
    """One answer: its status, its text, and when the sender may come again."""

    status: int
    text: str
    retry_after_s: int | None = None

    def as_bytes(self, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
        """Return the whole answer, with these headers and its own."""
        own = [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", b"%d" % len(self.text)),
            (b"connection", b"close"),
        ]
        if self.retry_after_s is not None:
            own.append((b"retry-after", b"%d" % self.retry_after_s))
        status = b"HTTP/1.1 %d %b\r\n" % (self.status, HTTPStatus(self.status).phrase.encode())
        return b"".join((status, *(b"%b: %b\r\n" % each for each in (*headers, *own)), b"\r\n", self.text.encode()))


MALFORMED = Refusal(400, "The request is not valid HTTP/1.1.")
TOO_LARGE = Refusal(400, "The head of the request is too large.")
LATE_HEAD = Refusal(408, "The head of the request did not come in time.")
LATE_BODY = Refusal(408, "The body of the request did not come in time.")
FULL = Refusal(503, "The server has too many connections: send the request again later.", RETRY_AFTER_S)
STOPPING = Refusal(503, "The server is stopping: send the request again later.", RETRY_AFTER_S)
