"""The Celery application: its configuration, and the parts that its tasks delegate to.

Celery repeats, delays and remembers nothing here: times live in the ledger. Each setting below was measured or is named
in an issue of Celery or kombu: docs/decisions/0004-celery.md.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog
from celery import Celery

from worker.broker import tasks
from worker.broker.publisher import Publisher
from worker.broker.reach import reach
from worker.delivery.node import Node
from worker.ledger import Ledger, open_ledger
from worker.outage import Outage
from worker.planning.model import Kind
from worker.runtime.metrics import Metrics
from worker.settings import BrokerSettings, Settings

log = structlog.get_logger()

CONCURRENCY = 2  # threads that claim; the calls themselves are on one event loop


PREFETCH = 1  # a worker takes no wake-ups that another one could handle


CONSUMER_TIMEOUT_S = 5  # without one, a worker waits for ever for a broker that stands still while it connects


HEARTBEAT_S = 10


POOL = "threads"


class WakeUpApp(Celery):
    """A Celery application with our configuration and tasks. The tasks delegate to `node` while this process delivers.

    `broker` is called when the configuration is first used: making an application reads no settings.
    """

    def __init__(self, broker: Callable[[], BrokerSettings]) -> None:
        super().__init__("ticketrelay", set_as_current=False)
        self.node: Node | None = None
        self.consumer_outage = Outage(lambda seconds: _say_back("consumer", seconds))
        self.publisher_outage = Outage(lambda seconds: _say_back("publisher", seconds))
        self.add_defaults(lambda: _configuration(broker()))
        tasks.register(self, self._deliver)

    def _deliver(self, kind: Kind) -> int:
        if self.node is None:
            raise RuntimeError("this process does not deliver: start it with `ticketrelay worker` or Celery's `worker`")
        return self.node.deliver(kind)


class Relay(WakeUpApp):
    """The Celery application of a process that `ticketrelay` starts, with its delivering parts."""

    def __init__(
        self,
        settings: Settings,
        ledger: Ledger | None = None,
        metrics: Metrics | None = None,
        current: Callable[[], Settings] | None = None,
    ) -> None:
        super().__init__(lambda: settings.broker)
        self.relay_settings = settings
        self.current = current
        self.ledger = ledger or open_ledger(settings)
        self.metrics = metrics or Metrics()
        self.publisher = Publisher(self, settings, self.publisher_outage)


def _say_back(connection: str, seconds: float) -> None:
    log.warning("broker.back", connection=connection, away_s=round(seconds, 1))


def _configuration(broker: BrokerSettings) -> dict[str, Any]:
    consumer, queue = reach(broker, CONSUMER_TIMEOUT_S), broker.queue
    return {
        "broker_url": consumer.url,
        "accept_content": ["json"],
        "task_serializer": "json",
        "task_ignore_result": True,
        "task_acks_late": False,
        "task_publish_retry": False,
        "task_default_queue": queue,
        "task_default_queue_type": "quorum" if consumer.url.startswith("amqp") else "classic",
        "worker_consumer": "worker.broker.consumer:WakeUpConsumer",
        "worker_pool": POOL,
        "worker_concurrency": CONCURRENCY,
        "worker_prefetch_multiplier": PREFETCH,
        "worker_send_task_events": False,
        "worker_enable_remote_control": False,
        "worker_hijack_root_logger": False,
        "worker_redirect_stdouts": False,
        "broker_channel_error_retry": True,  # a queue that was deleted under its consumer is declared again
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        # RabbitMQ only. No other sign shows a consumer that the broker stands still, or that its machine is gone.
        "broker_heartbeat": HEARTBEAT_S,
        "broker_use_ssl": consumer.tls or False,
        "broker_transport_options": consumer.options,
    }
