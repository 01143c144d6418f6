"""Settings of the local Tickets API: one frozen value, checked when made."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from tickets.assumptions import MAX_BODY, ConcurrentKey
from tickets.server.limits import Limit
from tickets.server.revisions import Revision

SCOPES = frozenset({"tickets:read", "tickets:write", "webhooks:manage"})

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "[::1]"})

_DATABASES = re.compile(r"^(sqlite:///.+|postgresql\+psycopg://.*)$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Options:
    """Settings of one server. Raises ValueError for an unusable database, a blank key, an unknown scope."""

    database_url: str
    """`sqlite:///path` (a file) or `postgresql+psycopg://…`."""
    environment: Literal["production", "sandbox"] = "sandbox"
    """Only a sandbox has `POST /sandbox/reset`."""
    revision: Revision = "A"
    keys: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({"ak_test_local": SCOPES}))
    """API key → its scopes."""
    limit: Limit = field(default_factory=lambda: Limit.named("production"))
    close_on_closed: Literal["accept", "conflict"] = "accept"
    concurrent_key: ConcurrentKey = "conflict"
    webhook_hosts: frozenset[str] = LOOPBACK_HOSTS
    """Hosts that a webhook may be sent to, as written in a URL."""
    max_body: int = MAX_BODY
    """Bytes of a request body; a larger body gets 413."""

    def __post_init__(self) -> None:
        if not _DATABASES.match(self.database_url) or self.database_url.endswith(":memory:"):
            raise ValueError("the database must be sqlite:///path (a file) or postgresql+psycopg://…")
        for key, scopes in self.keys.items():
            if not key.strip():
                raise ValueError("an API key must not be blank")
            if unknown := scopes - SCOPES:
                raise ValueError(f"unknown scope {', '.join(sorted(unknown))}: there are {', '.join(sorted(SCOPES))}")
        if self.max_body < 1:
            raise ValueError("max_body must be at least 1 byte")
