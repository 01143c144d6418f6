"""Starts a server for a test, which may kill it: PostgreSQL, Redis, Redis with sentinels, or RabbitMQ.

    with own_postgresql() as server:            with own_redis(tls=True) as server:
    with own_rabbitmq() as server:              with own_sentinels() as sentinels:

Each server has its own port and folder, and is ended afterwards. The ports lie below the system's ephemeral ports, so
that no other process takes one while the server is down. A test that uses one of these carries the marker
`own_postgresql`, `own_redis` or `own_rabbitmq`: the test needs the programs, not a server.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
import redis
from redis.sentinel import MasterNotFoundError, Sentinel

from tests.acceptance.processes import kept_port, wait_until
from tests.killable import PATIENCE_S, Program, Server, as_user, folder_in, running

PRIMARY = "ticketrelay"  # the sentinels' name of their primary
POSTGRESQL_USER = "postgres"  # PostgreSQL refuses to run as root
MASTER_DOWN_MS = 500  # after this time without an answer, the sentinels elect another primary


# PostgreSQL


@cache
def _postgresql_programs() -> Path | None:
    """The folder of `initdb` and `postgres`: Debian has a folder for each version, and links to some of them."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda each: int(each.parent.name), reverse=True)
    return next((each for each in folders if (each / "initdb").exists() and (each / "postgres").exists()), None)


def postgresql_can_be_started() -> bool:
    return _postgresql_programs() is not None


@contextmanager
def own_postgresql(parent: Path | None = None) -> Iterator[Server]:
    """Start a PostgreSQL cluster with fsync on; `url` is its database `postgres`, with a superuser role.

    After a kill, the server recovers from its log at the next start. The user `postgres` must have access to `parent`.
    """
    programs = _postgresql_programs()
    assert programs is not None, "initdb and postgres are not installed"
    with folder_in(parent, "postgresql") as folder:
        if os.geteuid() == 0:
            shutil.chown(folder, POSTGRESQL_USER, POSTGRESQL_USER)
        data = str(folder / "data")
        subprocess.run(
            [
                str(programs / "initdb"),
                "-D",
                data,
                "-U",
                "ticketrelay",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--locale=C",
                "-N",
            ],
            cwd=folder,
            check=True,
            capture_output=True,
            timeout=PATIENCE_S,
            **as_user(POSTGRESQL_USER),
        )
        port = kept_port()
        options = {"port": port, "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "fsync": "on"}
        command = [str(programs / "postgres"), "-D", data]
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        address = f"ticketrelay@127.0.0.1:{port}/postgres"

        def answers() -> bool:
            with suppress(psycopg.Error), psycopg.connect(f"postgresql://{address}", connect_timeout=2):
                return True
            return False

        url = f"postgresql+psycopg://{address}"
        # SIGINT is the fast shutdown, which does not wait for connected clients.
        program = Program(command, answers, user=POSTGRESQL_USER, end=signal.SIGINT)
        with running(Server(url, port, folder, program)) as server:
            yield server


# Redis


def redis_can_be_started() -> bool:
    """True if the programs are installed; `openssl` makes the certificates."""
    return all(shutil.which(each) for each in ("redis-server", "openssl"))


@contextmanager
def own_redis(parent: Path | None = None, *, tls: bool = False, more: Sequence[str] = ()) -> Iterator[Server]:
    """Start a Redis that stores acknowledged writes on disk; with `tls` it accepts only TLS.

    With `tls`, `url` is `rediss://…` and names the authority of the server's certificate (`authority.pem` in the
    server's folder).
    """
    port = kept_port()
    with folder_in(parent, f"redis-{port}") as folder:
        options = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "yes", "--dir", str(folder), *more]
        url = f"redis://127.0.0.1:{port}/0"
        if tls:
            certificate = make_certificate(folder)
            options += ["--port", "0", "--tls-port", str(port), "--tls-auth-clients", "no"]
            options += ["--tls-cert-file", str(certificate.certificate), "--tls-key-file", str(certificate.key)]
            options += ["--tls-ca-cert-file", str(certificate.authority)]
            url = f"rediss://127.0.0.1:{port}/0?ssl_cert_reqs=required&ssl_ca_certs={certificate.authority}"
        else:
            options += ["--port", str(port)]
        command = ["redis-server", *options]
        program = Program(command, lambda: _pongs(url))
        with running(Server(url, port, folder, program, data=["appendonlydir"])) as server:
            yield server


