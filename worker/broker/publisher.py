"""Publishes wake-ups, with short time-outs and no retry, and tells how the broker is reached."""

from __future__ import annotations

import threading
import time
from typing import Any

from celery import Celery
from kombu import Connection, Producer
from kombu.exceptions import ChannelError, KombuError

from worker.broker.reach import reach
from worker.delivery.dispatch import BrokerAway
from worker.ledger import BrokerSeen
from worker.outage import Outage
from worker.planning.model import Kind
from worker.settings import Settings
from worker.settings.problems import without_password

PUBLISH_TIMEOUT_S = 1.0


PUBLISH_PAUSE_S = 3.0  # after a failure: threads that deliver must not spend their time on waiting for a broker


FAILURE_COUNTS_S = 30.0
"""A refused wake-up counts for so long, whatever a question finds: a full broker answers, and takes nothing."""


class Publisher:
    """Publishes wake-ups on a connection of its own with short time-outs: a hanging broker must not hold a caller."""

    def __init__(self, app: Celery, settings: Settings, outage: Outage | None = None) -> None:
        self._app = app
        self._outage = outage or Outage()
        self._reach = reach(settings.broker, PUBLISH_TIMEOUT_S)
        expires = settings.timing.ring_expires
        self._options: dict[str, Any] = {
            "expires": expires,  # the worker drops an old wake-up unhandled
            "expiration": expires,  # RabbitMQ drops it while no worker is there
            "confirm_timeout": PUBLISH_TIMEOUT_S,
        }
        self._turn = threading.Lock()
        self._queue = settings.broker.queue
        self._has_broker = settings.broker.scheme != "memory"
        self._is_amqp = settings.broker.scheme.startswith("amqp")
        self._again_at, self._why = 0.0, ""
        self._failed: tuple[float, str] | None = None
        self._connection: Connection | None = None
        self._producer: Producer | None = None

    def publish(self, kind: Kind) -> None:
        """Publish one wake-up, in one attempt; in none while the last one has just failed. Raises BrokerAway."""
        with self._turn:
            if time.monotonic() < self._again_at:
                raise BrokerAway(f"the last attempt has just failed: {self._why}")
            try:
                self._app.tasks[kind].apply_async(producer=self._connected(), retry=False, **self._options)
            except self._errors as error:
                raise BrokerAway(self._note(error)) from error
            self._succeeded()

    def check(self) -> BrokerSeen | None:
        """Return how the broker is reached, and ask it if no wake-up has failed lately; None without a broker.

        The question is for the queue of the wake-ups. Any answer shows that the broker is reached.
        """
        if not self._has_broker:
            return None
        with self._turn:
            if self._failed is not None and time.monotonic() - self._failed[0] < FAILURE_COUNTS_S:
                return BrokerSeen(self._failed[1])
            try:
                channel: Any = self._connected().channel
                channel.queue_declare(queue=self._queue, passive=True)
            except ChannelError:  # the queue is missing: one of Redis is missing whenever it is empty
                if self._is_amqp:
                    self._drop()  # RabbitMQ closes the channel
            except self._errors as error:
                return BrokerSeen(self._note(error, counts=False))
            self._succeeded()
            return BrokerSeen(None)

    def close(self) -> None:
        with self._turn:
            self._drop()

    def _connected(self) -> Producer:
        """Return the producer, on a connection that is made if it is missing. Raises the errors of the transport."""
        if self._connection is None:
            self._connection = self._connect()
        if self._producer is None:
            # In one attempt: by default a connection pauses for seconds before its second attempt.
            self._connection.ensure_connection(max_retries=1, interval_start=0, interval_step=0)
            self._producer = Producer(self._connection.channel())
        return self._producer

    def _succeeded(self) -> None:
        self._failed = None
        self._outage.succeeded()

    def _note(self, error: BaseException, *, counts: bool = True) -> str:
        """Give up the connection after an error, for a while. Returns the error in words."""
        self._outage.failed()
        self._drop()
        now, why = time.monotonic(), without_password(f"{type(error).__name__}: {error}")
        self._again_at, self._why = now + PUBLISH_PAUSE_S, why
        if counts:
            self._failed = (now, why)
        return why

    @property
    def _errors(self) -> tuple[type[BaseException], ...]:
        if self._connection is None:
            return (KombuError, OSError)
        return (KombuError, OSError, *self._connection.connection_errors, *self._connection.channel_errors)

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.release()
        self._connection = self._producer = None

    def _connect(self) -> Connection:
        to = self._reach
        return Connection(
            to.url, ssl=to.tls or False, connect_timeout=PUBLISH_TIMEOUT_S, transport_options=dict(to.options)
        )
