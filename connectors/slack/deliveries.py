"""How did it arrive? Events as JSON; slash commands and interactions as forms over HTTP, as JSON by Socket Mode.

A slash command's form has its fields; that of an interaction has one, `payload`, which holds JSON.
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
"""What names what has no `type`, and is a field of it."""

MAX_TEST = 500  # bytes
_BOM = b"\xef\xbb\xbf"


def read_payload(body: bytes) -> dict[str, Any]:
    """What was delivered, as one object. Raises UnreadableMessage."""
    if body.removeprefix(_BOM).lstrip()[:1] == b"{":
        return read_object(body)
    form = read_form(body)
    if "payload" in form:
        return read_object(form["payload"])
    if form.keys().isdisjoint((COMMAND, SSL_CHECK)):
        raise UnreadableMessage("the body is neither a JSON object nor a form with a payload or a command")
    return {name: value.decode("utf-8", "replace") for name, value in form.items()}


def is_connection_test(body: bytes) -> bool:
    """True for a form that says `ssl_check=1` and no more: Slack sends it without a signature."""
    if len(body) > MAX_TEST:
        return False
    fields = dict(field.partition(b"=")[::2] for field in body.strip().split(b"&"))
    return fields.get(b"ssl_check") == b"1" and fields.keys() <= {b"ssl_check", b"token"}


def kind_of(payload: Mapping[str, Any]) -> object:
    """Its `type`; what has none may be a slash command, or a test of the connection."""
    if payload.get("type") is not None:
        return payload["type"]
    if payload.get(SSL_CHECK) == "1":
        return SSL_CHECK  # it may come with the fields of a command, and is none all the same
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
"""What people do that is no event, by its kind. Raises UnreadableItem."""
