"""Refuses requests whose sender is not proven: the answer is the same for all of them, the log and the metric tell why.

A stranger cannot find out which sources exist: an unknown source and a wrong secret have the same answer. On a loopback
listener an unknown source is answered 404, because there the stranger is whoever sets the sender up.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse

from connectors.contract.messages import Cause, Denied
from worker.runtime.metrics import Metrics
from worker.settings import Source

log = structlog.get_logger()

CHALLENGE = {"WWW-Authenticate": 'Bearer realm="ticketrelay"'}
LINES = 60
"""Lines for each cause in a minute: strangers must not fill the disk."""
MINUTE_S = 60.0
MAX_NAME = 64
PASSED_ON = frozenset({"forwarded", "via", "x-forwarded-for", "x-real-ip"})
"""Headers of a request that a proxy passed on, so that its sender may be anywhere."""

UNKNOWN = Denied("no source with this id is configured", "unknown_source")


def refusal(status: int, error: str, message: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """Return an answer that is not 2xx."""
    return JSONResponse({"error": error, "message": message}, status, headers)


def comes_from_here(request: Request) -> bool:
    """Return True unless a proxy passed the request on."""
    return PASSED_ON.isdisjoint(request.headers.keys())


def most_read(sources: Collection[Source], max_body: int) -> int:
    """Return how many bytes of a body are read, whatever source its URL names: the most that any source takes."""
    return max(max_body, *(each.settings.max_body or 0 for each in sources)) if sources else max_body


class Refusals:
    """Answers, counts and logs refused requests. `clock` counts seconds."""

    def __init__(self, metrics: Metrics, clock: Callable[[], float] = time.monotonic) -> None:
        self._metrics = metrics
        self._clock = clock
        self._minutes: dict[Cause, tuple[float, int]] = {}

    def unauthorized(self, name: str, denied: Denied) -> JSONResponse:
        """Return the answer to everybody who is not proven to be a source's sender. `name` is what the URL names."""
        self.note(name, denied)
        return refusal(401, "unauthorized", "the sender could not be verified", CHALLENGE)

    def not_found(self, name: str) -> JSONResponse:
        """Return the answer to a request from this machine that names an unknown source."""
        self.note(name, UNKNOWN)
        return refusal(404, "not_found", UNKNOWN.reason)

    def note(self, name: str, denied: Denied) -> None:
        """Count the refusal; and log it, unless many others of its cause were logged in the last minute."""
        self._metrics.denied.labels(denied.cause).inc()
        if denied.cause != "unknown_source":  # a name that strangers choose would be a label without limits
            self._metrics.inbound.labels(name, "denied").inc()
        begun, count = self._minutes.get(denied.cause, (-MINUTE_S, 0))
        now = self._clock()
        if now - begun >= MINUTE_S:
            begun, left_out, count = now, max(0, count - LINES), 0
        else:
            left_out = 0
        self._minutes[denied.cause] = begun, count + 1
        if count < LINES:
            log.warning(
                "inbound.denied", source=name[:MAX_NAME], cause=denied.cause, reason=denied.reason, left_out=left_out
            )
