"""Finds the servers available to tests, and gives each test a database or queue of its own.

An environment variable gives a server's address; by default, the server is at its usual place on this machine:

    TICKETRELAY_TEST_POSTGRESQL   postgresql+psycopg://127.0.0.1:5432/postgres   (may create databases)
    TICKETRELAY_TEST_REDIS        redis://127.0.0.1:6379/0                       (its databases 8 to 15 are used)
    TICKETRELAY_TEST_RABBITMQ     amqp://guest:guest@127.0.0.1:5672//
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import redis
import sqlalchemy
from kombu import Connection
from kombu.exceptions import OperationalError
from sqlalchemy.exc import SQLAlchemyError

from tests.xdist_slots import xdist_slot

POSTGRESQL = os.environ.get("TICKETRELAY_TEST_POSTGRESQL", "postgresql+psycopg://127.0.0.1:5432/postgres")
REDIS = os.environ.get("TICKETRELAY_TEST_REDIS", "redis://127.0.0.1:6379/0")
RABBITMQ = os.environ.get("TICKETRELAY_TEST_RABBITMQ", "amqp://guest:guest@127.0.0.1:5672//")

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Broker:
    """A queue that only one test uses."""

    url: str
    queue: str

    @property
    def environment(self) -> dict[str, str]:
        return {"TICKETRELAY_BROKER__URL": self.url, "TICKETRELAY_BROKER__QUEUE": self.queue}

    @property
    def is_rabbitmq(self) -> bool:
        return self.url.startswith("amqp")

    def wipe(self) -> None:
        """Remove the queue and its bindings."""
        if self.is_rabbitmq:
            with Connection(self.url, connect_timeout=5) as connection:
                channel: Any = connection.channel()
                channel.queue_delete(self.queue)
                channel.exchange_delete(self.queue)
        else:
            with redis.Redis.from_url(self.url) as client:
                client.delete(self.queue, *(f"_kombu.{kind}.{self.queue}" for kind in ("binding", "binding_permanent")))

    def put(self, element: bytes) -> None:
        """Put any bytes into the queue."""
        if self.is_rabbitmq:
            with Connection(self.url, connect_timeout=5) as connection:
                channel: Any = connection.channel()
                channel.basic_publish(channel.prepare_message(element), exchange="", routing_key=self.queue)
        else:
            with redis.Redis.from_url(self.url) as client:
                client.lpush(self.queue, element)

    def listeners(self) -> int:
        """The number of workers that wait for the queue's wake-ups now."""
        if self.is_rabbitmq:
            with Connection(self.url, connect_timeout=5) as connection:
                channel: Any = connection.channel()
                try:
                    return int(channel.queue_declare(self.queue, passive=True).consumer_count)
                except connection.channel_errors:  # no such queue
                    return 0
        with redis.Redis.from_url(self.url) as client:
            database = str(client.get_connection_kwargs()["db"])  # workers of other tests listen in other databases
            heard = [each for each in client.client_list() if each["db"] == database and each["cmd"] == "brpop"]
            return sum("b" in each["flags"] for each in heard)


@cache
def postgresql_is_there() -> bool:
    try:
        engine = sqlalchemy.create_engine(POSTGRESQL, connect_args={"connect_timeout": 2})
        with engine.connect() as connection:
            connection.execute(sqlalchemy.text("SELECT 1"))
        engine.dispose()
    except SQLAlchemyError:
        return False
    return True


@cache
def redis_is_there() -> bool:
    try:
        with redis.Redis.from_url(REDIS, socket_timeout=2, socket_connect_timeout=2) as client:
            client.ping()
    except redis.RedisError:
        return False
    return True


@cache
def rabbitmq_is_there() -> bool:
    connection = Connection(RABBITMQ, connect_timeout=2)
    away: tuple[type[BaseException], ...] = (OperationalError, *connection.connection_errors)
    try:
        connection.ensure_connection(max_retries=1, interval_start=0, interval_step=0)
    except away:
        return False
    finally:
        connection.release()
    return True


@contextmanager
def empty_database() -> Iterator[str]:
    """Create an empty PostgreSQL database, dropped afterwards; yields its URL.

    A commit does not wait for the disk. Only a crash of the server could show that; tests crash servers of their own.
    """
    name = f"ticketrelay_test_{os.getpid()}_{next(_numbers)}"
    admin = sqlalchemy.create_engine(POSTGRESQL, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(sqlalchemy.text(f'CREATE DATABASE "{name}"'))
        connection.execute(sqlalchemy.text(f'ALTER DATABASE "{name}" SET synchronous_commit = off'))
    try:
        yield sqlalchemy.make_url(POSTGRESQL).set(database=name).render_as_string(hide_password=False)
    finally:
        with admin.connect() as connection:
            connection.execute(sqlalchemy.text(f'DROP DATABASE "{name}" WITH (FORCE)'))
        admin.dispose()


@contextmanager
def own_queue(server: str) -> Iterator[Broker]:
    """Create a queue at `redis` or `rabbitmq`, removed afterwards."""
    url = RABBITMQ if server == "rabbitmq" else f"{REDIS.rsplit('/', 1)[0]}/{15 - xdist_slot()}"
    broker = Broker(url, f"ticketrelay-test-{os.getpid()}-{next(_numbers)}")
    try:
        yield broker
    finally:
        broker.wipe()
