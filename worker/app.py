"""How does Celery carry the rings? It repeats, delays and remembers nothing: times live in the ledger.

A worker is a thread of its own in every role, so that one process (`run`) and a fleet (`worker`) are the same code.
Each setting below was measured or is named in an issue of Celery or kombu: docs/decisions/0004-celery.md.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import structlog
from celery import Celery
from celery.worker import WorkController
from celery.worker import state as celery_state
from celery.worker.consumer import Consumer
from kombu import Connection, Producer
from kombu.exceptions import KombuError

from worker import tasks
from worker.broker import Reach, reach
from worker.delivery.dispatch import BrokerAway
from worker.delivery.node import Node
from worker.jobs.catalogue import jobs_of
from worker.jobs.runner import THREAD, Runner
from worker.ledger import Ledger, open_ledger
from worker.lifecycle import Kind
from worker.runtime.health import Parts, threads
from worker.runtime.metrics import Metrics
from worker.settings import Settings

log = structlog.get_logger()

CONCURRENCY = 2  # threads that claim; the calls themselves are on one event loop
PUBLISH_TIMEOUT_S = 1.0
CONSUMER_TIMEOUT_S = 5  # without one, a worker waits for ever for a broker that stands still while it connects
HEARTBEAT_S = 10
LOOK_S = 5  # at RabbitMQ, whether the queue is listened to
PUBLISH_PAUSE_S = 3.0  # after a failure: who rings and delivers must not spend its time on waiting for a broker
RECONNECT_MAX_S = 5  # between two attempts of a worker to reach its broker again
RESTART_S = 1.0  # before a consumer that ended by itself begins anew
STOP_PATIENCE_S = 5.0
ANSWER_PATIENCE_S = 2.0  # for the event loop of the calls, before it counts as dead


class Relay(Celery):
    """The Celery application of one process, with the parts that its tasks delegate to."""

    def __init__(
        self,
        settings: Settings,
        ledger: Ledger | None = None,
        metrics: Metrics | None = None,
        current: Callable[[], Settings] | None = None,
    ) -> None:
        consumer = reach(settings.broker, CONSUMER_TIMEOUT_S)
        super().__init__("ticketrelay", broker=consumer.url, set_as_current=False)
        self.relay_settings = settings
        self.current = current
        self.ledger = ledger or open_ledger(settings)
        self.metrics = metrics or Metrics()
        self.publisher = Publisher(self, settings)
        self.node: Node | None = None
        self.conf.update(_configuration(consumer, settings.broker.queue))
        tasks.register(self, self._deliver)

    def _deliver(self, kind: Kind) -> int:
        if self.node is None:
            raise RuntimeError("this process does not deliver: no WorkerThread was started in it")
        return self.node.deliver(kind)


def _configuration(consumer: Reach, queue: str) -> dict[str, Any]:
    return {
        "accept_content": ["json"],
        "task_serializer": "json",
        "task_ignore_result": True,
        "task_acks_late": False,
        "task_publish_retry": False,
        "task_default_queue": queue,
        "task_default_queue_type": "quorum" if consumer.url.startswith("amqp") else "classic",
        "worker_consumer": "worker.app:RingConsumer",
        "worker_pool": "threads",
        "worker_concurrency": CONCURRENCY,
        "worker_prefetch_multiplier": 1,
        "worker_send_task_events": False,
        "worker_enable_remote_control": False,
        "worker_hijack_root_logger": False,
        "worker_redirect_stdouts": False,
        "broker_channel_error_retry": True,  # a queue that was deleted under its consumer is declared again
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        # RabbitMQ's only; of one that stands still, or of a machine that is gone, nothing else tells a consumer.
        "broker_heartbeat": HEARTBEAT_S,
        "broker_use_ssl": consumer.tls or False,
        "broker_transport_options": consumer.options,
    }


class RingConsumer(Consumer):
    """Celery's consumer, which comes back to its broker sooner, and has no delayed delivery.

    For a quorum queue, delayed delivery declares 28 queues and exchanges more on the broker, and warns that they do not
    go with a direct exchange such as ours; a ring never has a time.
    """

    task_consumer: Any
    channel_errors: tuple[type[Exception], ...]

    class Blueprint(Consumer.Blueprint):  # type: ignore[misc, valid-type]  # a variable to its stubs
        """The steps of a consumer, less one."""

        default_steps = tuple(each for each in Consumer.Blueprint.default_steps if "DelayedDelivery" not in str(each))

    def register_with_event_loop(self, hub: Any) -> None:
        """For as long as this connection lasts; it begins anew with each."""
        super().register_with_event_loop(hub)
        if self.app.conf.broker_url.startswith("amqp"):
            hub.call_repeatedly(LOOK_S, self._look)

    def _look(self) -> None:
        """Begin again where nobody listens: of a queue that is deleted while it is declared RabbitMQ tells nobody."""
        channel = self.task_consumer.channel
        try:
            listeners = channel.queue_declare(self.app.conf.task_default_queue, passive=True).consumer_count
        except self.channel_errors:
            listeners = 0
        if not listeners:
            raise ConnectionError("nobody listens to the queue any more")

    def ensure_connected(self, conn: Connection) -> Connection:
        """The connection, once it can be had; the base waits for up to 30 s between attempts."""

        def say(error: Exception, pause: float) -> None:
            log.warning("broker.not_reached", error=str(error), again_in_s=pause)

        return conn.ensure_connection(
            say,
            None,  # type: ignore[arg-type]  # for ever; the stubs want a number
            interval_start=1,
            interval_step=1,
            interval_max=RECONNECT_MAX_S,
            callback=celery_state.maybe_shutdown,
        )


class Publisher:
    """Publishes rings on a connection of its own with short time-outs: a broker that hangs must not hold anybody."""

    def __init__(self, app: Relay, settings: Settings) -> None:
        self._app = app
        self._reach = reach(settings.broker, PUBLISH_TIMEOUT_S)
        expires = settings.timing.ring_expires
        self._options: dict[str, Any] = {
            "expires": expires,  # the worker drops an old ring unheard
            "expiration": expires,  # RabbitMQ drops it while no worker is there
            "confirm_timeout": PUBLISH_TIMEOUT_S,
        }
        self._turn = threading.Lock()
        self._again_at = 0.0
        self._connection: Connection | None = None
        self._producer: Producer | None = None

    def publish(self, kind: Kind) -> None:
        """Publish one ring; one attempt, and none while the last one has just failed. Raises BrokerAway."""
        with self._turn:
            if time.monotonic() < self._again_at:
                raise BrokerAway("the last attempt has just failed")
            if self._connection is None:
                self._connection = self._connect()
            try:
                if self._producer is None:
                    # At once, or not: by itself a connection pauses for seconds before its second attempt.
                    self._connection.ensure_connection(max_retries=1, interval_start=0, interval_step=0)
                    self._producer = Producer(self._connection.channel())
                self._app.tasks[kind].apply_async(producer=self._producer, retry=False, **self._options)
            except self._errors as error:
                self._drop()
                self._again_at = time.monotonic() + PUBLISH_PAUSE_S
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
        to = self._reach
        return Connection(
            to.url, ssl=to.tls or False, connect_timeout=PUBLISH_TIMEOUT_S, transport_options=dict(to.options)
        )


def _controller(app: Relay) -> WorkController:
    return WorkController(
        app=app,
        pool_cls="threads",
        concurrency=CONCURRENCY,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
        quiet=True,
    )


class WorkerThread:
    """Delivery in this process: a node, and a Celery worker in a thread that hands the rings to it."""

    def __init__(self, app: Relay) -> None:
        # Pool threads look a task up in the default application, and drop it silently when it is not there.
        app.set_default()
        self._app = app
        self._ends = threading.Event()
        self._jobs: Runner | None = None
        self._thread = threading.Thread(target=self._run, name="celery", daemon=True)

    def start(self) -> None:
        app = self._app
        app.node = Node(app.relay_settings, app.ledger, app.publisher.publish, app.metrics, app.current)
        app.node.start()
        settings, current = app.relay_settings, app.current
        self._jobs = Runner(
            app.ledger,
            lambda: jobs_of(current() if current is not None else settings),
            app.node.ring,
            app.node.owner,
            settings.timing.dispatch_interval,
        )
        self._jobs.start()
        self._thread.start()

    def parts(self) -> Parts:
        """What `/livez` looks at in a process that delivers."""
        app = self._app
        return {
            **threads("celery", "bell", "dispatch", "settler", THREAD),
            "calls": lambda: app.node is not None and app.node.answers(ANSWER_PATIENCE_S),
        }

    def stop(self) -> None:
        """Claim nothing more, let the calls in flight end and settle them; then take no more rings."""
        if self._jobs is not None:
            self._jobs.stop()
        if self._app.node is not None:
            self._app.node.stop()
        # The worker ends itself, in its own thread: stopped from another one, it reads from its broker in both.
        self._ends.set()
        celery_state.should_stop = 0  # type: ignore[assignment]  # an exit code
        self._wake()
        self._thread.join(STOP_PATIENCE_S)
        self._app.node = None

    def _run(self) -> None:
        """Hear the broker until `stop`. Celery ends for good at an error that it does not know, such as an element of
        the queue that is no ring; a worker that is deaf delivers, but late, so it begins anew."""
        try:
            while True:
                # An earlier end is not ours. Before the look at `_ends`, which `stop` sets first.
                celery_state.should_stop = None
                if self._ends.is_set():
                    return
                _controller(self._app).start()
                if not self._ends.wait(RESTART_S):
                    log.error("consumer.begins_anew")
        finally:
            celery_state.should_stop = None

    def _wake(self) -> None:
        """A worker looks whether it is to stop after each ring, and otherwise every second or two; on a transport
        without an event loop (`memory://`) it then waits once more."""
        with suppress(BrokerAway):
            for _ in range(2):
                self._app.publisher.publish("create_ticket")
