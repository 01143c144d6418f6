"""Base of the stand-ins for a platform's web API: a server on a port of this machine.

Each platform's stand-in has its own store and answers. A test puts failures into `ahead`: an answer for each call, and
whether the call is executed all the same. An answer without a status closes the connection.
"""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

StandInResponse = tuple[int, dict[str, str], bytes]
HANGS_UP = 0
"""The status of an answer that does not come."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request to the platform."""

    method: str
    path: str
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        sent: dict[str, Any] = json.loads(self.body)
        return sent


@dataclass
class Platform:
    """The calls to a platform, and the failures that a test wants."""

    url: str = ""
    calls: list[str] = field(default_factory=list)
    """The names of the calls, in the platform's words."""
    ahead: deque[tuple[int, dict[str, str], bytes, bool]] = field(default_factory=deque)

    def name_of(self, request: Request) -> str:
        """Return the platform's word for a call."""
        return request.path.rpartition("/")[2]

    def do(self, request: Request) -> tuple[int, dict[str, Any]]:
        """Execute a call; return a status and a document."""
        raise NotImplementedError

    def answer(self, request: Request) -> StandInResponse:
        self.calls.append(self.name_of(request))
        if self.ahead:
            status, headers, body, executed = self.ahead.popleft()
            if executed:
                self.do(request)
            return status, headers, body
        status, said = self.do(request)
        return status, {"Content-Type": "application/json"}, json.dumps(said).encode()


@contextmanager
def served(answer: Callable[[Request], StandInResponse]) -> Iterator[str]:
    """Serve until the end of the context; yields the address."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, more, said = answer(Request(self.command, self.path, headers, body))
            if status == HANGS_UP:
                self.close_connection = True
                return
            self.send_response(status)
            for name, value in ({"Content-Length": str(len(said))} | more).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(said)

        do_GET = do_POST = do_PATCH = do_PUT = _answer  # noqa: N815 — as the library names them

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
