"""A process asks with every heartbeat whether it reaches its broker, and counts each wake-up that was refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.acceptance.processes import kept_port
from tests.servers import Broker, own_queue
from worker.broker import publisher
from worker.broker.relay import WakeUpApp
from worker.delivery.dispatch import BrokerAway
from worker.ledger import BrokerSeen
from worker.settings import load

API = {"TICKETRELAY_API__URL": "http://127.0.0.1:1/api/v1", "TICKETRELAY_API__KEY": "ak_test_1"}


@pytest.fixture(params=[pytest.param(name, marks=getattr(pytest.mark, name)) for name in ("redis", "rabbitmq")])
def broker(request: pytest.FixtureRequest) -> Iterator[Broker]:
    with own_queue(request.param) as queue:
        yield queue


@contextmanager
def publishing(**environment: str) -> Iterator[publisher.Publisher]:
    settings = load(API | environment)
    made = publisher.Publisher(WakeUpApp(lambda: settings.broker), settings)
    yield made
    made.close()


def test_a_broker_that_answers_is_reached(broker: Broker) -> None:
    with publishing(**broker.environment) as made:
        assert made.check() == BrokerSeen(None)  # whether the queue is there or not
        made.publish("create_ticket")
        assert made.check() == BrokerSeen(None)


@pytest.mark.redis
def test_a_question_for_an_empty_queue_of_redis_keeps_the_connection() -> None:
    with own_queue("redis") as queue, publishing(**queue.environment) as made:
        made.check()
        connection = made._connection
        assert made.check() == BrokerSeen(None)
        assert connection is not None
        assert made._connection is connection


def test_a_broker_that_is_away_is_not_reached_and_the_reason_hides_the_password() -> None:
    with publishing(TICKETRELAY_BROKER__URL=f"redis://:s3cret@127.0.0.1:{kept_port()}/0") as made:
        seen = made.check()
    assert seen is not None
    assert "refused" in (seen.error or "").lower()
    assert "s3cret" not in (seen.error or "")


def test_a_wake_up_right_after_a_failed_heartbeat_says_why_the_broker_is_away() -> None:
    with publishing(TICKETRELAY_BROKER__URL=f"redis://127.0.0.1:{kept_port()}/0") as made:
        made.check()
        with pytest.raises(BrokerAway, match=r"the last attempt has just failed: .*refused"):
            made.publish("create_ticket")


def test_a_refused_wake_up_counts_until_the_broker_takes_one_although_it_answers(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    with publishing(**broker.environment) as made:
        made.check()
        with monkeypatch.context() as full:
            full.setattr(made._app.tasks["create_ticket"], "apply_async", _refused)
            with pytest.raises(BrokerAway):
                made.publish("create_ticket")
            for _ in range(10):  # heartbeats, with no further wake-up between them
                assert made.check() == BrokerSeen("OSError: it is full")
        assert made.check() == BrokerSeen(None)
        monkeypatch.setattr(made._app.tasks["create_ticket"], "apply_async", _refused)
        assert made.check() == BrokerSeen(None)  # a question again, not a wake-up


def _refused(**_: object) -> None:
    raise OSError("it is full")


def test_a_process_without_a_broker_says_nothing_about_one() -> None:
    with publishing() as made:
        assert made.check() is None
