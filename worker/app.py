"""How does Celery carry the rings? It repeats, delays and remembers nothing: times live in the ledger.

A worker is a thread of its own in every role, so that one process (`run`) and a fleet (`worker`) are the same code.
Each setting below was measured or is named in an issue of Celery or kombu: docs/decisions/0004-celery.md.
"""

from __future__ import annotations

import threading
from typing import Any

import structlog
from celery import Celery
from celery.worker import WorkController
from kombu import Connection, Producer
from kombu.exceptions import KombuError

from worker import tasks
from worker.delivery.dispatch import BrokerAway
from worker.delivery.node import Node
from worker.ledger import Ledger, open_ledger
from worker.lifecycle import Kind
from worker.metrics import Metrics
from worker.settings import Settings

log = structlog.get_logger()

QUEUE = "ticketrelay"
CONCURRENCY = 2  # threads that claim; the calls themselves are on one event loop
PUBLISH_TIMEOUT_S = 1.0
MEMORY_POLLING_S = 0.005
STOP_PATIENCE_S = 5.0


class Relay(Celery):
    """The Celery application of one process, with the parts that its tasks delegate to."""

    def __init__(self, settings: Settings, ledger: Ledger | None = None, metrics: Metrics | None = None) -> None:
        super().__init__("ticketrelay", broker=settings.broker.url, set_as_current=False)
        self.relay_settings = settings
        self.ledger = ledger or open_ledger(settings)
        self.metrics = metrics or Metrics()
        self.publisher = Publisher(self, settings)
        self.node: Node | None = None
        self.conf.update(_configuration(settings.broker.url))
        tasks.register(self, self._deliver)

    def _deliver(self, kind: Kind) -> int:
        if self.node is None:
            raise RuntimeError("this process does not deliver: no WorkerThread was started in it")
        return self.node.deliver(kind)


def _configuration(broker_url: str) -> dict[str, Any]:
    rabbitmq = broker_url.startswith("amqp")
    options: dict[str, Any] = {"confirm_publish": True} if rabbitmq else {}
    if broker_url.startswith("memory"):
        options = {"polling_interval": MEMORY_POLLING_S}
    return {
        "accept_content": ["json"],
        "task_serializer": "json",
        "task_ignore_result": True,
        "task_acks_late": False,
        "task_publish_retry": False,
        "task_default_queue": QUEUE,
        "task_default_queue_type": "quorum" if rabbitmq else "classic",
        "worker_pool": "threads",
        "worker_concurrency": CONCURRENCY,
        "worker_prefetch_multiplier": 1,
        "worker_send_task_events": False,
        "worker_enable_remote_control": False,
        "worker_hijack_root_logger": False,
        "worker_redirect_stdouts": False,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "broker_transport_options": options,
    }


class Publisher:
    """Publishes rings on a connection of its own with short time-outs: a broker that hangs must not hold anybody."""

    def __init__(self, app: Relay, settings: Settings) -> None:
        self._app = app
        self._url = settings.broker.url
        self._expires = settings.timing.ring_expires
        self._turn = threading.Lock()
        self._connection: Connection | None = None
        self._producer: Producer | None = None

    def publish(self, kind: Kind) -> None:
        """Publish one ring; one attempt. Raises BrokerAway."""
        with self._turn:
            if self._connection is None:
                self._connection = self._connect()
            try:
                if self._producer is None:
                    self._producer = Producer(self._connection.channel())
                self._app.tasks[kind].apply_async(producer=self._producer, expires=self._expires, retry=False)
            except self._errors as error:
                self._drop()
                raise BrokerAway(f"{type(error).__name__}: {error}") from error

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
        options: dict[str, Any] = {"max_retries": 1, "interval_start": 0, "interval_step": 0}
        if self._url.startswith("redis"):
            options |= {"socket_timeout": PUBLISH_TIMEOUT_S, "socket_connect_timeout": PUBLISH_TIMEOUT_S}
        if self._url.startswith("amqp"):
            options |= {
                "confirm_publish": True,
                "read_timeout": PUBLISH_TIMEOUT_S,
                "write_timeout": PUBLISH_TIMEOUT_S,
            }
        return Connection(self._url, connect_timeout=PUBLISH_TIMEOUT_S, transport_options=options)


class WorkerThread:
    """Delivery in this process: a node, and a Celery worker in a thread that hands the rings to it."""

    def __init__(self, app: Relay) -> None:
        # Pool threads look a task up in the default application, and drop it silently when it is not there.
        app.set_default()
        self._app = app
        self._ready = threading.Event()
        self._controller = WorkController(
            app=app,
            pool_cls="threads",
            concurrency=CONCURRENCY,
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
            quiet=True,
            ready_callback=lambda _: self._ready.set(),
        )
        self._thread = threading.Thread(target=self._controller.start, name="celery", daemon=True)

    def start(self) -> None:
        app = self._app
        app.node = Node(app.relay_settings, app.ledger, app.publisher.publish, app.metrics)
        app.node.start()
        self._thread.start()

    def stop(self) -> None:
        """Claim nothing more, let the calls in flight end and settle them; then take no more rings."""
        if self._app.node is not None:
            self._app.node.stop()
        # A worker that is told to stop while it starts does not hear it; one whose broker is away never gets ready.
        self._ready.wait(STOP_PATIENCE_S)
        self._controller.stop()
        self._thread.join(STOP_PATIENCE_S)
        self._app.node = None
