"""Cuts connections: the server's protocol puts a callable into the ASGI scope, also for mounted apps.

Serve with `uvicorn.Config(app, http=AbortableProtocol)`. Under any other protocol a cut is an answer that begins and
is not completed, which most servers turn into a closed connection.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, cast

from uvicorn.config import Config
from uvicorn.server import ServerState

from tickets.http_listener import Connections, StrictProtocol

EXTENSION = "ticketrelay.cut"
"""Key in `scope["extensions"]`: a callable `cut(reset: bool)`; RST at once, or FIN after the written data."""

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_LINGER_NOT = struct.pack("ii", 1, 0)  # close() then sends RST and drops unsent data


def _cut(transport: asyncio.Transport, reset: bool) -> None:
    if not reset:
        transport.close()
        return
    connection = transport.get_extra_info("socket")
    if connection is not None and not transport.is_closing():
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
    transport.abort()


class AbortableProtocol(StrictProtocol):
    """The protocol of our listeners, with applications that may cut their connection."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        open_connections: Connections | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop, open_connections=open_connections)
        inner = cast(Callable[[Scope, Receive, Send], Awaitable[None]], self.app)

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            scope.setdefault("extensions", {})[EXTENSION] = lambda reset: _cut(self.transport, reset)
            await inner(scope, receive, send)

        self.app = cast(Any, app)


async def cut(scope: Scope, receive: Receive, send: Send, *, begun: bool, reset: bool) -> None:
    """End the connection without completing an answer; `begun` is true if the answer's head was sent."""
    extension = scope.get("extensions", {}).get(EXTENSION)
    if extension is None:
        if not begun:
            await send({"type": "http.response.start", "status": 500, "headers": [(b"content-length", b"1")]})
        return
    extension(reset)
    # The protocol must learn of the end before the application returns, or it would report a missing answer.
    while (await receive())["type"] != "http.disconnect":
        pass