def _pongs(url: str) -> bool:
    with suppress(redis.RedisError), redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2) as client:
        return bool(client.ping())
    return False


@dataclass(frozen=True, slots=True)
class Certificate:
    """Paths of PEM files."""

    authority: Path
    certificate: Path
    key: Path


def make_certificate(folder: Path, host: str = "127.0.0.1") -> Certificate:
    """Make a certificate for that address and `localhost`, from a new authority, valid for two days."""
    made = Certificate(folder / "authority.pem", folder / "server.pem", folder / "server.key")
    authority_key, request, names = folder / "authority.key", folder / "server.csr", folder / "names.txt"
    names.write_text(f"subjectAltName=IP:{host},DNS:localhost\nextendedKeyUsage=serverAuth\n")
    new_key = ("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    _openssl(
        *new_key, "-x509", "-days", "2", "-subj", "/CN=an authority of the tests", "-keyout", authority_key,
        "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-out", made.authority,
    )  # fmt: skip
    _openssl(*new_key, "-subj", f"/CN={host}", "-keyout", made.key, "-out", request)
    _openssl(
        "x509", "-req", "-days", "2", "-in", request, "-CA", made.authority, "-CAkey", authority_key,
        "-CAcreateserial", "-extfile", names, "-out", made.certificate,
    )  # fmt: skip
    return made


def _openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, timeout=PATIENCE_S)  # noqa: S607


# Redis with sentinels


@dataclass(frozen=True, slots=True)
class Sentinels:
    """Two Redis servers and the three sentinels that decide which server is the primary."""

    servers: tuple[Server, Server]
    """The first one begins as the primary."""
    sentinels: tuple[Server, Server, Server]
    name: str = PRIMARY

    @property
    def url(self) -> str:
        """The URL for kombu; `name` belongs in kombu's transport options as `master_name`."""
        return ";".join(f"sentinel://127.0.0.1:{each.port}/0" for each in self.sentinels)

    def primary(self) -> Server | None:
        """The primary according to the sentinels; None while there is none."""
        addresses = [("127.0.0.1", each.port) for each in self.sentinels]
        asked: Any = Sentinel(addresses, socket_timeout=2)  # type: ignore[no-untyped-call]
        try:
            port = asked.discover_master(self.name)[1]
        except MasterNotFoundError:
            return None
        finally:
            for each in asked.sentinels:
                each.close()
        return next(each for each in self.servers if each.port == port)


@contextmanager
def own_sentinels(parent: Path | None = None) -> Iterator[Sentinels]:
    """Start a primary, its replica, and three sentinels that have discovered each other and the replica."""
    with ExitStack() as stack:
        first = stack.enter_context(own_redis(parent))
        follows = ["--replicaof", "127.0.0.1", str(first.port)]
        second = stack.enter_context(own_redis(parent, more=follows))
        one, two, three = (stack.enter_context(_sentinel(parent, first.port)) for _ in range(3))
        made = Sentinels((first, second), (one, two, three))
        wait_until(lambda: all(_knows_all(each) for each in made.sentinels), "sentinels that know each other")
        yield made


@contextmanager
def _sentinel(parent: Path | None, primary: int) -> Iterator[Server]:
    port = kept_port()
    with folder_in(parent, f"sentinel-{port}") as folder:
        settings = folder / "sentinel.conf"  # Sentinel writes its state into this file
        settings.write_text(
            f"bind 127.0.0.1\nport {port}\ndir {folder}\n"
            f"sentinel monitor {PRIMARY} 127.0.0.1 {primary} 2\n"
            f"sentinel down-after-milliseconds {PRIMARY} {MASTER_DOWN_MS}\n"
            f"sentinel failover-timeout {PRIMARY} 3000\n"
        )
        url = f"redis://127.0.0.1:{port}/0"
        program = Program(["redis-server", str(settings), "--sentinel"], lambda: _pongs(url))
        with running(Server(url, port, folder, program)) as server:
            yield server


