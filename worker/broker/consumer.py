"""Celery's consumer with the changes that a worker needs."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import structlog
from celery.worker import state as celery_state
from celery.worker.consumer import Consumer
from kombu import Connection

from worker.outage import Outage

log = structlog.get_logger()


SUBSCRIBE_EVERY_S = 5  # at RabbitMQ


RECONNECT_MAX_S = 5  # between two attempts of a worker to reach its broker again


class WakeUpConsumer(Consumer):
    """Celery's consumer, which reconnects to its broker sooner, and has no delayed delivery.

    For a quorum queue, delayed delivery declares 28 more queues and exchanges on the broker, and warns that they do not
    work with a direct exchange such as ours. A wake-up never has a time.
    """

    task_consumer: Any
    channel_errors: tuple[type[Exception], ...]

    class Blueprint(Consumer.Blueprint):  # type: ignore[misc, valid-type]  # a variable to its stubs
        """The steps of a consumer without delayed delivery."""

        default_steps = tuple(each for each in Consumer.Blueprint.default_steps if "DelayedDelivery" not in str(each))

    def __init__(self, on_task_request: Callable[..., Any], **options: Any) -> None:
        """Turn off gossip, mingle and heartbeat, however the worker was started: workers coordinate in the database."""
        alone = {"without_gossip": True, "without_mingle": True, "without_heartbeat": True}
        options["worker_options"] = {**(options.get("worker_options") or {}), **alone}
        super().__init__(on_task_request, **options)

    def register_with_event_loop(self, hub: Any) -> None:
        """Renew the subscription regularly while this connection lasts; called anew for each connection."""
        super().register_with_event_loop(hub)
        if self.app.conf.broker_url.startswith("amqp"):
            hub.call_repeatedly(SUBSCRIBE_EVERY_S, self._subscribe_again)

    def _subscribe_again(self) -> None:
        """Cancel the subscription and make it again, because RabbitMQ may have dropped it silently.

        RabbitMQ drops it when a queue is deleted while a worker subscribes to it. The queue's number of subscribers
        would not show that, because they may be other workers. A message that arrives before RabbitMQ confirms the
        cancellation is handled as usual; a later message comes to the next subscription.

        Raises ConnectionError when the queue is gone, and TimeoutError when RabbitMQ does not answer within
        `CONSUMER_TIMEOUT_S`: the consumer then begins anew, and declares the queue.
        """
        if celery_state.reserved_requests:
            # The subscription works. RabbitMQ counts the prefetch of each subscription by itself, so that a new one
            # would bring further messages, which another worker could handle.
            return
        try:
            self.task_consumer.cancel()
            self.task_consumer.consume()
        except self.channel_errors as error:
            raise ConnectionError("the queue is gone") from error

    def ensure_connected(self, conn: Connection) -> Connection:
        """Return the connection, as soon as it can be made; the base class waits up to 30 s between attempts.

        A broker that refuses the password or the virtual host is asked again too: the base class would end with a
        traceback.
        """

        def say(error: BaseException, pause: float) -> None:
            outage.failed()
            log.warning("broker.not_reached", error=str(error), again_in_s=pause)

        outage: Outage = self.app.consumer_outage  # type: ignore[attr-defined]  # of `WakeUpApp`
        while True:
            try:
                connected = conn.ensure_connection(
                    say,
                    None,  # type: ignore[arg-type]  # for ever; the stubs want a number
                    interval_start=1,
                    interval_step=1,
                    interval_max=RECONNECT_MAX_S,
                    callback=celery_state.maybe_shutdown,
                )
            except (*conn.connection_errors, *conn.channel_errors) as error:
                say(error, RECONNECT_MAX_S)
                for _ in range(RECONNECT_MAX_S):
                    celery_state.maybe_shutdown()
                    time.sleep(1)
            else:
                outage.succeeded()
                return connected
