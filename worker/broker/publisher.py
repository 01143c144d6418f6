"""Publishes wake-ups, with short time-outs and no retry."""

from __future__ import annotations

import threading
import time
from typing import Any

from celery import Celery
from kombu import Connection, Producer
from kombu.exceptions import KombuError

from worker.broker.reach import reach
from worker.delivery.dispatch import BrokerAway
from worker.outage import Outage
from worker.planning.model import Kind
from worker.settings import Settings

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
        self._again_at = 0.0
        self._connection: Connection | None = None
        self._producer: Producer | None = None

    def publish(self, kind: Kind) -> None:
        """Publish one wake-up, in one attempt; in none while the last one has just failed. Raises BrokerAway."""
        with self._turn:
            if time.monotonic() < self._again_at:
                raise BrokerAway("the last attempt has just failed")
            if self._connection is None:
                self._connection = self._connect()
            try:
                if self._producer is None:
                    # In one attempt: by default a connection pauses for seconds before its second attempt.
                    self._connection.ensure_connection(max_retries=1, interval_start=0, interval_step=0)
                    self._producer = Producer(self._connection.channel())
                self._app.tasks[kind].apply_async(producer=self._producer, retry=False, **self._options)
            except self._errors as error:
                self._outage.failed()
                self._drop()
                self._again_at = time.monotonic() + PUBLISH_PAUSE_S
                raise BrokerAway(f"{type(error).__name__}: {error}") from error
            self._outage.succeeded()

    def close(self) -> None:
        with self._turn:
            self._drop()

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