def _knows_all(sentinel: Server) -> bool:
    """True once the sentinel has found the replica and the other two sentinels, so that it can replace the primary."""
    with redis.Redis.from_url(sentinel.url, socket_timeout=2, decode_responses=True) as client:
        state: Any = client.sentinel_master(PRIMARY)
        if isinstance(state, list):  # the answer of older protocols
            state = dict(zip(state[::2], state[1::2], strict=True))
    return int(state["num-slaves"]) == 1 and int(state["num-other-sentinels"]) == 2


# RabbitMQ


@cache
def _rabbitmq_program() -> str | None:
    """The server's script itself: Debian's wrapper in the path insists on the machine's own folders."""
    script = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
    return str(script) if script.exists() else shutil.which("rabbitmq-server")


def rabbitmq_can_be_started() -> bool:
    return _rabbitmq_program() is not None and shutil.which("epmd") is not None


@contextmanager
def own_rabbitmq(parent: Path | None = None) -> Iterator[Server]:
    """Start a RabbitMQ node with its own name, port mapper and folder; guest has all permissions."""
    program = _rabbitmq_program()
    assert program is not None, "rabbitmq-server is not installed"
    port, distribution, mapper = kept_port(), kept_port(), kept_port()
    with folder_in(parent, "rabbitmq") as folder:
        settings = folder / "rabbitmq.conf"
        settings.write_text(f"listeners.tcp.default = 127.0.0.1:{port}\nlog.console = true\nlog.file = false\n")
        environment = {
            "HOME": str(folder),  # for the Erlang cookie
            "ERL_EPMD_PORT": str(mapper),
            "RABBITMQ_NODENAME": f"ticketrelay-{port}@localhost",
            "RABBITMQ_DIST_PORT": str(distribution),
            "RABBITMQ_CONFIG_FILE": str(settings),
            "RABBITMQ_CONF_ENV_FILE": str(folder / "none"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(folder / "none.config"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
            "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_PID_FILE": str(folder / "pid"),
            # One scheduler without busy waiting: the tested processes need the machine.
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 +sbwt none",
        }
        mapping = Program(["epmd", "-port", str(mapper), "-address", "127.0.0.1"], lambda: _accepts(mapper))
        node = Program([program], lambda: _speaks_amqp(port), environment=environment)
        (folder / "epmd").mkdir()
        with (
            running(Server("", mapper, folder / "epmd", mapping)),
            running(Server(f"amqp://guest:guest@127.0.0.1:{port}//", port, folder, node, data=["mnesia"])) as server,
        ):
            yield server


def drop_a_subscription(server: Server, queue: str) -> None:
    """Remove one consumer of a node's quorum queue without a notice to the consumer."""
    run_in_node = f"""
        {{ok, Queue}} = rabbit_amqqueue:lookup(rabbit_misc:r(<<"/">>, queue, <<"{queue}">>)),
        [Consumer | _] = rabbit_amqqueue:consumers(Queue),
        Checkout = rabbit_fifo:make_checkout({{element(2, Consumer), element(1, Consumer)}}, cancel, #{{}}),
        {{ok, _, _}} = ra:process_command(amqqueue:get_pid(Queue), Checkout).
    """
    program = _rabbitmq_program()
    assert program is not None
    done = server.tool(program.replace("rabbitmq-server", "rabbitmqctl"), "--quiet", "eval", run_in_node)
    assert done.returncode == 0, done.stdout + done.stderr


def outlives_a_kill(server: Server, queue: str) -> bool:
    """True if a node's quorum queue has a leader after a kill -9 of the node.

    RabbitMQ stores the queue's name a second after the declaration. A queue that is killed before that never has a
    leader again (seen with 3.10.8; rabbitmq-server #10070 is another cause): until it is deleted, it neither accepts
    nor delivers messages.
    """
    (names,) = server.folder.glob("mnesia/*/quorum/*/names.dets")
    return f"%2F_{queue}".encode() in names.read_bytes()


def _accepts(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 2):
        return True
    return False


def _speaks_amqp(port: int) -> bool:
    """True if the node answers the first bytes of AMQP 0-9-1; the node listens before it answers."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 2) as connection:
        connection.settimeout(2)
        connection.sendall(b"AMQP\0\0\x09\x01")
        return bool(connection.recv(1))
    return False
