"""Webhooks: deliveries wait in an outbox that is written in the transaction of the effect.

Deliveries survive a restart and never hold up a request. Each is sent again on a schedule until the receiver answers
2xx or the schedule ends. Two deliveries of one event carry the same event id; order is not promised.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx
import sqlalchemy as sa
from sqlalchemy import Connection

from tickets.assumptions import WEBHOOK_BACKOFF_S, WEBHOOK_DATA_FIELD, WEBHOOK_TIMEOUT_S
from tickets.server.clock import SECOND, Clock, rfc3339
from tickets.server.idempotency import forget_old
from tickets.server.lifecycle import EVENT_OF, EffectKind
from tickets.server.schemas import Webhook, encode
from tickets.server.store import Store
from tickets.server.tables import OUTBOX, WEBHOOK
from tickets.transport import trusted_authorities

T = TypeVar("T")

log = logging.getLogger(__name__)

SIGNATURE = "X-Aurion-Signature"
_BATCH = 20
_PRUNE_EVERY = 600 * SECOND
_IS_DUE = sa.select(OUTBOX.c.seq).where(OUTBOX.c.due_at <= sa.bindparam("now")).limit(1)
_LEASE = 2 * WEBHOOK_TIMEOUT_S * SECOND  # after this time a delivery can be taken again, in case its sender died


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event for one webhook."""

    seq: int
    url: str
    secret: str
    body: bytes
    attempts: int


def signature(body: bytes, secret: str) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def next_attempt(attempts: int, now: int) -> int | None:
    """Return the time (microseconds) of the next attempt after `attempts` failures; None: the delivery is given up."""
    return now + WEBHOOK_BACKOFF_S[attempts - 1] * SECOND if attempts <= len(WEBHOOK_BACKOFF_S) else None


def shown(row: Any) -> dict[str, Any]:
    """Return a registered webhook as shown in answers, without its secret."""
    events = json.loads(row.events)
    return {"id": row.id, "url": row.url, "events": events, "created_at": rfc3339(row.created_at)}


def register(connection: Connection, webhook: Webhook, now: int) -> dict[str, Any]:
    row = {
        "id": f"wh_{uuid.uuid4().hex}",
        "url": webhook.url,
        "events": json.dumps(sorted(set(webhook.events))),
        "secret": webhook.secret,
        "created_at": now,
    }
    return shown(connection.execute(sa.insert(WEBHOOK).returning(WEBHOOK), row).one())


def registered(connection: Connection) -> list[dict[str, Any]]:
    return [shown(row) for row in connection.execute(sa.select(WEBHOOK).order_by(WEBHOOK.c.seq))]


def remove(connection: Connection, webhook_id: str) -> bool:
    """Remove a webhook and its waiting deliveries; False if there is no such webhook."""
    if "\0" in webhook_id:
        return False
    connection.execute(sa.delete(OUTBOX).where(OUTBOX.c.webhook == webhook_id))
    return connection.execute(sa.delete(WEBHOOK).where(WEBHOOK.c.id == webhook_id)).rowcount > 0


_HOOKS = sa.select(WEBHOOK.c.id, WEBHOOK.c.events)


def announce(connection: Connection, kind: EffectKind, ticket: dict[str, Any], now: int) -> None:
    """Put the effect's event into the outbox of every webhook that subscribed to it."""
    event = EVENT_OF[kind]
    hooks = [hook.id for hook in connection.execute(_HOOKS) if event in json.loads(hook.events)]
    if not hooks:
        return
    content = {
        "id": f"evt_{uuid.uuid4().hex}",
        "type": event,
        "timestamp": rfc3339(now),
        "data": {WEBHOOK_DATA_FIELD: ticket},
    }
    body = encode(content)
    rows = [{"webhook": hook, "body": body, "attempts": 0, "due_at": now} for hook in hooks]
    connection.execute(sa.insert(OUTBOX), rows)


