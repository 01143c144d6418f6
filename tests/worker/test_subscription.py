"""Tests of renewing a subscription at RabbitMQ: an idle worker hears again, and a busy one takes no more messages."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from celery.worker import state as celery_state
from kombu import Connection, Queue

from tests.acceptance.processes import wait_until
from tests.servers import Broker
from worker.broker.consumer import WakeUpConsumer

pytestmark = pytest.mark.rabbitmq

MESSAGES = 10


class Request:
    """A request that a worker holds and has not begun."""


class Held:
    """A subscription that takes one message at a time and acknowledges none."""

    def __init__(self, connection: Connection, name: str) -> None:
        self.channel = cast(Any, connection.channel())
        self.queue = Queue(name, queue_arguments={"x-queue-type": "quorum"})(self.channel)
        self.queue.declare()
        self.channel.basic_qos(0, 1, False)
        self.messages: list[Any] = []
        subscription: Any = connection.Consumer(self.queue, channel=self.channel, on_message=self.messages.append)
        subscription.consume()
        # What Celery's consumer has of its own, without its pool and event loop.
        self.consumer: Any = SimpleNamespace(task_consumer=subscription, channel_errors=connection.channel_errors)

    @property
    def waiting(self) -> int:
        """The messages that no subscription has."""
        declared: Any = self.queue.queue_declare(passive=True)
        return int(declared.message_count)


@pytest.fixture
def held(rabbitmq_queue: Broker) -> Iterator[Held]:
    """A subscription with its first message, while others wait."""
    with Connection(rabbitmq_queue.url) as connection:
        made = Held(connection, rabbitmq_queue.queue)
        for _ in range(MESSAGES):
            rabbitmq_queue.put(b"{}")
        connection.drain_events(timeout=10)
        wait_until(lambda: made.waiting == MESSAGES - 1, "all messages are in the queue")
        yield made


def test_a_worker_with_a_request_that_it_has_not_begun_takes_no_further_message(held: Held) -> None:
    waits = Request()
    celery_state.reserved_requests.add(waits)
    for _ in range(5):
        WakeUpConsumer._subscribe_again(held.consumer)
    assert held.waiting == MESSAGES - 1
    assert len(held.messages) == 1


def test_a_worker_without_one_is_given_messages_again_after_its_subscription_was_dropped(held: Held) -> None:
    (tag,) = held.consumer.task_consumer._active_tags.values()
    held.channel.basic_cancel(tag)  # kombu's consumer does not know of it
    held.messages[0].ack()
    WakeUpConsumer._subscribe_again(held.consumer)
    wait_until(lambda: held.waiting == MESSAGES - 2, "the next message is with the worker")
