"""Servers started by a test keep their data after a kill, stand still while frozen, and leave no process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import Any, Protocol

import psycopg
import pytest
import redis
from amqp.exceptions import AMQPError
from kombu import Connection, Queue
from kombu.exceptions import KombuError
from redis.sentinel import Sentinel

from tests.acceptance.processes import kept_port, refuses, wait_until
from tests.killable import Server, kill_tree, lives, tree
from tests.own_servers import (
    PRIMARY,
    Sentinels,
    outlives_a_kill,
    own_postgresql,
    own_rabbitmq,
    own_redis,
    own_sentinels,
)

ROOT = Path(__file__).parent.parent


class Memory(Protocol):
    """Writes a text into a server, and reads it back."""

    def write(self, url: str, text: str) -> None: ...

    def read(self, url: str) -> str: ...


class Table:
    """A committed row."""

    def write(self, url: str, text: str) -> None:
        with psycopg.connect(_plain(url)) as connection:
            connection.execute("CREATE TABLE kept (text text)")
            connection.execute("INSERT INTO kept VALUES (%s)", [text])

    def read(self, url: str) -> str:
        with psycopg.connect(_plain(url), connect_timeout=2) as connection:
            (found,) = connection.execute("SELECT text FROM kept").fetchall()
            return str(found[0])


def _plain(url: str) -> str:
    return url.replace("+psycopg", "")


class Entry:
    """A Redis key."""

    def write(self, url: str, text: str) -> None:
        with redis.Redis.from_url(url) as client:
            client.set("kept", text)

    def read(self, url: str) -> str:
        with redis.Redis.from_url(url, socket_timeout=1, decode_responses=True) as client:
            return str(client.get("kept"))


class Message:
    """A message in a quorum queue, confirmed by the broker; reading leaves it in the queue."""

    queue = Queue("kept", queue_arguments={"x-queue-type": "quorum"})

    def write(self, url: str, text: str) -> None:
        with Connection(url, transport_options={"confirm_publish": True}) as connection:
            bound = self.queue(connection.default_channel)
            bound.declare()
            connection.Producer().publish(text, routing_key="kept", retry=False)

    def read(self, url: str) -> str:
        options = {"read_timeout": 1, "write_timeout": 1}
        with Connection(url, connect_timeout=1, transport_options=options) as connection:
            found: Any = self.queue(connection.default_channel).get()
            assert found is not None
            found.reject(requeue=True)
            return str(found.decode())


Start = Callable[[], AbstractContextManager[Server]]
KINDS: list[Any] = [
    pytest.param((own_postgresql, Table()), marks=pytest.mark.own_postgresql, id="postgresql"),
    pytest.param((own_redis, Entry()), marks=pytest.mark.own_redis, id="redis"),
    pytest.param((lambda: own_redis(tls=True), Entry()), marks=pytest.mark.own_redis, id="redis with tls"),
    pytest.param((own_rabbitmq, Message()), marks=pytest.mark.own_rabbitmq, id="rabbitmq"),
]


@pytest.fixture(scope="module", params=KINDS)
def kind(request: pytest.FixtureRequest) -> Iterator[tuple[Server, Memory]]:
    start, memory = request.param
    with start() as server:
        memory.write(server.url, "what was acknowledged")
        if isinstance(memory, Message):
            wait_until(lambda: outlives_a_kill(server, "kept"), "a queue that outlives a kill")
        yield server, memory


def processes_of(server: Server) -> list[int]:
    assert server._process is not None
    return tree(server._process.pid)


def reads(memory: Memory, server: Server) -> bool:
    try:
        return memory.read(server.url) == "what was acknowledged"
    except (psycopg.Error, redis.RedisError, AMQPError, KombuError, OSError):
        return False


def test_what_was_acknowledged_is_there_after_kill_9_and_none_of_its_processes_is_left(
    kind: tuple[Server, Memory],
) -> None:
    server, memory = kind
    before = processes_of(server)
    server.kill()
    wait_until(lambda: not any(lives(each) for each in before), "gone")
    assert refuses("127.0.0.1", server.port)
    server.start()
    wait_until(lambda: reads(memory, server), "read")  # a quorum queue elects its leader first


def test_a_frozen_server_accepts_and_answers_only_when_it_is_thawed(kind: tuple[Server, Memory]) -> None:
    server, memory = kind
    server.freeze()
    try:
        assert not refuses("127.0.0.1", server.port)
        assert not reads(memory, server)
    finally:
        server.thaw()
    wait_until(lambda: reads(memory, server), "read")


def test_a_server_that_was_asked_to_end_starts_again_with_its_data(kind: tuple[Server, Memory]) -> None:
    server, memory = kind
    server.stop()
    assert refuses("127.0.0.1", server.port)
    server.start()
    wait_until(lambda: reads(memory, server), "read")


def test_a_frozen_server_can_be_asked_to_end(kind: tuple[Server, Memory]) -> None:
    server, _ = kind
    server.freeze()
    server.stop()
    assert not server.is_running
    server.start()


@pytest.mark.own_postgresql
def test_a_killed_postgresql_recovers_from_its_log() -> None:
    with own_postgresql() as server:
        server.kill()
        server.start()
        assert "automatic recovery in progress" in server.log()


@pytest.mark.parametrize(
    "start",
    [
        pytest.param(own_postgresql, marks=pytest.mark.own_postgresql, id="postgresql"),
        pytest.param(own_redis, marks=pytest.mark.own_redis, id="redis"),
        pytest.param(own_rabbitmq, marks=pytest.mark.own_rabbitmq, id="rabbitmq"),
    ],
)
def test_a_test_that_fails_leaves_neither_a_process_nor_a_folder(start: Start) -> None:
    begun: list[tuple[Path, list[int]]] = []

    def interrupted() -> None:
        with start() as server:
            begun.append((server.folder, processes_of(server)))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    ((folder, pids),) = begun
    assert not any(lives(each) for each in pids)
    assert not folder.exists()


@pytest.mark.own_redis
def test_tests_that_are_asked_to_end_leave_no_server(tmp_path: Path) -> None:
    """By the caller, such as `timeout` or a CI job that is cancelled."""
    test = tmp_path / "test_it.py"
    test.write_text(
        "import os, time\nfrom pathlib import Path\nfrom tests.own_servers import own_redis\n"
        "def test_it():\n"
        "    with own_redis() as server:\n"
        f"        Path({str(tmp_path / 'made')!r}).write_text(f'{{server._process.pid}} {{server.folder}}')\n"
        f"        os.rename({str(tmp_path / 'made')!r}, {str(tmp_path / 'server')!r})\n"
        "        time.sleep(600)\n"
    )
    options = [
        "-p",
        "no:cacheprovider",
        "-p",
        "tests.conftest",
        "--rootdir",
        str(ROOT),
        "-c",
        str(ROOT / "pyproject.toml"),
    ]
    running = subprocess.Popen([sys.executable, "-m", "pytest", "-q", *options, str(test)], cwd=ROOT)
    try:
        wait_until(lambda: (tmp_path / "server").exists(), "a server of the test's")
        pid, folder = (tmp_path / "server").read_text().split()
        running.terminate()
        assert running.wait(60) == pytest.ExitCode.INTERRUPTED
        assert not lives(int(pid))
        assert not Path(folder).exists()
    finally:
        kill_tree(running)
        if (tmp_path / "server").exists() and lives(left := int((tmp_path / "server").read_text().split()[0])):
            os.kill(left, signal.SIGKILL)


@pytest.mark.own_redis
def test_a_redis_with_tls_is_refused_to_who_does_not_know_its_authority() -> None:
    with own_redis(tls=True) as server:
        trusting_nobody = server.url.partition("?")[0]
        with redis.Redis.from_url(trusting_nobody) as client, pytest.raises(redis.ConnectionError, match="certificate"):
            client.ping()
        with (
            redis.Redis.from_url(f"redis://127.0.0.1:{server.port}", socket_timeout=5) as client,
            pytest.raises(redis.ConnectionError),
        ):
            client.ping()


@pytest.fixture(scope="module")
def sentinels() -> Iterator[Sentinels]:
    with own_sentinels() as made:
        yield made


@pytest.mark.own_redis
def test_when_the_primary_is_killed_the_sentinels_name_the_replica_which_has_its_data(sentinels: Sentinels) -> None:
    first, second = sentinels.servers
    assert sentinels.primary() is first
    with redis.Redis.from_url(first.url) as client:
        client.set("kept", "what was acknowledged")
        assert client.wait(1, 10_000) == 1
    first.kill()
    wait_until(lambda: sentinels.primary() is second, "the replica as primary")
    wait_until(lambda: _role(second) == "master", "promoted")
    assert Entry().read(second.url) == "what was acknowledged"
    addresses = [("127.0.0.1", each.port) for each in sentinels.sentinels]
    found: Any = Sentinel(addresses)  # type: ignore[no-untyped-call]
    with closing(found.master_for(PRIMARY)) as client:
        assert client.get("kept") == b"what was acknowledged"


def _role(server: Server) -> str:
    with redis.Redis.from_url(server.url) as client:
        return str(client.info("replication")["role"])


def test_a_process_is_killed_with_its_descendants_in_sessions_of_their_own() -> None:
    sleeps = [sys.executable, "-c", "import time; time.sleep(600)"]
    nested = f"import subprocess, time; subprocess.Popen({sleeps!r}, start_new_session=True); time.sleep(600)"
    process = subprocess.Popen([sys.executable, "-c", nested])
    wait_until(lambda: len(tree(process.pid)) == 2, "a child")
    pids = tree(process.pid)
    kill_tree(process)
    assert not any(lives(each) for each in pids)


def test_a_kept_port_is_none_that_the_system_gives_to_callers() -> None:
    first_given = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert all(1024 < kept_port() < first_given for _ in range(100))