def take_due(connection: Connection, now: int) -> list[Delivery]:
    """Take the deliveries that are due; no other sender can take them until their lease ends."""
    query = (
        sa.select(OUTBOX.c.seq, WEBHOOK.c.url, WEBHOOK.c.secret, OUTBOX.c.body, OUTBOX.c.attempts)
        .join(WEBHOOK, WEBHOOK.c.id == OUTBOX.c.webhook)
        .where(OUTBOX.c.due_at <= now)
        .order_by(OUTBOX.c.due_at, OUTBOX.c.seq)
        .limit(_BATCH)
    )
    due = [Delivery(row.seq, row.url, row.secret, bytes(row.body), row.attempts) for row in connection.execute(query)]
    if due:
        taken = sa.update(OUTBOX).where(OUTBOX.c.seq.in_([each.seq for each in due]))
        connection.execute(taken, {"due_at": now + _LEASE})
    return due


def settle(connection: Connection, delivery: Delivery, delivered: bool, now: int) -> None:
    if delivered:
        connection.execute(sa.delete(OUTBOX).where(OUTBOX.c.seq == delivery.seq))
        return
    attempts = delivery.attempts + 1
    row = {"attempts": attempts, "due_at": next_attempt(attempts, now)}
    connection.execute(sa.update(OUTBOX).where(OUTBOX.c.seq == delivery.seq), row)


async def post(client: httpx.AsyncClient, delivery: Delivery) -> bool:
    """Send a delivery; True if the receiver answered 2xx."""
    headers = {"content-type": "application/json", SIGNATURE: signature(delivery.body, delivery.secret)}
    try:
        response = await client.post(delivery.url, content=delivery.body, headers=headers)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        log.info("webhook.failed delivery=%d error=%s", delivery.seq, type(error).__name__)
        return False
    return response.is_success


class Sender:
    """Background task that empties the outbox; `wake` after a commit makes it look at once."""

    def __init__(self, store: Store, clock: Clock, poll: float = 0.25) -> None:
        self._store, self._clock, self._poll = store, clock, poll
        self._task: asyncio.Task[None] | None = None
        self._woken = asyncio.Event()
        self._prune_at = clock.us() + _PRUNE_EVERY

    def start(self) -> None:
        self._woken = asyncio.Event()
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Stop; a delivery under way is cut off and sent again after its lease."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    def wake(self) -> None:
        """Look for due deliveries at once; called on the event loop."""
        self._woken.set()

    async def _transact(self, work: Callable[[Connection], T]) -> T:
        def run() -> T:
            with self._store.writing() as connection:
                return work(connection)

        return run() if self._store.inline else await asyncio.to_thread(run)

    async def _run(self) -> None:
        timeout = httpx.Timeout(WEBHOOK_TIMEOUT_S)
        async with httpx.AsyncClient(timeout=timeout, trust_env=False, verify=trusted_authorities()) as client:
            while True:
                self._woken.clear()
                try:
                    while await self._round(client):
                        pass
                    await self._prune()
                except sa.exc.OperationalError as error:
                    log.warning("webhook.database_away error=%s", type(error.orig).__name__)
                # Not `asyncio.wait_for`: before Python 3.12 it can lose a cancellation, and `stop` would wait for ever.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._poll):
                        await self._woken.wait()

    async def _round(self, client: httpx.AsyncClient) -> bool:
        """Send the due deliveries in parallel; True if there were any."""
        if not await self._is_due():
            return False
        now = self._clock.us()
        due = await self._transact(lambda connection: take_due(connection, now))
        await asyncio.gather(*(self._deliver(client, delivery) for delivery in due))
        return bool(due)

    async def _deliver(self, client: httpx.AsyncClient, delivery: Delivery) -> None:
        delivered = await post(client, delivery)
        now = self._clock.us()
        await self._transact(lambda connection: settle(connection, delivery, delivered, now))

    async def _is_due(self) -> bool:
        def look() -> bool:
            with self._store.reading() as connection:
                return connection.execute(_IS_DUE, {"now": self._clock.us()}).first() is not None

        return look() if self._store.inline else await asyncio.to_thread(look)

    async def _prune(self) -> None:
        now = self._clock.us()
        if now >= self._prune_at:
            self._prune_at = now + _PRUNE_EVERY
            await self._transact(lambda connection: forget_old(connection, now))
