"""Broker outages for tests: a proxy that refuses, cuts or freezes connections, and a Redis that can be killed."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import subprocess
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

import redis

from tests.acceptance.processes import kept_port, wait_until

T = TypeVar("T")


class Proxy:
    """A TCP proxy on its own port. Cut: refuses and resets connections. Frozen: accepts, and passes nothing on."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self.port = kept_port()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy")
        self._listener: socket.socket | None = None
        self._flows = asyncio.Event()
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._thread.start()
        self.mend()

    def mend(self) -> None:
        """Listen, and pass data on."""
        self._call(self._mend())

    def cut(self) -> None:
        """Reset open connections, and refuse new ones."""
        self._call(self._cut())

    def freeze(self) -> None:
        """Accept and keep connections, and pass nothing on in either direction."""
        self._call(self._freeze())

    def close(self) -> None:
        self.cut()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def _call(self, work: Coroutine[Any, Any, T]) -> T:
        done: Future[T] = asyncio.run_coroutine_threadsafe(work, self._loop)
        return done.result(10)

    async def _mend(self) -> None:
        self._flows.set()
        if self._listener is None:
            self._listener = socket.create_server(("127.0.0.1", self.port))
            self._listener.setblocking(False)
            # Accepting must not await: a cut at that moment would leave a connection open.
            self._loop.add_reader(self._listener, self._accept, self._listener)

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(BlockingIOError):
            caller, _ = listener.accept()
            caller.setblocking(False)
            task = asyncio.create_task(self._serve(caller))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _freeze(self) -> None:
        self._flows.clear()

    async def _cut(self) -> None:
        if self._listener is not None:
            self._loop.remove_reader(self._listener)
            self._listener.close()
            self._listener = None
        self._flows.set()
        while self._tasks:
            for writer in self._open:
                writer.transport.abort()
            await asyncio.wait(self._tasks, timeout=0.05)
        await asyncio.sleep(0)  # aborted connections are closed in the loop's next round

    async def _serve(self, caller: socket.socket) -> None:
        reader, writer = await asyncio.open_connection(sock=caller)
        writers = [writer]
        self._open.add(writer)
        try:
            there, back = await asyncio.open_connection(*self._target)
            writers.append(back)
            self._open.add(back)
            await asyncio.gather(self._pass_on(reader, back), self._pass_on(there, writer))
        except OSError:
            return  # the target is missing, so the proxy disconnects too
        finally:
            for each in writers:
                each.transport.abort()
                self._open.discard(each)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                await self._flows.wait()
                writer.write(data)
                await writer.drain()
        writer.close()


class OwnRedis:
    """A Redis server of one test, ended by its process id."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = kept_port()
        self.url = f"redis://127.0.0.1:{self._port}/0"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        options = ["--port", str(self._port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen(
            ["redis-server", *options, "--dir", str(self._folder)],  # noqa: S607
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        wait_until(self._answers, "a Redis that answers", patience=20)

    def signal(self, number: int) -> None:
        """Send a signal: SIGSTOP freezes the server, SIGCONT thaws it."""
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self) -> None:
        """kill -9; all data is lost."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)

    def _answers(self) -> bool:
        with redis.Redis.from_url(self.url, socket_timeout=1) as client, contextlib.suppress(redis.RedisError):
            return bool(client.ping())
        return False
