"""Redis and PostgreSQL servers for measurements, with default settings, in a temporary folder.

All that a database spends (backends, log writer, vacuum) is below one process, without the work of other users. The
tests' servers (`tests/own_servers.py`) are different: they can be killed, and record what a broker acknowledges.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psycopg
import redis
from psycopg import sql

from benchmarks.parts.processes import BenchmarkError, free_port, run, running

DEBIAN = Path("/usr/lib/postgresql")  # Debian keeps the server's programs out of the path
_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Server:
    """A server of our own: its URL, and its first process."""

    url: str
    pid: int


def program(name: str) -> str | None:
    """Return the path of a server's program; None if it is not installed."""
    return shutil.which(name) or next((str(path) for path in sorted(DEBIAN.glob(f"*/bin/{name}"), reverse=True)), None)


def _needed(name: str) -> str:
    if (path := program(name)) is None:
        raise BenchmarkError(f"there is no {name} on this machine: install PostgreSQL and Redis (the servers)")
    return path


@contextmanager
def redis_server(folder: Path) -> Iterator[Server]:
    """Start a Redis that stores nothing on disk."""
    port = free_port()
    command = [_needed("redis-server"), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    command += ["--dir", str(folder)]
    with running(command, folder / "redis.txt", is_ready=lambda said: "Ready to accept" in said) as process:
        yield Server(f"redis://127.0.0.1:{port}/0", process.pid)


@contextmanager
def postgresql_server() -> Iterator[Server]:
    """Start a PostgreSQL with the defaults of `initdb`, durable; the URL leads to its database `postgres`."""
    # PostgreSQL refuses to run as root.
    user = "postgres" if os.geteuid() == 0 else None
    port = free_port()
    folder = Path(tempfile.mkdtemp(prefix="ticketrelay-bench-"))
    try:
        if user:
            shutil.chown(folder, user)
        data = folder / "data"
        run([_needed("initdb"), "-D", data, "-U", "postgres", "-A", "trust", "--no-sync"], user=user)
        command: list[str | Path] = [_needed("postgres"), "-D", data, "-k", folder, "-p", str(port), "-h", "127.0.0.1"]
        with running(
            command,
            folder / "output.txt",
            user=user,
            end=signal.SIGINT,
            is_ready=lambda said: "ready to accept connections" in said,
        ) as process:
            yield Server(f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres", process.pid)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def new_database(server: Server) -> str:
    """Create an empty database, which lives as long as its server; returns its URL."""
    name = f"bench_{next(_numbers)}"
    address, _, _ = server.url.rpartition("/")
    with psycopg.connect(server.url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return f"{address}/{name}"


def emptied(server: Server) -> redis.Redis:
    """Empty this Redis; returns a client."""
    client = redis.Redis.from_url(server.url)
    client.flushall()
    return client
