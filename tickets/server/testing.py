"""Serves a local Tickets API in a thread, on free ports of this machine, for tests of a client.

with LocalTicketsApi(Options("sqlite:////tmp/tickets.db")) as api, running(api) as served:
    httpx.get(f"{served.base_url}/health")
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tickets.listening import listen
from tickets.server.api import LocalTicketsApi
from tickets.server.control import control_app
from tickets.server.serve import Serving


@dataclass(frozen=True, slots=True)
class Running:
    """Addresses of a running server; no URL ends with a slash."""

    base_url: str
    """`http://127.0.0.1:PORT/api/v1`"""
    control_url: str | None
    """`http://127.0.0.1:PORT`; None if no token was given."""


@contextmanager
def running(api: LocalTicketsApi, control_token: str | None = None) -> Iterator[Running]:
    """Serve `api` in a thread during the block. The caller still has to call `api.close()`."""
    listener = listen("127.0.0.1", 0)
    listeners = [(listener, api.app)]
    base_url = f"http://127.0.0.1:{listener.getsockname()[1]}/api/v1"
    control_url = None
    if control_token is not None:
        control = listen("127.0.0.1", 0)
        listeners.append((control, control_app(api, control_token)))
        control_url = f"http://127.0.0.1:{control.getsockname()[1]}"
    serving = Serving(api, listeners)
    thread = threading.Thread(target=lambda: asyncio.run(serving.run()), name="local-tickets-api")
    thread.start()
    try:
        yield Running(base_url, control_url)
    finally:
        serving.stop()
        thread.join()
