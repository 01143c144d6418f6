"""Stand-in for Slack's Web API, on a port of this machine: posts, edits, reads and modals, with Slack's errors.

Messages of people are stored as Slack stores them, and read page by page under the rate limits of the methods. A test
puts further failures into `ahead`, one answer for each call.
"""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from tests.connectors.slack.builders import BOT, TEAM

from .web_stand_in import Request, StandInResponse, served

TOKEN = "xoxb-of-the-tests"
PATIENCE_S = 30.0
MOST_RESPONSES = 5
SCOPES = (
    "chat:write,channels:read,channels:history,groups:read,groups:history,im:read,im:history,mpim:read,mpim:history"
)
TIERS = {
    "chat.postMessage": 60,
    "chat.update": 50,
    "views.open": 100,
    "auth.test": 600,
    "users.conversations": 50,
    "conversations.info": 50,
    "conversations.list": 20,
    "users.list": 20,
    "conversations.history": 50,
    "conversations.replies": 50,
    "apps.connections.open": 60,
}
"""Calls of each method per minute."""
AROUND = ("channel", "channel_type", "team", "event_ts")
"""Fields that a delivery of a message has and the history lacks."""

Fields = dict[str, Any]


class Refusal(Exception):
    """An answer with `ok: false`."""


@dataclass
class Slack:
    """Messages and calls at Slack, and the failures that a test wants."""

    url: str = ""
    clock: Callable[[], float] = time.monotonic
    messages: dict[str, Fields] = field(default_factory=dict)
    """Messages that the app posted, by `ts`."""
    responses: dict[str, list[Fields]] = field(default_factory=dict)
    """Messages by the path of their `response_url`."""
    calls: list[str] = field(default_factory=list)
    views: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Opened modals, by their trigger."""
    expired: set[str] = field(default_factory=set)
    """Triggers that are older than 3 s."""
    may_open: threading.Event = field(default_factory=threading.Event)
    """`views.open` is not answered until this is set."""
    ahead: deque[tuple[int, dict[str, str], bytes, bool]] = field(default_factory=deque)
    """Status, headers, body, and whether the call is executed all the same."""
    channels: dict[str, Fields] = field(default_factory=dict)
    users: list[Fields] = field(default_factory=list)
    said: list[Fields] = field(default_factory=list)
    """Every message of people, in the form of an event."""
    socket: str = ""
    """The address that apps connect to."""
    tokens: dict[str, str] = field(default_factory=lambda: {TOKEN: TEAM})
    """Workspaces by the app's tokens in them."""
    app_token: str = ""
    scopes: str = SCOPES
    most: int = 999
    """The largest page; 15 for apps that are sold outside of Slack's Marketplace."""
    limits: dict[str, int] = field(default_factory=lambda: dict(TIERS))
    refused: dict[str, str] = field(default_factory=dict)
    """Methods that the app may not call, with their error."""
    _made: dict[str, deque[float]] = field(default_factory=dict)

    def channel(self, id_: str, **changes: Any) -> None:
        """Add a public channel with the bot in it."""
        whole = {"id": id_, "team": TEAM, "is_channel": True, "is_private": False, "is_member": True}
        self.channels[id_] = whole | changes

    def answer(self, method: str, token: str, sent: Fields) -> tuple[int, dict[str, str], bytes]:
        self.calls.append(method)
        if self.ahead:
            status, headers, body, executed = self.ahead.popleft()
            if executed:
                self._do(method, token, sent)
            return status, headers, body
        if wait := self._limited(method):
            return 429, {"Retry-After": str(wait)}, b'{"ok": false, "error": "ratelimited"}'
        return 200, {"X-OAuth-Scopes": self.scopes}, json.dumps(self._do(method, token, sent)).encode()

    def _limited(self, method: str) -> int:
        """Return the seconds until the method may be called again; 0 counts the call as made now."""
        made, now = self._made.setdefault(method, deque()), self.clock()
        while made and made[0] <= now - 60:
            made.popleft()
        if len(made) >= self.limits.get(method, 50):
            return int(made[0] + 60 - now) + 1
        made.append(now)
        return 0

    def _do(self, method: str, token: str, sent: Fields) -> Fields:
        known = {self.app_token: ""} if method == "apps.connections.open" else self.tokens
        team = known.get(token.removeprefix("Bearer "))
        if team is None:
            return {"ok": False, "error": "invalid_auth"}
        if method in self.refused:
            return {"ok": False, "error": self.refused[method]}
        does = _METHODS.get(method)
        if does is None:
            return {"ok": False, "error": "unknown_method"}
        try:
            return {"ok": True, **does(self, {**sent, "team": team})}
        except Refusal as refusal:
            return {"ok": False, "error": str(refusal)}

    def _post(self, sent: Fields) -> Fields:
        ts = f"1773453700.{len(self.messages):06}"
        # A message to a person goes to the channel of that person and the app.
        self.messages[ts] = sent | {"channel": _channel_of(sent["channel"])}
        return {"channel": self.messages[ts]["channel"], "ts": ts}

    def _update(self, sent: Fields) -> Fields:
        ts = sent["ts"]
        if ts not in self.messages:
            raise Refusal("message_not_found")
        if sent["channel"] != self.messages[ts]["channel"]:
            raise Refusal("channel_not_found")
        self.messages[ts] = self.messages[ts] | {"text": sent["text"]}
        return {"channel": sent["channel"], "ts": ts}

    def _open(self, sent: Fields) -> Fields:
        trigger = sent["trigger_id"]
        if trigger in self.expired:
            raise Refusal("expired_trigger_id")
        if trigger in self.views:
            raise Refusal("exchanged_trigger_id")
        assert self.may_open.wait(PATIENCE_S)
        self.views[trigger] = sent["view"] | {"id": f"V{len(self.views):08}"}
        return {"view": self.views[trigger]}

    def _whoami(self, sent: Fields) -> Fields:
        return {"team_id": sent["team"], "user_id": BOT, "bot_id": "B0RELAY01"}

    def _conversations(self, sent: Fields) -> Fields:
        wanted = sent["types"].split(",")
        there = [each for each in self.channels.values() if each["team"] == sent["team"]]
        found = [each for each in there if each["is_member"] and _type_of(each) in wanted]
        return self._page("channels", found, sent)

    def _connect(self, _sent: Fields) -> Fields:
        return {"url": self.socket}

    def _list(self, sent: Fields) -> Fields:
        wanted = sent["types"].split(",")
        found = [each for each in self.channels.values() if _type_of(each) in wanted and each["team"] == sent["team"]]
        return self._page("channels", found, sent)

    def _users(self, sent: Fields) -> Fields:
        return self._page("members", [each for each in self.users if each["team_id"] == sent["team"]], sent)

    def _info(self, sent: Fields) -> Fields:
        if sent["channel"] not in self.channels:
            raise Refusal("channel_not_found")
        return {"channel": self.channels[sent["channel"]]}

    def _history(self, sent: Fields) -> Fields:
        """Roots and replies that were shown in the channel too, latest first."""
        found = [each for each in self._in(sent) if each.get("thread_ts", each["ts"]) == each["ts"] or _shown(each)]
        window = [each for each in found if _is_within(each, sent)]
        newest_first = sorted(window, key=lambda each: str(each["ts"]), reverse=True)
        return self._page("messages", [self._as_root(each) for each in newest_first], sent)

    def _replies(self, sent: Fields) -> Fields:
        """The root, whatever its time, and then the replies, earliest first."""
        thread = [each for each in self._in(sent) if sent["ts"] in (each["ts"], each.get("thread_ts"))]
        if not any(each["ts"] == sent["ts"] for each in thread):
            raise Refusal("thread_not_found")
        found = [each for each in thread if each["ts"] == sent["ts"] or _is_within(each, sent)]
        in_order = sorted(found, key=lambda each: str(each["ts"]))
        return self._page("messages", [self._as_root(each) for each in in_order], sent)

    def _in(self, sent: Fields) -> list[Fields]:
        channel = self.channels.get(sent["channel"])
        if channel is None or channel["team"] != sent["team"]:
            raise Refusal("channel_not_found")
        if not channel["is_member"]:
            raise Refusal("not_in_channel")
        return [each for each in self.said if each["channel"] == sent["channel"]]

    def _as_root(self, message: Fields) -> Fields:
        told = {name: value for name, value in message.items() if name not in AROUND}
        replies = [
            each["ts"] for each in self.said if each.get("thread_ts") == message["ts"] and each["ts"] != message["ts"]
        ]
        if not replies:
            return told
        return told | {"thread_ts": message["ts"], "reply_count": len(replies), "latest_reply": max(replies)}

    def _page(self, name: str, found: list[Fields], sent: Fields) -> Fields:
        begin = int(sent.get("cursor") or 0)
        end = begin + min(int(sent.get("limit", 100)), self.most)
        more = len(found) > end
        page = {name: found[begin:end], "response_metadata": {"next_cursor": str(end) if more else ""}}
        return page | ({"has_more": more} if name == "messages" else {})

    @property
    def texts(self) -> list[str]:
        return [each["text"] for each in self.messages.values()]

    def respond(self, url: str, token: str, sent: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        """Answer at a `response_url`, which takes five messages and no token."""
        self.calls.append("response_url")
        if self.ahead:
            status, headers, body, _ = self.ahead.popleft()
            return status, headers, body
        told = self.responses.setdefault(url, [])
        if token or len(told) == MOST_RESPONSES:
            return 404, {}, b"used_url"
        told.append(sent)
        return 200, {}, b"ok"


_METHODS: dict[str, Callable[[Slack, Fields], Fields]] = {
    "chat.postMessage": Slack._post,
    "chat.update": Slack._update,
    "views.open": Slack._open,
    "auth.test": Slack._whoami,
    "users.conversations": Slack._conversations,
    "conversations.info": Slack._info,
    "conversations.list": Slack._list,
    "users.list": Slack._users,
    "apps.connections.open": Slack._connect,
    "conversations.history": Slack._history,
    "conversations.replies": Slack._replies,
}


def _channel_of(to: str) -> str:
    return f"D{to[1:]}" if to.startswith("U") else to


def _type_of(channel: Fields) -> str:
    for flag in ("im", "mpim"):
        if channel.get(f"is_{flag}"):
            return flag
    return "private_channel" if channel["is_private"] else "public_channel"


def _shown(message: Fields) -> bool:
    return message.get("subtype") == "thread_broadcast"


def _is_within(message: Fields, sent: Fields) -> bool:
    return bool(sent.get("oldest", "0") < message["ts"] < sent.get("latest", "9"))


def _fields(body: bytes, content_type: str) -> Fields:
    return dict(json.loads(body)) if "json" in content_type else dict(parse_qsl(body.decode()))


@contextmanager
def slack(clock: Callable[[], float] = time.monotonic) -> Iterator[Slack]:
    """Serve until the end of the context; the limits use the clock."""
    made = Slack(clock=clock)

    def answer(request: Request) -> StandInResponse:
        token = request.headers.get("authorization", "")
        if not request.path.startswith("/api/"):
            return made.respond(request.path, token, request.json)
        sent = _fields(request.body, request.headers.get("content-type", ""))
        return made.answer(request.path.rpartition("/")[2], token, sent)

    with served(answer) as url:
        made.url = f"{url}/api"
        yield made
