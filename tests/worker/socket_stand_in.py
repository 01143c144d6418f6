"""Stand-in for Slack's side of Socket Mode: a WebSocket server that apps connect to, and that sends envelopes."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from .slack_stand_in import Slack

APP_TOKEN = "xapp-of-the-tests"
_numbers = itertools.count(1)


@dataclass
class Sockets:
    """The connections of an app, and their messages."""

    web: Slack
    connections: list[ServerConnection] = field(default_factory=list)
    """The open connections, in the order of their opening."""
    opened: int = 0
    acknowledged: list[dict[str, Any]] = field(default_factory=list)
    on_acknowledged: Callable[[], None] = lambda: None
    """Called at each acknowledgement, before it is added to the list."""

    def send(self, payload: dict[str, Any], kind: str = "events_api", **more: Any) -> str:
        """Send a delivery; return the id of its envelope."""
        name = f"envelope-{next(_numbers)}"
        self.say({"type": kind, "envelope_id": name, "payload": payload, "accepts_response_payload": False} | more)
        return name

    def say(self, message: dict[str, Any]) -> None:
        self.connections[-1].send(json.dumps(message))

    def ids(self) -> list[str]:
        return [each["envelope_id"] for each in self.acknowledged]

    def _handle(self, connection: ServerConnection) -> None:
        connection.send(json.dumps({"type": "hello", "num_connections": len(self.connections) + 1}))
        self.connections.append(connection)
        self.opened += 1
        try:
            for said in connection:
                self.on_acknowledged()
                self.acknowledged.append(json.loads(said))
        except ConnectionClosed:
            pass
        finally:
            self.connections.remove(connection)


@contextmanager
def sockets(web: Slack) -> Iterator[Sockets]:
    """Take connections until the end of the context; `web` announces the address."""
    made = Sockets(web)
    with serve(made._handle, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        web.socket = f"ws://127.0.0.1:{server.socket.getsockname()[1]}/link/?ticket=of-the-tests"
        web.app_token = APP_TOKEN
        yield made
        for each in list(made.connections):
            each.close()
        server.shutdown()
        thread.join(10)
