"""The formats of Slack deliveries.

Events arrive as JSON; slash commands and interactions as forms over HTTP, and as JSON by Socket Mode. A
slash command's form has the command's fields. An interaction's form has one field, `payload`, which holds JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from connectors.contract.messages import Parsed, UnreadableMessage
from connectors.slack import commands, modal, shortcuts
from connectors.slack.gestures import nothing
from connectors.slack.settings import Settings
from connectors.toolbox.forms import read_form
from connectors.toolbox.strict_json import read_object

COMMAND, SSL_CHECK = "command", "ssl_check"
"""Fields that identify a delivery without `type`."""

MAX_TEST = 500  # bytes
_BOM = b"\xef\xbb\xbf"


def read_payload(body: bytes) -> dict[str, Any]:
    """Return the delivery as one object. Raises UnreadableMessage."""
    if body.removeprefix(_BOM).lstrip()[:1] == b"{":
        return read_object(body)
    form = read_form(body)
    if "payload" in form:
        # Without its path, since Socket Mode sends the same object without a form around it.
        return dict(read_object(form["payload"], "payload"))
    if form.keys().isdisjoint((COMMAND, SSL_CHECK)):
        raise UnreadableMessage("the body cannot be read: expected a JSON object, or a form with payload or command")
    return {name: value.decode("utf-8", "replace") for name, value in form.items()}


def is_connection_test(body: bytes) -> bool:
    """True for a form with `ssl_check=1` and at most `token` besides: Slack sends it without a signature."""
    if len(body) > MAX_TEST:
        return False
    fields = dict(field.partition(b"=")[::2] for field in body.strip().split(b"&"))
    return fields.get(b"ssl_check") == b"1" and fields.keys() <= {b"ssl_check", b"token"}


def kind_of(payload: Mapping[str, Any]) -> object:
    """Return the delivery's `type`, or the kind of a delivery without one: a slash command or a connection test."""
    if payload.get("type") is not None:
        return payload["type"]
    if payload.get(SSL_CHECK) == "1":
        return SSL_CHECK  # a connection test may carry the fields of a command
    return COMMAND if COMMAND in payload else None


def _connection_tested(_payload: Mapping[str, Any], _received_at: datetime, _settings: Settings) -> Parsed:
    return nothing(SSL_CHECK, "Slack tested the connection")


INTERACTIONS: Mapping[str, Callable[[Mapping[str, Any], datetime, Settings], Parsed]] = {
    COMMAND: commands.command,
    SSL_CHECK: _connection_tested,
    "shortcut": shortcuts.anywhere,
    "message_action": shortcuts.on_message,
    "view_submission": modal.submitted,
}
"""Handlers of commands and interactions by kind; events are not among them. Each raises UnreadableItem."""
