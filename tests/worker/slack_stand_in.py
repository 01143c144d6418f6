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
from typing import Any

from .web_stand_in import Answer, Request, served

TOKEN = "xoxb-of-the-tests"
PATIENCE_S = 30.0
MOST_RESPONSES = 5


def _channel(to: str) -> str:
    return f"D{to[1:]}" if to.startswith("U") else to


@dataclass
class Slack:
    """What was posted, and what goes wrong."""

    url: str = ""
    messages: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By their `ts`."""
    responses: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """By the path of their `response_url`."""
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

    def respond(self, url: str, token: str, sent: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        """A `response_url`, which takes five messages and wants no token."""
        self.calls.append("response_url")
        if self.ahead:
            status, headers, body, _ = self.ahead.popleft()
            return status, headers, body
        told = self.responses.setdefault(url, [])
        if token or len(told) == MOST_RESPONSES:
            return 404, {}, b"used_url"
        told.append(sent)
        return 200, {}, b"ok"


@contextmanager
def slack() -> Iterator[Slack]:
    """It answers until the end."""
    made = Slack()

    def answer(request: Request) -> Answer:
        token = request.headers.get("authorization", "")
        if not request.path.startswith("/api/"):
            return made.respond(request.path, token, request.json)
        return made.answer(request.path.rpartition("/")[2], token, request.json)

    with served(answer) as url:
        made.url = f"{url}/api"
        yield made
