"""Requests that a connector writes and the worker makes, and what an answer to one can mean.

A connector never makes a request itself. It writes an `HttpCall`, the worker makes it, and the connector reads the
`HttpAnswer`. An answer that brought nothing is `Later` (surely not taken), `Unclear` (it may have been taken) or
`Refused` (it will never be taken).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class HttpCall:
    """One request. Its `repr` leaves out what may hold a secret, and URLs of several platforms do."""

    url: str = field(repr=False)
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    method: Literal["GET", "POST", "PATCH", "PUT"] = "POST"
    repeatable: bool = False
    """It says what is to stand there: made twice, it does no more than once. Else one whose end is not known is not
    made again."""


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """What a token is asked for with, where calls need one that ends (RFC 6749, section 4.4)."""

    url: str
    client_id: str
    client_secret: str = field(repr=False)
    scope: str


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What an `HttpCall` was answered with."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Later:
    """It was surely not taken, and may be after so many seconds; None: after a while."""

    seconds: float | None
    reason: str
    for_all: bool = False
    """The platform's limit is for all that the source says: until then nothing else is told either."""


@dataclass(frozen=True, slots=True)
class Unclear:
    """It may have been taken."""

    reason: str


@dataclass(frozen=True, slots=True)
class Refused:
    """It will never be taken; of an edit: what was told before stays as it is."""

    reason: str


Memory = Mapping[str, Any]
"""What is remembered from one request to the next, as JSON holds it; empty at first. Never changed in place."""
