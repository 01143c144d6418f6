"""Was this request answered before? The key's row is written with the effect and its answer, in one transaction.

So a crash before the commit leaves nothing behind, not even a reservation, and after it the answer is replayed. Two
requests with one key in one process meet in `InFlight`; in two processes the writers' turn decides, and the second
gets the first's answer.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy import Connection

from tickets.assumptions import IDEMPOTENCY_REMEMBERS, IDEMPOTENCY_WINDOW_S, ConcurrentKey
from tickets.server.clock import SECOND
from tickets.server.errors import Answer, Refusal
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
    """A key as it was sent, the digest of the API key that it belongs to, and the request that it stands for."""

    owner: str
    name: str
    fingerprint: bytes


def fingerprint(method: str, path: str, body: bytes) -> bytes:
    """SHA-256 over what makes two requests the same one."""
    return hashlib.sha256(b"\0".join((method.encode(), path.encode("utf-8", "replace"), body))).digest()


def other_request() -> Refusal:
    return Refusal(409, "the idempotency key was used with another request")


def recall(connection: Connection, key: Key, now: int) -> Answer | None:
    """The answer that this request got. Raises Refusal (409) where the key stands for another request."""
    row = connection.execute(_SELECT, {"owner": key.owner, "name": key.name}).first()
    if row is None:
        return None
    if row.at + WINDOW <= now:
        connection.execute(_DELETE, {"owner": key.owner, "name": key.name})
        return None
    if bytes(row.fingerprint) != key.fingerprint:
        raise other_request()
    return Answer(row.status, bytes(row.body))


def remember(connection: Connection, key: Key, answer: Answer, now: int) -> None:
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
    """Remove what is past the window; returns how many keys that were."""
    return connection.execute(_PRUNE, {"before": now - WINDOW}).rowcount


@dataclass(slots=True)
class InFlight:
    """The keys of this process's requests that have no answer yet; gone with the process, used on its event loop."""

    mode: ConcurrentKey
    _running: dict[tuple[str, str], asyncio.Event] = field(default_factory=dict)

    async def enter(self, key: Key) -> None:
        """Raises Refusal (409) while another request has the key, or waits for it, as the option says."""
        while (other := self._running.get((key.owner, key.name))) is not None:
            if self.mode == "conflict":
                raise Refusal(409, "another request with this idempotency key is in flight")
            await other.wait()
        self._running[key.owner, key.name] = asyncio.Event()

    def leave(self, key: Key) -> None:
        self._running.pop((key.owner, key.name)).set()
