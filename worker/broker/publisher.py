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
        self._refused: Kind | None = None  # the wake-up that the broker refused last, until it takes one
        self._connection: Connection | None = None
        self._producer: Producer | None = None

    def publish(self, kind: Kind) -> None:
        """Publish one wake-up, in one attempt; in none while the last one has just failed. Raises BrokerAway."""
        with self._turn:
            if time.monotonic() < self._again_at:
                raise BrokerAway(f"the last attempt has just failed: {self._why}")
            try:
                self._send(kind)
            except self._errors as error:
                self._refused = kind
                raise BrokerAway(self._note(error)) from error
            self._succeeded()

    def check(self) -> BrokerSeen | None:
        """Return how the broker is reached, by a question for the queue of the wake-ups; None without a broker.

        Any answer shows that the broker is reached. After a refused wake-up the same one is published in place of the
        question, until the broker takes one: a full broker answers questions. A needless wake-up finds no work.
        """
        if not self._has_broker:
            return None
        with self._turn:
            try:
                if self._refused is None:
                    self._ask()
                else:
                    self._send(self._refused)
            except self._errors as error:
                return BrokerSeen(self._note(error))
            self._succeeded()
            return BrokerSeen(None)

    def close(self) -> None:
        with self._turn:
            self._drop()

    def _send(self, kind: Kind) -> None:
        self._app.tasks[kind].apply_async(producer=self._connected(), retry=False, **self._options)

    def _ask(self) -> None:
        channel: Any = self._connected().channel
        try:
            channel.queue_declare(queue=self._queue, passive=True)
        except ChannelError:  # the queue is missing: one of Redis is missing whenever it is empty
            if self._is_amqp:
                self._drop()  # RabbitMQ closes the channel

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
        self._refused = None
        self._outage.succeeded()

    def _note(self, error: BaseException) -> str:
        """Give up the connection after an error, for a while. Returns the error in words."""
        self._outage.failed()
        self._drop()
        self._why = without_password(f"{type(error).__name__}: {error}")
        self._again_at = time.monotonic() + PUBLISH_PAUSE_S
        return self._why

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
