"""A stand-in for Slack's Web API, on a port of this machine: messages and modals, with its errors.

Messages are kept as Slack would keep them; what a test wants to go wrong it puts into `ahead`, an answer for each call.
"""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "xoxb-of-the-tests"
PATIENCE_S = 30.0


def _channel(to: str) -> str:
    return f"D{to[1:]}" if to.startswith("U") else to


@dataclass
class Slack:
    """What was posted, and what goes wrong."""

    url: str = ""
    messages: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By their `ts`."""
    calls: list[str] = field(default_factory=list)
    views: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Modals that were opened, by the trigger that each came of."""
    expired: set[str] = field(default_factory=set)
    """Triggers that are older than 3 s."""
    may_open: threading.Event = field(default_factory=threading.Event)
    """Until this is set, `views.open` is not answered."""
    ahead: deque[tuple[int, dict[str, str], bytes, bool]] = field(default_factory=deque)
    """Status, headers, body, and whether the call is executed all the same."""

    def answer(self, method: str, token: str, sent: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        self.calls.append(method)
        if self.ahead:
            status, headers, body, executed = self.ahead.popleft()
            if executed:
                self._do(method, token, sent)
            return status, headers, body
        return 200, {}, json.dumps(self._do(method, token, sent)).encode()

    def _do(self, method: str, token: str, sent: dict[str, Any]) -> dict[str, Any]:
        if token != f"Bearer {TOKEN}":
            return {"ok": False, "error": "invalid_auth"}
        if method == "views.open":
            return self._open(sent)
        if method == "chat.postMessage":
            ts = f"1773453700.{len(self.messages):06}"
            # Who writes to a person writes into the channel of the two.
            self.messages[ts] = sent | {"channel": _channel(sent["channel"])}
        elif method == "chat.update":
            ts = sent["ts"]
            if ts not in self.messages:
                return {"ok": False, "error": "message_not_found"}
            if sent["channel"] != self.messages[ts]["channel"]:
                return {"ok": False, "error": "channel_not_found"}
            self.messages[ts] = self.messages[ts] | {"text": sent["text"]}
        else:
            return {"ok": False, "error": "unknown_method"}
        return {"ok": True, "channel": self.messages[ts]["channel"], "ts": ts}

    def _open(self, sent: dict[str, Any]) -> dict[str, Any]:
        trigger = sent["trigger_id"]
        if trigger in self.expired:
            return {"ok": False, "error": "expired_trigger_id"}
        if trigger in self.views:
            return {"ok": False, "error": "exchanged_trigger_id"}
        assert self.may_open.wait(PATIENCE_S)
        self.views[trigger] = sent["view"] | {"id": f"V{len(self.views):08}"}
        return {"ok": True, "view": self.views[trigger]}

    @property
    def texts(self) -> list[str]:
        return [each["text"] for each in self.messages.values()]


@contextmanager
def slack() -> Iterator[Slack]:
    """It answers until the end."""
    made = Slack()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            method = self.path.rpartition("/")[2]
            status, headers, body = made.answer(method, self.headers.get("Authorization", ""), sent)
            self.send_response(status)
            for name, value in ({"Content-Length": str(len(body))} | headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    made.url = f"http://127.0.0.1:{server.server_port}/api"
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
