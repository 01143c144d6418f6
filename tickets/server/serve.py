"""Serves the local Tickets API: one event loop for its listeners, with an orderly end at SIGTERM or SIGINT."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import threading
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

from tickets.listening import listen
from tickets.server.api import LocalTicketsApi
from tickets.server.control import control_app
from tickets.server.options import LOOPBACK_HOSTS
from tickets.server.transport import AbortableProtocol

_TICK_S = 0.1
GRACE_S = 5  # seconds for requests under way when the server must stop


class _Server(uvicorn.Server):
    """A uvicorn server that leaves signals to its caller, and stops at once instead of at the next tick."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Stop the server; called on its event loop."""
        self.should_exit = True
        self._stopping.set()

    async def main_loop(self) -> None:
        counter = 0
        while not await self.on_tick(counter):
            counter = (counter + 1) % 864_000
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), _TICK_S)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Shut down in the base's order, without its fixed pause; clients that read too slowly are cut off."""
        for server in self.servers:
            server.close()
        for listener in sockets or []:
            listener.close()
        state, loop = self.server_state, asyncio.get_running_loop()
        for connection in [*state.connections]:
            connection.shutdown()
        deadline = loop.time() + GRACE_S
        while (state.tasks or state.connections) and loop.time() < deadline:  # noqa: ASYNC110 (uvicorn keeps sets, no event)
            await asyncio.sleep(0.002)
        for task in [*state.tasks]:
            task.cancel()
        for connection in [*state.connections]:
            connection.transport.abort()
        await asyncio.sleep(0)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Serving:
    """The listeners of one API, with an application behind each."""

    def __init__(self, api: LocalTicketsApi, listeners: list[tuple[socket.socket, ASGIApp]]) -> None:
        self._api = api
        self._servers = [(_Server(_config(app)), listener) for listener, app in listeners]
        self._loop: asyncio.AbstractEventLoop | None = None
        self._started = threading.Event()

    def stop(self) -> None:
        """Finish the requests under way and return from `run`; callable from any thread once `run` has been called."""
        self._started.wait()
        for server, _ in self._servers:
            if self._loop is not None:
                self._loop.call_soon_threadsafe(server.stop)

    async def run(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._started.set()
        await self._api.start()
        try:
            await asyncio.gather(*(server.serve(sockets=[listener]) for server, listener in self._servers))
        finally:
            await self._api.stop()


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=AbortableProtocol,
        ws="none",
        loop="asyncio",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
    )


def serve(api: LocalTicketsApi, host: str, port: int, control: tuple[str, int, str] | None = None) -> None:
    """Serve until SIGTERM or SIGINT; `control` is (loopback host, port, token). Called in the main thread.

    Raises ValueError for a control host that is not loopback, OSError for an address that is not available.
    """
    wanted = [(host, port, api.app)]
    if control is not None:
        control_host, control_port, token = control
        if control_host not in LOOPBACK_HOSTS and control_host != "::1":
            raise ValueError("inspection and control need a loopback address")
        wanted.append((control_host, control_port, control_app(api, token)))
    listeners: list[tuple[socket.socket, ASGIApp]] = []
    try:
        for address, number, app in wanted:
            listeners.append((listen(address, number), app))
    except OSError:
        for listener, _ in listeners:
            listener.close()
        raise
    serving = Serving(api, listeners)

    async def run() -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, serving.stop)
        await serving.run()

    asyncio.run(run())
