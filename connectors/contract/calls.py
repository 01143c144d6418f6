"""Requests that a connector writes and the worker makes, and the possible meanings of an answer.

A connector never makes a request itself. The connector writes an `HttpCall`, the worker makes the request, and the
connector reads the `HttpAnswer`. An unsuccessful answer is `CallLater` (surely not taken), `CallUnknown` (possibly
taken) or `CallRejected` (never taken).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class HttpCall:
    """One request. The `repr` leaves out fields that may hold a secret; URLs of several platforms do."""

    url: str = field(repr=False)
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    method: Literal["GET", "POST", "PATCH", "PUT"] = "POST"
    repeatable: bool = False
    """The request is idempotent: made twice, it has the same effect as once. A request that is not repeatable is not
    made again after an unknown outcome."""


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """Client credentials for calls that need an expiring access token (RFC 6749, section 4.4)."""

    url: str
    client_id: str
    client_secret: str = field(repr=False)
    scope: str


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """The answer to an `HttpCall`."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class CallLater:
    """The call was surely not taken. Try again after `seconds`; None: after a while."""

    seconds: float | None
    reason: str
    for_all: bool = False
    """The platform's limit covers the whole source: until then no other call of the source is made either."""


@dataclass(frozen=True, slots=True)
class CallUnknown:
    """The call may have been taken."""

    reason: str


@dataclass(frozen=True, slots=True)
class CallRejected:
    """The call will never be taken. After a refused edit, the earlier post stays unchanged."""

    reason: str


Memory = Mapping[str, Any]
"""JSON values kept from one request to the next. Empty at first; never changed in place."""
