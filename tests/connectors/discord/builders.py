"""Builders of Discord interactions: small, invented payloads whose fields are changed by keyword."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from connectors.contract.events import Event
from connectors.contract.messages import Inbound, Parsed, Unverified
from connectors.discord import Settings, parse

NOW = datetime(2026, 3, 14, 3, 0, tzinfo=UTC)
ADA, BOB, ROLE = "300000000000000001", "300000000000000002", "800000000000000001"
GUILD, CHANNEL, THREAD = "200000000000000001", "400000000000000001", "400000000000000009"
FIRST, SECOND, TARGET = "1482196573487104001", "1482196577681408002", "600000000000000001"
IN_THREAD: dict[str, Any] = {"channel_id": THREAD, "channel": {"id": THREAD, "type": 11, "parent_id": CHANNEL}}


def interaction(kind: int, data: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Return an interaction in a server's channel; a change to `...` removes the field."""
    whole = {
        "id": FIRST,
        "type": kind,
        "guild_id": GUILD,
        "channel_id": CHANNEL,
        "channel": {"id": CHANNEL, "type": 0},
        "member": {"user": {"id": ADA, "username": "ada", "global_name": "Ada"}, "roles": [ROLE]},
        "data": data,
    }
    return {name: value for name, value in (whole | changes).items() if value is not ...}


def slash(text: Any = "The VPN is down", subcommand: str | None = None, **changes: Any) -> dict[str, Any]:
    options = [] if text is None else [{"type": 3, "name": "text", "value": text}]
    if subcommand:
        options = [{"type": 1, "name": subcommand, "options": options}]
    return interaction(2, {"name": "ticket", "type": 1, "options": options}, **changes)


def message(**changes: Any) -> dict[str, Any]:
    whole = {"id": TARGET, "content": "The VPN is down", "author": {"id": BOB, "username": "bob"}, "attachments": []}
    return whole | changes


def on_message(name: str = "Open a ticket", target: Any = None, **changes: Any) -> dict[str, Any]:
    resolved = {"messages": {TARGET: target or message()}}
    return interaction(2, {"name": name, "type": 3, "target_id": TARGET, "resolved": resolved}, **changes)


def pressed(custom_id: Any, **changes: Any) -> dict[str, Any]:
    return interaction(3, {"custom_id": custom_id, "component_type": 2}, **changes)


def form(custom_id: Any, *components: Any, **changes: Any) -> dict[str, Any]:
    return interaction(5, {"custom_id": custom_id, "components": list(components)}, **changes)


def label(name: str, value: Any) -> dict[str, Any]:
    return {"type": 18, "component": {"type": 4, "custom_id": name, "value": value}}


def configured(**settings: Any) -> Settings:
    return Settings.model_validate({"secret": "s3cret", **settings})


def delivered(payload: Any, **settings: Any) -> Parsed:
    return parse(Unverified(Inbound("chat", NOW, json.dumps(payload).encode())), configured(**settings))


def said(payload: Any, **settings: Any) -> Event:
    """Return the only event of the interaction."""
    (found,) = delivered(payload, **settings).events
    return found


def answer(payload: Any, **settings: Any) -> Any:
    """Return the JSON of the HTTP response to Discord."""
    reply = delivered(payload, **settings).reply
    assert reply is not None
    assert (reply.status, reply.content_type) == (200, "application/json")
    return json.loads(reply.body)
