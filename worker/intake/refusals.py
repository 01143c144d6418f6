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

from connectors.contract.messages import Denied
from worker.runtime.metrics import Metrics, Refused
from worker.settings import Source

log = structlog.get_logger()

CHALLENGE = {"WWW-Authenticate": 'Bearer realm="ticketrelay"'}
LINES = 60
"""Lines for each source in a minute; all unknown sources and addresses share theirs. Strangers must not fill the disk.
"""
MINUTE_S = 60.0
MAX_NAME = 64
NOBODY = ""
"""In place of a source's name, for requests that name no source: names that strangers choose have no limit."""
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
        self._minutes: dict[str, tuple[float, int]] = {}

    def unauthorized(self, name: str, denied: Denied) -> JSONResponse:
        """Return the answer to everybody who is not proven to be a source's sender. `name` is what the URL names."""
        self.note(name, denied)
        return refusal(401, "unauthorized", "the sender could not be verified", CHALLENGE)

    def not_found(self, name: str) -> JSONResponse:
        """Return the answer to a request from this machine that names an unknown source."""
        self.note(name, UNKNOWN)
        return refusal(404, "not_found", UNKNOWN.reason)

    def wrong_method(self, name: str, method: str) -> JSONResponse:
        """Return the answer to a request with another method than POST, whatever source it names."""
        self._log(NOBODY, name, "wrong_method", f"{method[:MAX_NAME]} instead of POST")
        said = "this is the address of a sender of messages: send them by POST"
        return refusal(405, "method_not_allowed", said, {"Allow": "POST"})

    def no_such_address(self, method: str, path: str) -> JSONResponse:
        """Return the answer to a request for an address that does not exist."""
        self._log(NOBODY, NOBODY, "unknown_address", f"{method[:MAX_NAME]} {path[:MAX_NAME]}: no such address")
        return refusal(404, "not_found", "there is nothing at this address; messages go to /in/SOURCE")

    def note(self, name: str, denied: Denied) -> None:
        """Count the refusal; and log it, unless many others of its source were logged in the last minute."""
        is_known = denied.cause != "unknown_source"
        if is_known:  # a name that strangers choose would be a label without limits
            self._metrics.inbound.labels(name, "denied").inc()
        self._log(name if is_known else NOBODY, name, denied.cause, denied.reason)

    def _log(self, limited_as: str, name: str, cause: Refused, reason: str) -> None:
        self._metrics.denied.labels(cause).inc()
        begun, count = self._minutes.get(limited_as, (-MINUTE_S, 0))
        now = self._clock()
        if now - begun >= MINUTE_S:
            begun, left_out, count = now, max(0, count - LINES), 0
        else:
            left_out = 0
        self._minutes[limited_as] = begun, count + 1
        if count < LINES:
            log.warning("inbound.denied", source=name[:MAX_NAME], cause=cause, reason=reason, left_out=left_out)
