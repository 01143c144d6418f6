"""A server of this machine that stands in for a product and lists its open alerts for confirmations."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Responder = Callable[[BaseHTTPRequestHandler], None]


class Product:
    """Answers every GET with `answer`, and stores the requests."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.answer: Responder = listing()
        self.asked: list[tuple[str, dict[str, str]]] = []
        """Path and headers, names in lower case."""
        self.is_over = threading.Event()
        """Set at the end; slow answers continue until then."""


def listing(*alerts: dict[str, Any]) -> Responder:
    """Answer with a list of alerts in the format of Alertmanager's API v2."""
    return plainly(json.dumps(alerts).encode())


def plainly(body: bytes, status: int = 200, **headers: str) -> Responder:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


@contextmanager
def product() -> Iterator[Product]:
    """A product that lists no alert at first."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
            try:
                made.answer(self)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True  # the client has gone

        def log_message(self, *_: object) -> None:
            """Log nothing: the requests are stored instead."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made = Product(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield made
    finally:
        made.is_over.set()
        server.shutdown()
        thread.join()
        server.server_close()
