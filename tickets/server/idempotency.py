"""Idempotency keys: the key's row is written with the effect and its answer, in one transaction.

A crash before the commit leaves nothing behind, not even a reservation; after the commit the answer is replayed. Two
requests with one key in one process meet in `InFlight`. In two processes, the writers' lock decides the order, and the
second request gets the answer of the first.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy import Connection

from tickets.assumptions import IDEMPOTENCY_REMEMBERS, IDEMPOTENCY_WINDOW_S, ConcurrentKey
from tickets.server.clock import SECOND
from tickets.server.errors import HttpResponse, Refusal
from tickets.server.tables import IDEMPOTENCY

WINDOW = IDEMPOTENCY_WINDOW_S * SECOND

_SELECT = sa.select(IDEMPOTENCY.c.fingerprint, IDEMPOTENCY.c.status, IDEMPOTENCY.c.body, IDEMPOTENCY.c.at).where(
    IDEMPOTENCY.c.api_key == sa.bindparam("owner"), IDEMPOTENCY.c.key == sa.bindparam("name")
)
_DELETE = sa.delete(IDEMPOTENCY).where(
    IDEMPOTENCY.c.api_key == sa.bindparam("owner"), IDEMPOTENCY.c.key == sa.bindparam("name")
)
_INSERT = sa.insert(IDEMPOTENCY)
_PRUNE = sa.delete(IDEMPOTENCY).where(IDEMPOTENCY.c.at <= sa.bindparam("before"))


@dataclass(frozen=True, slots=True)
class Key:
    """A key as sent, the digest of the API key that owns it, and the digest of its request."""

    owner: str
    name: str
    fingerprint: bytes


def fingerprint(method: str, path: str, body: bytes) -> bytes:
    """Return the SHA-256 of everything that makes two requests the same."""
    return hashlib.sha256(b"\0".join((method.encode(), path.encode("utf-8", "replace"), body))).digest()


def other_request() -> Refusal:
    return Refusal(409, "the idempotency key was used with another request")


def recall(connection: Connection, key: Key, now: int) -> HttpResponse | None:
    """Return the remembered answer to this request. Raises Refusal (409) if the key belongs to another request."""
    row = connection.execute(_SELECT, {"owner": key.owner, "name": key.name}).first()
    if row is None:
        return None
    if row.at + WINDOW <= now:
        connection.execute(_DELETE, {"owner": key.owner, "name": key.name})
        return None
    if bytes(row.fingerprint) != key.fingerprint:
        raise other_request()
    return HttpResponse(row.status, bytes(row.body))


def remember(connection: Connection, key: Key, answer: HttpResponse, now: int) -> None:
    if answer.status not in IDEMPOTENCY_REMEMBERS:
        return
    row = {
        "api_key": key.owner,
        "key": key.name,
        "fingerprint": key.fingerprint,
        "status": answer.status,
        "body": answer.body,
        "at": now,
    }
    connection.execute(_INSERT, row)


def forget_old(connection: Connection, now: int) -> int:
    """Remove keys that are older than the window; return how many."""
    return connection.execute(_PRUNE, {"before": now - WINDOW}).rowcount


@dataclass(slots=True)
class InFlight:
    """Keys of this process's requests that have no answer yet; used on one event loop, and lost with the process."""

    mode: ConcurrentKey
    _running: dict[tuple[str, str], asyncio.Event] = field(default_factory=dict)

    async def enter(self, key: Key) -> None:
        """Enter a request with this key. While another one has it: wait, or raise Refusal (409), as `mode` requires."""
        while (other := self._running.get((key.owner, key.name))) is not None:
            if self.mode == "conflict":
                raise Refusal(409, "another request with this idempotency key is in flight")
            await other.wait()
        self._running[key.owner, key.name] = asyncio.Event()

    def leave(self, key: Key) -> None:
        self._running.pop((key.owner, key.name)).set()
