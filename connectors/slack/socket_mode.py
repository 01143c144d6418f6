"""Socket Mode: deliveries on a connection that we open to Slack, in envelopes, each acknowledged by its id.

The payload of an envelope is the content that Slack would have sent over HTTP: an event unchanged, a slash command or
an interaction as JSON. Payloads are not signed. The app's token and the server's certificate prove the sender.

Source: docs.slack.dev, "Using Socket Mode", `apps.connections.open`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Hashable
from typing import Any

from connectors.contract.calls import CallLater, CallRejected, CallUnknown, HttpAnswer, HttpCall
from connectors.contract.messages import Reply
from connectors.contract.sockets import Envelope, Leaving, Socket
from connectors.slack import web
from connectors.slack.settings import Settings

MAX_FRAME = 20 * 1024  # bytes of one message; Slack closes the connection over a larger one
_ADDRESS = re.compile(r"(wss?)://[A-Za-z0-9.-]{1,253}(?::[0-9]{1,5})?/[!-~]{0,4000}")


def is_on(settings: Settings) -> bool:
    return settings.app_token is not None


def opening(settings: Settings) -> HttpCall:
    """Write `apps.connections.open`, which returns the connection's address."""
    token = settings.app_token.get_secret_value() if settings.app_token is not None else ""
    return web.form(settings, "apps.connections.open", token, {})


def address(answer: HttpAnswer, settings: Settings) -> str | CallLater | CallUnknown | CallRejected:
    """Return the address for one connection, which holds a secret.

    `ws://` is accepted only if the Web API has no TLS either.
    """
    said = web.answered(answer)
    if isinstance(said, CallLater | CallUnknown | CallRejected):
        return said
    url = said.get("url")
    match = _ADDRESS.fullmatch(url) if isinstance(url, str) else None
    if match is None or (match[1] == "ws" and settings.api_url.scheme != "http"):
        return CallUnknown("Slack answered without an address in url: expected one that begins with wss://")
    return match[0]


def leads_to(settings: Settings) -> Hashable:
    """Return the app, and the address of its Web API."""
    return settings.app_token, settings.api_url


def read(text: str | bytes) -> Envelope | Leaving | None:
    """Read a message on the connection; None for greetings and other messages without a delivery."""
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict):
        return None
    if said.get("type") == "disconnect":
        reason = said.get("reason")
        return Leaving(reason[:100] if isinstance(reason, str) else "no reason given")
    id_, payload = said.get("envelope_id"), said.get("payload")
    if not isinstance(id_, str) or not isinstance(payload, dict):
        return None
    return Envelope(id_, json.dumps(payload).encode(), said.get("accepts_response_payload") is True)


def acknowledgement(envelope: Envelope, reply: Reply | None) -> str:
    """Write the acknowledgement of a recorded delivery, with the reply if there is one and Slack accepts it."""
    said: dict[str, Any] = {"envelope_id": envelope.id}
    if reply is not None and envelope.takes_reply and reply.content_type == "application/json" and reply.body:
        whole = json.dumps({**said, "payload": json.loads(reply.body)})
        if len(whole.encode()) <= MAX_FRAME:
            return whole
    return json.dumps(said)


SOCKET = Socket(is_on, opening, address, leads_to, read, acknowledgement)
