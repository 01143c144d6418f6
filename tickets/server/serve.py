"""Serves the local Tickets API: one event loop for its listeners, with an orderly end at SIGTERM or SIGINT."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, cast

import uvicorn
from starlette.types import ASGIApp

from tickets.http_listener import AtMostOncePer, Connections, Limits, PatientServer, accept_errors
from tickets.http_listener.limits import ACCEPTED_AT_ONCE
from tickets.listening import listen
from tickets.server.api import LocalTicketsApi
from tickets.server.control import control_app
from tickets.server.options import LOOPBACK_HOSTS
from tickets.server.transport import AbortableProtocol

log = logging.getLogger(__name__)

_TICK_S = 0.1
GRACE_S = 5  # seconds for requests under way when the server must stop
KEEP_ALIVE_S = 5  # as common servers have it: clients must be right with an idle connection that ends soon


class _Server(PatientServer):
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
        limits = Limits(keep_alive_s=KEEP_ALIVE_S).under_file_limit()
        self._connections = Connections(limits)
        protocol = partial(AbortableProtocol, open_connections=self._connections)
        self._servers = [(_Server(_config(app, protocol)), listener) for listener, app in listeners]
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
        accept_errors(self._loop, AtMostOncePer(60, _tell_accept_failed), self._connections.make_room)
        await self._api.start()
        try:
            await asyncio.gather(*(server.serve(sockets=[listener]) for server, listener in self._servers))
        finally:
            await self._api.stop()


def _tell_accept_failed(number: int, error: str) -> None:
    log.error("connections are not accepted: %s (%d times)", error, number)


def _config(app: ASGIApp, protocol: Callable[..., asyncio.Protocol]) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=cast(Any, protocol),
        ws="none",
        loop="asyncio",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        backlog=ACCEPTED_AT_ONCE,
        timeout_keep_alive=KEEP_ALIVE_S,
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
